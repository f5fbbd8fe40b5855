"""The tests' own tools: the second implementation of the protocol against
published vectors and the example in PROTOCOL.md, and the small terminal."""

import json
import os
import pathlib
import re
import unittest

import wire
from crypto import SUITES, Aes, WrongTag, public_of, x25519
from screen import Screen

PROTOCOL = pathlib.Path(__file__).parents[2] / "core" / "PROTOCOL.md"
VECTORS = os.environ.get("SOTTO_VECTORS_DIR", "")
unhex = bytes.fromhex


class Primitives(unittest.TestCase):
    def test_x25519_rfc_7748_5_2(self):
        scalar = unhex("a546e36bf0527c9d3b16154b82465edd"
                       "62144c0ac1fc5a18506a2244ba449ac4")
        point = unhex("e6db6867583030db3594c1a424b15f7c"
                      "726624ec26b3353b10a903a6d0ab1c4c")
        self.assertEqual(x25519(scalar, point).hex(),
                         "c3da55379de9c6908e94ea4df28d084f"
                         "32eccf03491c71f754b4075577a28552")

    def test_aes_fips_197(self):
        plain = unhex("00112233445566778899aabbccddeeff")
        for length, text in ((16, "69c4e0d86a7b0430d8cdb78070b4c55a"),
                             (32, "8ea2b7ca516745bfeafc49904b496089")):
            aes = Aes(bytes(range(length)))
            self.assertEqual(aes.encrypt(plain).hex(), text)
            self.assertEqual(aes.decrypt(unhex(text)), plain)

    def test_suites_open_what_they_seal_and_nothing_else(self):
        for suite in SUITES.values():
            for length in (0, 1, 15, 16, 17, 64, 100):
                plain = bytes(range(length))
                text = suite.seal(bytes(32), 7, b"ad", plain)
                self.assertEqual(suite.open(bytes(32), 7, b"ad", text), plain)
                with self.assertRaises(WrongTag):
                    suite.open(bytes(32), 8, b"ad", text)


class Noise(unittest.TestCase):
    @unittest.skipUnless(os.path.isdir(VECTORS), "no SOTTO_VECTORS_DIR")
    def test_published_vectors_of_xx(self):
        suites = {suite.name.decode(): suite for suite in SUITES.values()}
        run = 0
        for path in sorted(pathlib.Path(VECTORS, "noise").glob("*.json")):
            for vector in json.loads(path.read_text())["vectors"]:
                name = vector["protocol_name"].split("_")
                if name[1] == "XX":
                    self.run_vector(suites[name[3]], vector)
                    run += 1
        self.assertGreater(run, 3)

    def run_vector(self, suite, vector):
        sides = [wire.Handshake(suite, unhex(vector.get(who + "_prologue", "")),
                                unhex(vector[who + "_static"]),
                                unhex(vector[who + "_ephemeral"]))
                 for who in ("init", "resp")]
        keys = []
        for at, message in enumerate(vector["messages"]):
            payload = unhex(message["payload"])
            if at < 3:
                writer, reader = sides[at % 2], sides[1 - at % 2]
                text = getattr(writer, "write_%d" % (at + 1))(payload)
                read = getattr(reader, "read_%d" % (at + 1))(text)
                self.assertEqual(read, payload)
                keys = list(zip(sides[0].hkdf(b""), (0, 0)))
            else:
                # The server writes the first of these: turns go on.
                key, n = keys[at % 2]
                text = suite.seal(key, n, b"", payload)
                keys[at % 2] = (key, n + 1)
            self.assertEqual(text, unhex(message["ciphertext"]))


class Example(unittest.TestCase):
    """The example of a channel in PROTOCOL.md, read from the page."""

    def test_every_byte_of_the_page(self):
        page = PROTOCOL.read_text()
        page = page[page.index("## Example of a channel") :]
        blocks = [self.hex_of(block) for block in
                  re.findall(r"```\n(.*?)```", page, re.S)[1:]]
        client = wire.Handshake(SUITES[1], blocks[0][:10], b"\x11" * 32,
                                bytes(range(1, 33)))
        server = wire.Handshake(SUITES[1], blocks[0][:10], b"\x22" * 32,
                                bytes(range(0x65, 0x85)))
        self.assertEqual(blocks[0], wire.hello(limit=1024)
                         + wire.unit(client.write_1()))
        server.read_1(blocks[0][12:])
        self.assertEqual(blocks[1], wire.unit(server.write_2(b"\4\0\0")))
        self.assertEqual(client.read_2(blocks[1][2:]), b"\4\0\0")
        self.assertEqual(blocks[2], wire.unit(client.write_3()))
        server.read_3(blocks[2][2:])
        self.assertEqual(blocks[3], client.h + b"".join(client.hkdf(b"")))
        channel = wire.Channel(None, client, True, 1024)
        first = channel.seal(wire.frame(16, b"hello"))
        second = channel.seal(wire.frame(16, b"x") + wire.frame(wire.REKEY))
        channel.send_key = SUITES[1].rekey(channel.send_key)
        third = channel.seal(wire.frame(wire.CLOSE, b"\0"))
        self.assertEqual(blocks[4:7], [first, second, third])
        self.assertEqual(public_of(b"\x22" * 32), client.rs)

    @staticmethod
    def hex_of(block):
        """The bytes of a block, without the words around them."""
        words = re.findall(r"\b(?:[0-9a-f]{2})+\b", block)
        return unhex("".join(words))


class Terminal(unittest.TestCase):
    def test_shows_what_was_written_last(self):
        screen = Screen(10, 3)
        screen.feed(b"one\r\ntwo\r\x1b[Kto\x1b[1A!\r\n\r\n\xc3")
        screen.feed(b"\xa4\x1b[31m!\x1b[0m")
        self.assertEqual(screen.rows(), ["on!", "to", "\u00e4!"])
        self.assertEqual(screen.colors, 2)
        self.assertEqual(screen.strange, [])

    def test_scrolls_and_keeps_what_went(self):
        screen = Screen(10, 2)
        screen.feed(b"a\r\nb\r\nc")
        self.assertEqual(screen.text(), "a\nb\nc")
        self.assertEqual(screen.history, ["a"])

    def test_keeps_what_no_program_of_ours_sends(self):
        for bad in (b"\x1b]0;title\x07", b"\x1b[5n", b"\x1b[?1049h", b"\x9b",
                    b"\xc2\x9b2J", b"\x0e"):
            screen = Screen()
            screen.feed(bad)
            self.assertNotEqual(screen.strange, [], bad)

    def test_wide_characters_take_two_columns(self):
        screen = Screen(4, 2)
        screen.feed("\u4e2d\u6587\u4e2d".encode())
        self.assertEqual(screen.rows(), ["\u4e2d\u6587", "\u4e2d"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
