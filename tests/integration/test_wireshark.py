"""What Wireshark shows of Sotto: the handshake to everybody, what is said to
whoever has the key log, and of garbage nothing but that it is garbage."""

import os
import random
import re
import socket
import struct
import subprocess
import sys

import recording
import sotto
import wire
from crypto import SUITES, public_of
from recording import DOWN, UP

SKIPPED = 77  # exit code that CTest knows
PASSWORD = "corr\u00e9ct-horse-battery-staple-2026"
TOKENS = {"XX": ["e", "e, ee, s, es", "s, se"],
          "IK": ["e, es, s, ss", "e, ee, se"]}


# ---- a conversation by the second implementation, byte by byte ----


class Talk:
    """Both sides of XX in one; `sent` is what went over the wire, in order."""

    def __init__(self, suite):
        self.suite = SUITES[suite]
        self.sent = []
        hello = wire.hello(suite=suite)
        client = wire.Handshake(self.suite, hello, os.urandom(32))
        server = wire.Handshake(self.suite, hello, os.urandom(32))
        self.e = [public_of(client.e).hex(), public_of(server.e).hex()]
        message = client.write_1()
        self.sent.append((UP, hello + wire.unit(message)))
        server.read_1(message)
        message = server.write_2(b"\x40\0\0")
        self.sent.append((DOWN, wire.unit(message)))
        client.read_2(message)
        self.sent.append((UP, wire.unit(client.write_3())))
        self.keys = list(client.hkdf(b""))
        self.line = "SOTTO_1 %s %s %s\n" % (self.e[0], self.keys[0].hex(),
                                            self.keys[1].hex())
        self.n = [0, 0]

    def record(self, direction, *frames):
        text = self.suite.seal(self.keys[direction], self.n[direction], b"",
                               b"".join(frames))
        self.n[direction] += 1
        self.sent.append((direction, wire.unit(text)))

    def rekey(self, direction, *frames):
        self.record(direction, *frames, wire.frame(wire.REKEY))
        self.keys[direction] = self.suite.rekey(self.keys[direction])

    def post(self, text):
        return wire.frame(wire.POST, struct.pack(">HQ", 0, 7) + text.encode())

    def everything(self):
        """Renewed keys, a message in parts, frames of most kinds."""
        name = wire.vector(b"ann")
        self.record(UP, wire.frame(wire.AUTH, b"p=sotto-noise-h,,n=ann,r=abc"))
        self.record(DOWN, wire.frame(wire.WELCOME, name + b"\x10\0"))
        self.rekey(UP, self.post("before the first key ended"))
        self.record(UP, wire.frame(wire.PADDING, bytes(70)),
                    wire.frame(wire.CHUNK, struct.pack(">HQ", 0, 8) + b"in "))
        self.rekey(UP, wire.frame(wire.CHUNK, "thr\u00e9e ".encode()))
        self.record(UP, wire.frame(wire.POST, b"parts"))
        entry = struct.pack(">HQI", 0, 9, 1700000000) + name
        self.rekey(DOWN, wire.frame(wire.MESSAGE, entry + b"an answer"),
                   wire.frame(wire.LEFT, entry),
                   wire.frame(wire.PRESENT, b"\0\0\1" + name + name),
                   wire.frame(wire.ERROR, struct.pack(">HQI", 3, 0, 2000)))
        self.record(DOWN, wire.frame(wire.CLOSE, b"\2"))
        return self

    def write_to(self, conversation, cut=1400):
        for direction, data in self.sent:
            conversation.send(direction, data, cut)


class Wireshark(sotto.Case):
    def setUp(self):
        super().setUp()
        self.path = self.folder / "recording.pcap"
        self.log = self.folder / "keys.log"

    def dissect(self, recorded, log=""):
        recorded.write(self.path)
        self.log.write_text(log)
        return recording.Dissection(self.path, self.log)


