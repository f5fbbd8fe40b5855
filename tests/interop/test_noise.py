"""Noise handshakes with an independent implementation: noise-c, which npm has
as noise-c.wasm.

    test_noise.py PEER FOLDER [TEST...]

PEER is bin/noise_peer; FOLDER gets Node's packages.
"""

import os
import sys
import unittest

import peers

CIPHERS = ("AESGCM", "ChaChaPoly")
# Each pattern: its messages, and whose static keys there are: i (initiator) or r,
# in capitals where the other side knows it beforehand. XX and IK are Sotto's.
PATTERNS = {
    "XX": (3, "ir"), "IK": (2, "iR"), "NX": (2, "r"),
    "NN": (2, ""), "NK": (2, "R"), "XN": (3, "i"), "XK": (3, "iR"),
    "KN": (2, "I"), "KK": (2, "IR"), "KX": (2, "Ir"), "IN": (2, "i"),
    "IX": (2, "ir"), "N": (1, "R"), "K": (1, "IR"), "X": (1, "iR"),
}


class Side:
    """One side of a conversation, by one of the two programs."""

    def __init__(self, peer, name):
        self.peer = peer
        self.name = name

    def call(self, command, *words):
        return self.peer.call(command, self.name, *words)


class Noise(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = peers.install(cls.folder)
        cls.sotto = peers.Peer("sotto", [cls.program])
        cls.noise_c = peers.Peer("noise-c", [peers.node(), "noise_c.mjs"],
                                 cwd=folder)

    @classmethod
    def tearDownClass(cls):
        for peer in (cls.sotto, cls.noise_c):
            assert peer.close(), peer.kind

    def public(self, private):
        """What the other side of a handshake comes to know."""
        one, two = Side(self.sotto, "one"), Side(self.sotto, "two")
        one.call("begin", "XN", "AESGCM", "initiator", "-", private, "-")
        two.call("begin", "XN", "AESGCM", "responder", "-", "-", "-")
        two.call("read", one.call("write", "-")[0])
        one.call("read", two.call("write", "-")[0])
        two.call("read", one.call("write", "-")[0])
        return two.call("split")[1]

    def begin(self, pattern, cipher, initiator, responder, prologues=None,
              other_key=False):
        """Both sides of a handshake, before its first message."""
        keys = PATTERNS[pattern][1]
        i, r = os.urandom(32).hex(), os.urandom(32).hex()
        sides = Side(initiator, "initiator"), Side(responder, "responder")
        first, second = prologues or 2 * [os.urandom(10).hex()]
        i_public = self.public(i)
        known = self.public(os.urandom(32).hex() if other_key else r)
        sides[0].call("begin", pattern, cipher, "initiator", first,
                      i if "i" in keys.lower() else "-",
                      known if "R" in keys else "-")
        sides[1].call("begin", pattern, cipher, "responder", second,
                      r if "r" in keys.lower() else "-",
                      i_public if "I" in keys else "-")
        return sides

    def shake_hands(self, pattern, sides):
        """All messages, each with a payload; the last one's writer."""
        writer, reader = sides
        for length in (0, 1, 40)[: PATTERNS[pattern][0]]:
            payload = os.urandom(length).hex() or "-"
            message = writer.call("write", payload)[0]
            self.assertEqual(reader.call("read", message), [payload])
            writer, reader = reader, writer
        return reader

    def agree(self, pattern, cipher, initiator, responder):
        sides = self.begin(pattern, cipher, initiator, responder)
        self.shake_hands(pattern, sides)
        ends = [side.call("split") for side in sides]
        self.assertEqual(ends[0][0], ends[1][0], "handshake hashes")
        one_way = len(pattern) == 1
        for length in (0, 1, 15, 16, 1000, 16384):
            for writer, reader in (sides, sides[::-1])[: 1 if one_way else 2]:
                text = os.urandom(length).hex() or "-"
                sealed = writer.call("seal", "-", text)[0]
                self.assertEqual(reader.call("open", "-", sealed), [text])
        # What was changed on the way is refused, and the next one is read.
        good = sides[0].call("seal", "616263", "00")[0]
        bad = good[:-1] + "%x" % (int(good[-1], 16) ^ 1)
        with self.assertRaises(peers.Refused):
            sides[1].call("open", "616263", bad)
        with self.assertRaises(peers.Refused):
            sides[1].call("open", "-", good)
        self.assertEqual(sides[1].call("open", "616263", good), ["00"])

    def pairs(self):
        return (self.sotto, self.noise_c), (self.noise_c, self.sotto)

    def test_every_pattern_both_ways_round(self):
        for pattern in PATTERNS:
            for cipher in CIPHERS:
                for pair in self.pairs():
                    with self.subTest(pattern=pattern, cipher=cipher,
                                      initiator=pair[0].kind):
                        self.agree(pattern, cipher, *pair)

    def test_another_prologue_is_refused(self):
        """In Sotto it is the hello, which nothing else protects."""
        for pattern in ("XX", "IK", "NX"):
            for cipher in CIPHERS:
                for pair in self.pairs():
                    sides = self.begin(pattern, cipher, *pair, prologues=(
                        "536f74746f010101ffff", "536f74746f010102ffff"))
                    with self.assertRaises(peers.Refused):
                        self.shake_hands(pattern, sides)

    def test_another_static_key_is_refused(self):
        for cipher in CIPHERS:
            for pair in self.pairs():
                sides = self.begin("IK", cipher, *pair, other_key=True)
                with self.assertRaises(peers.Refused):
                    self.shake_hands("IK", sides)

    def test_a_low_order_key_is_refused_by_sotto(self):
        """Noise leaves that open."""
        for pattern in ("XX", "NX"):
            _, responder = self.begin(pattern, "ChaChaPoly", self.noise_c,
                                      self.sotto)
            responder.call("read", "00" * 32)
            with self.assertRaises(peers.Refused):
                responder.call("write", "-")


def main():
    Noise.program, Noise.folder = sys.argv[1:3]
    try:
        peers.node()
        peers.install(Noise.folder)
    except peers.NoNode as why:
        print("skipped:", why)
        sys.exit(peers.SKIPPED)
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)


if __name__ == "__main__":
    main()
