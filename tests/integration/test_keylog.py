"""The client's key log: what it says opens a recording of the client's own
connections, and nothing is written that was not asked for."""

import re
import stat
import struct

import proxy
import sotto
import wire
from crypto import SUITES

SUITE_NAMES = {1: "a128cbchs256", 2: "aesgcm", 3: "chachapoly"}
LINE = re.compile(r"SOTTO_1 ([0-9a-f]{64}) ([0-9a-f]{64}) ([0-9a-f]{64})")


def units(data):
    """The units with a length that a direction consists of, whole ones."""
    at, found = 0, []
    while at + 2 <= len(data):
        size = struct.unpack(">H", data[at : at + 2])[0]
        found.append(bytes(data[at + 2 : at + 2 + size]))
        at += 2 + size
    return found


def opened(suite, key, records):
    """All that the records of a direction carry."""
    frames = []
    for n, text in enumerate(records):
        found = list(wire.frames_of(suite.open(key, n, b"", text)))
        frames += found
        if found[-1][0] == wire.REKEY:
            key = suite.rekey(key)
    return frames


class KeyLog(sotto.Case):
    def setUp(self):
        super().setUp()
        self.log = self.folder / "keys.log"

    def lines(self):
        return [LINE.fullmatch(line).groups()
                for line in self.log.read_text().splitlines()]

    def proxy(self, server):
        net = proxy.Proxy(server.port)
        self.addCleanup(net.close)
        return net

    def said(self, server, net, suite, *args):
        """Somebody says something with a key log."""
        client = self.client(net.address, "alice", "--suite",
                             SUITE_NAMES[suite], "--keylog", self.log, *args,
                             register=not self.log.exists(),
                             pin=server.fingerprint)
        client.expect("ready")
        client.said("the text of suite %d" % suite)
        self.assertEqual(client.leave(), 0)
        client.wait_err("WARNING: the keys of this conversation")

    def check(self, net, suite, messages_up, line):
        """The line opens all that has passed."""
        hello, first = net.bytes[proxy.UP][:10], net.bytes[proxy.UP][10:]
        self.assertEqual(hello[:5], b"Sotto")
        up, down = units(first), units(net.bytes[proxy.DOWN])
        self.assertEqual(up[0][:32].hex(), line[0])
        cipher = SUITES[suite]
        frames = opened(cipher, bytes.fromhex(line[1]), up[messages_up:])
        texts = [body[10:] for kind, body in frames if kind == wire.POST]
        self.assertEqual(texts, [b"the text of suite %d" % suite])
        self.assertEqual(frames[-1], (wire.CLOSE, b"\0"))
        frames = opened(cipher, bytes.fromhex(line[2]), down[1:])
        self.assertIn(wire.WELCOME, [kind for kind, _ in frames])
        return [kind for kind, _ in frames]

    def test_keys_open_the_recording_with_every_suite(self):
        server = self.server()
        for count, suite in enumerate(SUITES, 1):
            net = self.proxy(server)
            self.said(server, net, suite)
            self.assertEqual(len(self.lines()), count)
            self.check(net, suite, 2, self.lines()[-1])
        self.assertEqual(stat.S_IMODE(self.log.stat().st_mode), 0o600)
        text = self.log.read_text()
        self.assertNotIn(sotto.PASSWORD, text)
        self.assertNotIn("the text", text)

    def test_keys_open_the_recording_of_a_device(self):
        """IK: the client is the first to have keys."""
        server = self.server()
        net = self.proxy(server)
        self.said(server, net, 1)
        alice = self.client(net.address, "alice", pin=server.fingerprint)
        alice.expect("ready")
        alice.say("/device add laptop")
        alice.expect("done")
        self.assertEqual(alice.leave(), 0)
        sotto.until(lambda: net.over == net.connections, "their ends")
        for passed in net.bytes.values():
            passed.clear()
        self.device_says(server, net.address, "alice", "the text of suite 1",
                         "--keylog", self.log)
        self.assertEqual(net.bytes[proxy.UP][6], 2, "it did not dial IK")
        self.assertEqual(len(self.lines()), 2)
        self.check(net, 1, 1, self.lines()[-1])

    def test_each_connection_of_a_run_has_its_own_keys(self):
        server = self.server()
        net = self.proxy(server)
        client = self.member(net.address, "alice", "--keylog", self.log.name,
                             pin=server.fingerprint)
        net.cut()
        client.expect("ready")
        self.assertEqual(client.leave(), 0)
        fields = [field for line in self.lines() for field in line]
        self.assertEqual(len(set(fields)), 6, fields)

    def test_a_file_that_goes_away_is_told_and_ends_nothing(self):
        server = self.server()
        net = self.proxy(server)
        client = self.member(net.address, "alice", "--keylog", self.log,
                             pin=server.fingerprint)
        self.log.rename(self.folder / "elsewhere")
        self.log.mkdir()
        net.cut()
        client.expect("error", code="keylog")
        client.expect("ready")
        client.said("still here")
        self.assertEqual(client.leave(), 0)

    def test_a_person_on_a_terminal_is_warned(self):
        server = self.server()
        person = self.person("client", server.address, "--keylog", self.log)
        person.sees("WARNING: the keys of this conversation")

    def test_nothing_is_written_without_being_asked(self):
        server = self.server()
        client = self.member(server, "alice")
        self.assertEqual(client.leave(), 0)
        self.assertNotIn(b"WARNING", client.err)
        for path in self.folder.rglob("*"):
            self.assertFalse(path.is_file() and b"SOTTO_1" in
                             path.read_bytes(), path)

    def test_a_file_that_cannot_be_written_is_an_error_at_the_start(self):
        missing = self.folder / "no-such-folder" / "deeper" / "keys.log"
        for path in (missing, self.folder / "Keys.log", self.folder):
            code, out, err = self.run_sotto(
                "client", "127.0.0.1:1", "--user", "alice", "--keylog", path)
            self.assertEqual(code, 2, err)
            self.assertNotIn("WARNING", err)

    def test_a_server_has_no_such_option(self):
        code, _, err = self.run_sotto("server", "--keylog", self.log)
        self.assertEqual(code, 2)
        self.assertIn("--keylog", err)


if __name__ == "__main__":
    sotto.main()