class Dissector(Wireshark):
    def test_every_suite_is_read(self):
        recorded, log = recording.Recording(), "# a remark\n"
        talks = [Talk(suite).everything() for suite in SUITES]
        for talk in talks:
            talk.write_to(recorded.conversation())
            log += talk.line
        seen = self.dissect(recorded, log)
        seen.text()
        text, e, tokens, suite, name = seen.fields(
            "sotto.text", "sotto.handshake.e", "sotto.handshake.tokens",
            "sotto.hello.suite", "sotto.name")
        self.assertEqual(text, 3 * ["before the first key ended",
                                    "in thr\u00e9e parts", "an answer"])
        self.assertEqual(e, [key for talk in talks for key in talk.e])
        self.assertEqual(tokens, 3 * TOKENS["XX"])
        self.assertEqual(suite, ["1", "2", "3"])
        self.assertEqual(name, 3 * 5 * ["ann"])
        closed, problem, scram, flaws = seen.fields(
            "sotto.close", "sotto.problem", "sotto.scram", "sotto.malformed")
        self.assertEqual((closed, problem), (3 * ["2"], 3 * ["3"]))
        self.assertEqual(scram, 3 * ["p=sotto-noise-h,,n=ann,r=abc"])
        self.assertEqual(flaws, [])

    def test_the_code_of_an_invitation_is_not_what_somebody_says(self):
        recorded, talk = recording.Recording(), Talk(3)
        talk.record(UP, wire.frame(
            wire.REGISTER, wire.vector(b"ann") + wire.vector(bytes(16))
            + struct.pack(">I", 600000) + bytes(64) + wire.vector(b"sesame")))
        talk.write_to(recorded.conversation())
        seen = self.dissect(recorded, talk.line)
        self.assertEqual(seen.fields("sotto.text"), [])
        self.assertEqual(seen.fields("sotto.code"), ["sesame"])

    def test_without_keys_lengths_are_all_there_is(self):
        recorded, talk = recording.Recording(), Talk(1).everything()
        talk.write_to(recorded.conversation())
        other = Talk(1)
        for log in ("", other.line):
            seen = self.dissect(recorded, log)
            text, frames, numbers, lengths = seen.fields(
                "sotto.text", "sotto.frame", "sotto.record", "sotto.length")
            self.assertEqual((text, frames), ([], []))
            self.assertEqual(numbers, ["0", "0", "1", "2", "3", "4", "1", "2"])
            sent = [len(data) - 2 for _, data in talk.sent]
            sent[0] -= 10  # the hello is beside message 1
            self.assertEqual(lengths, [str(length) for length in sent])

    def test_how_segments_are_cut_does_not_matter(self):
        recorded, talk = recording.Recording(), Talk(3).everything()
        cuts = (1400, 1, 2, 3, 11, 45)
        for cut in cuts:
            talk.write_to(recorded.conversation(), cut)
        seen = self.dissect(recorded, talk.line)
        names = ("sotto.text", "sotto.handshake.tokens", "sotto.length",
                 "sotto.frame", "sotto.hello.limit")
        once = seen.fields(*names)
        seen.args.append("-2")  # as Wireshark does: looked at, and again shown
        self.assertEqual(seen.fields(*names), once)
        for found in once:
            self.assertEqual(found, len(cuts) * found[:len(found) // len(cuts)])
            self.assertGreaterEqual(len(found), len(cuts))

    def test_fields_are_listed_as_the_manual_says(self):
        manual = (recording.SCRIPT.parent / "README.md").read_text()
        command = re.search(r"`(tshark [^|`]*-G fields[^|`]*)", manual).group(1)
        script = str(recording.SCRIPT)
        listed = subprocess.run(
            [word.replace("apps/wireshark/sotto.lua", script)
             for word in command.split()], capture_output=True, text=True)
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertRegex(listed.stdout, r"\bsotto\.text\b")

    def test_other_ports_are_known_by_the_hello(self):
        recorded, talk = recording.Recording(), Talk(3).everything()
        talk.write_to(recorded.conversation(port=5000))
        text = self.dissect(recorded, talk.line).fields("sotto.text")
        self.assertEqual(len(text), 3)

    def test_a_port_that_is_used_again_is_another_connection(self):
        recorded, talks = recording.Recording(), [Talk(3), Talk(3)]
        for talk, text in zip(talks, ("one", "another")):
            recorded.ports = 40000
            talk.record(UP, talk.post(text))
            talk.write_to(recorded.conversation())
        seen = self.dissect(recorded, "".join(talk.line for talk in talks))
        self.assertEqual(seen.fields("sotto.text"), ["one", "another"])

    def test_ik_has_its_own_tokens(self):
        recorded = recording.Recording()
        talk = recorded.conversation()
        talk.send(UP, wire.hello(pattern=2, suite=1)
                  + wire.unit(os.urandom(128)))
        talk.send(DOWN, wire.unit(os.urandom(64)))
        talk.send(UP, wire.unit(os.urandom(32)))
        seen = self.dissect(recorded)
        tokens, records = seen.fields("sotto.handshake.tokens", "sotto.record")
        self.assertEqual((tokens, records), (TOKENS["IK"], ["0"]))

    def test_refusals_are_named(self):
        recorded = recording.Recording()
        for code in (1, 2, 3, 4, 5, 6, 200):
            talk = recorded.conversation()
            talk.send(UP, wire.hello(version=code)
                      + wire.unit(os.urandom(32)))
            talk.send(DOWN, b"\0\0" + bytes([code]))
        seen = self.dissect(recorded)
        self.assertEqual(seen.fields("sotto.refusal"),
                         ["1", "2", "3", "4", "5", "6", "200"])
        self.assertIn("Refusal: KEY (6)", seen.text())

    def test_a_record_with_a_wrong_tag_is_not_opened(self):
        for suite in SUITES:
            recorded, talk = recording.Recording(), Talk(suite)
            talk.record(UP, talk.post("never to be shown"))
            direction, data = talk.sent[-1]
            for at in (2, len(data) - 1):
                changed = bytearray(data)
                changed[at] ^= 1
                talk.sent[-1] = direction, bytes(changed)
                talk.write_to(recorded.conversation())
            seen = self.dissect(recorded, talk.line)
            frames, wrong = seen.fields("sotto.frame", "sotto.not_opened")
            self.assertEqual((frames, len(wrong)), ([], 2))


class Garbage(Wireshark):
    """Whatever is on port 7688, the script says what it is and goes on."""

    def shown(self, recorded, log=""):
        text = self.dissect(recorded, log).text()
        self.assertIn("Sotto secure chat", text)
        return text

    def test_errors_of_a_script_are_noticed(self):
        """Or the tests below would mean nothing."""
        script = self.folder / "bad.lua"
        script.write_text(
            'local bad = Proto("sotto_bad", "Bad")\n'
            "function bad.dissector() error('planted') end\n"
            'DissectorTable.get("tcp.port"):add(7688, bad)\n')
        recorded = recording.Recording()
        recorded.conversation().send(UP, wire.hello())
        recorded.write(self.path)
        with self.assertRaisesRegex(AssertionError, "planted"):
            recording.Dissection(self.path, script=script).text()

    def test_noise(self):
        rng = random.Random(1)
        recorded = recording.Recording()
        for size in [0, 1, 2, 3, 4, 9, 10, 11, 12, 44, 45] + 80 * [0]:
            talk = recorded.conversation()
            talk.send(UP, rng.randbytes(size or rng.randrange(300)), 50)
            talk.send(DOWN, rng.randbytes(rng.randrange(300)), 50)
        for tail in range(60):
            talk = recorded.conversation()
            talk.send(UP, wire.hello(pattern=rng.randrange(4),
                                     suite=rng.randrange(5))
                      + wire.unit(rng.randbytes(tail))
                      + wire.unit(rng.randbytes(rng.randrange(200))))
            talk.send(DOWN, wire.unit(rng.randbytes(tail))
                      + wire.unit(rng.randbytes(tail)), 30)
        self.shown(recorded)

    def test_conversations_with_changed_bytes_and_lost_packets(self):
        rng = random.Random(2)
        recorded, log = recording.Recording(), "SOTTO_1 0 1\nSOTTO_1\n\0\xff\n"
        for turn in range(60):
            talk = Talk(1 + turn % 3).everything()
            log += talk.line
            conversation = recorded.conversation()
            for direction, data in talk.sent:
                data = bytearray(data)
                what = rng.randrange(8)
                if what == 0:
                    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
                elif what == 1:
                    del data[rng.randrange(len(data)):]
                if what == 2:
                    conversation.lose(direction, data)
                else:
                    conversation.send(direction, bytes(data),
                                      rng.randrange(1, 200))
        self.shown(recorded, log)

    def test_records_that_open_and_hold_no_frames(self):
        rng = random.Random(3)
        recorded, log = recording.Recording(), ""
        for turn in range(60):
            talk = Talk(1 + turn % 3)
            for direction in (UP, DOWN):
                talk.record(direction)
                for _ in range(4):
                    kind = rng.choice([*range(4), *range(16, 46), 200])
                    talk.record(direction, wire.frame(
                        kind, rng.randbytes(rng.randrange(40))))
                    talk.record(direction, bytes([kind])
                                + rng.randbytes(rng.randrange(9)))
            log += talk.line
            talk.write_to(recorded.conversation())
        self.assertIn("Not as the protocol has it", self.shown(recorded, log))

    def test_a_key_log_that_is_none(self):
        recorded, talk = recording.Recording(), Talk(1).everything()
        talk.write_to(recorded.conversation())
        recorded.write(self.path)
        for place in (self.folder, self.folder / "missing"):
            seen = recording.Dissection(self.path, place)
            seen.text()
            self.assertEqual(seen.fields("sotto.frame"), [])


class Captured(Wireshark):
    """A real conversation, recorded from the loopback interface."""

    def mark(self, capture, server):
        """Once this was recorded, everything before it was as well."""
        text = b"mark " + os.urandom(8).hex().encode()
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(text)
        capture.wait_for(text)

    def conversation(self, server):
        more = dict(password=PASSWORD, pin=server.fingerprint)
        alice = self.client(server, "alice", "--keylog", self.log,
                            register=True, **more)
        alice.expect("ready")
        alice.said("the tr\u00e9asure is in the garden")
        alice.say("/device add laptop")
        alice.expect("done")
        self.assertEqual(alice.leave(), 0)
        self.device_says(server, server.address, "alice", "and under a stone",
                         "--keylog", self.log)

    def test_what_is_seen_with_and_without_the_keys(self):
        server = self.server()
        path = self.folder / "captured.pcapng"
        capture = recording.Capture(server.port, path)
        self.addCleanup(capture.stop)
        self.conversation(server)
        self.mark(capture, server)
        capture.stop()
        raw = path.read_bytes()

        # The Diffie-Hellman handshakes, of a password's login and a device's.
        seen = recording.Dissection(path)
        everything = seen.text()
        pattern, tokens, e = seen.fields(
            "sotto.hello.pattern", "sotto.handshake.tokens",
            "sotto.handshake.e")
        self.assertEqual(pattern, ["1", "2"])
        self.assertEqual(tokens, TOKENS["XX"] + TOKENS["IK"])
        self.assertEqual(len(set(e)), 4, "an ephemeral key came twice")
        for key in e:
            self.assertIn(bytes.fromhex(key), raw)
        self.assertIn("ee: Diffie-Hellman of both ephemeral keys", everything)

        # Nothing else: not in the bytes, and not in what is shown.
        secret = [PASSWORD, "tr\u00e9asure", "under a stone", "alice",
                  "sotto-noise-h", "#lobby"]
        for word in secret:
            self.assertNotIn(word.encode(), raw)
            self.assertNotIn(word, everything)

        # All that was said, with the key log; the password never was.
        seen = recording.Dissection(path, self.log)
        texts = seen.fields("sotto.text")
        self.assertIn("the tr\u00e9asure is in the garden", texts)
        self.assertIn("and under a stone", texts)
        everything = seen.text()
        for word in secret[1:]:
            self.assertIn(word, everything)
        self.assertNotIn(PASSWORD, everything)
        self.assertNotIn("Does not open", everything)
        self.assertRegex(everything, r"SCRAM: c=[A-Za-z0-9+/=]+,r=\S+,p=\S+")


def main():
    """Says so, and is skipped, where a tool or a right is missing."""
    try:
        recording.tshark()
        if "Captured" in sys.argv:
            with socket.create_server(("127.0.0.1", 0)) as probe:
                path = recording.pathlib.Path(os.devnull)
                recording.Capture(probe.getsockname()[1], path).stop()
    except recording.Missing as missing:
        print("skipped:", missing)
        sys.exit(SKIPPED)
    sotto.main()


if __name__ == "__main__":
    main()
