"""Devices at servers that show a certificate: what becomes of a device's key when
the server's key, or its certificate, is another one."""

import re

import sotto
from keys import IDENTITY, Keys
from test_certificate import Certificates


class Devices(Keys, Certificates):
    """Alice's laptop, whose trust comes from a certificate."""

    def setUp(self):
        super().setUp()
        self.pair = self.pki.server(self.root)
        self.ca = ("--ca", self.root.cert)

    def refused(self, *args, **more):
        return Keys.refused(self, *args, **more)

    def alice(self, server, **more):
        client = self.trusting(server, "alice", **more)
        client.expect("ready")
        return client

    def laptop(self):
        """The server; the laptop has become a device."""
        server = self.certified(self.pair)
        alice = self.alice(server, register=True)
        self.ask(alice, "/device add laptop")
        self.assertEqual(alice.leave(), 0)
        return server

    def comes(self, server):
        """By its key, without a password."""
        logins = server.err.count(b" device_login ")
        device = self.device(server, "of-alice", *self.ca)
        server.wait_for(
            lambda: server.err.count(b" device_login ") == logins + 1,
            "a login by key")
        self.assertEqual(device.leave(), 0)

    def another_key(self, server, pair):
        """The same server, with another key, and this certificate or none."""
        self.assertEqual(server.stop(), 0)
        (self.folder / "server" / "static_key").unlink()
        return self.certified(pair, port=server.port) if pair else \
            self.server(port=server.port)

    def end_certificate(self):
        """As if it had ended long ago, for the client that saw it."""
        path = self.folder / "of-alice" / "known_servers"
        path.write_text(re.sub("certificate-until=[0-9]+",
                               "certificate-until=2021", path.read_text()))

    def test_a_renewed_certificate_changes_nothing(self):
        server = self.laptop()
        self.comes(server)
        self.assertEqual(server.stop(), 0)
        self.comes(self.certified(self.pki.server(self.root),
                                  port=server.port))

    def test_a_new_key_is_a_new_meeting_and_no_login(self):
        for renewed in (False, True):
            with self.subTest(renewed=renewed):
                server = self.laptop()
                pair = self.pki.server(self.root) if renewed else self.pair
                server = self.another_key(server, pair)
                text = self.refused(
                    self.keys(server, "of-alice", *self.ca), "identity",
                    IDENTITY)
                self.assertIn("another key than the one that knows this "
                              "machine", text)
                self.assertIn("--with-password", text)
                # Without --ca it is a hard stop, as for everybody.
                text = self.refused(self.keys(server, "of-alice"), "identity",
                                    IDENTITY)
                self.assertIn("ANOTHER KEY", text)
                self.assertEqual(server.counters()["logins"], 0)
                # With the password it becomes one again.
                alice = self.alice(server)
                self.ask(alice, "/revoke laptop")
                self.ask(alice, "/device add laptop")
                self.assertEqual(alice.leave(), 0)
                self.comes(server)
                self.assertEqual(server.stop(), 0)
                self.folder = self.folder / "next"
                self.folder.mkdir()

    def test_a_new_key_without_a_certificate_is_refused(self):
        """Which one shows who cannot have one."""
        server = self.laptop()
        other = self.pki.server(self.pki.authority("other"))
        for pair in (other, None):
            server = self.another_key(server, pair)
            device = self.keys(server, "of-alice", *self.ca)
            self.refused(device, "identity", IDENTITY)
            self.assertEqual(server.counters()["logins"], 0)

    def test_a_device_comes_on_when_the_old_certificate_has_ended(self):
        """It looks at the one that the server has now."""
        server = self.laptop()
        self.end_certificate()
        self.comes(server)
        [line] = self.known()
        self.assertNotIn("2021", line)
        # Nobody to ask for another: its word has ended.
        self.end_certificate()
        device = self.keys(server, "of-alice")
        self.assertEqual(device.end(), 2)
        self.assertIn("--ca FILE looks at the new one",
                      device.all("error")[0]["text"])

    def test_a_certificate_that_ended_lets_no_device_go_on(self):
        server = self.laptop()
        self.end_certificate()
        self.assertEqual(server.stop(), 0)
        server = self.certified(self.pki.server(self.root, days=(-9, -1)),
                                port=server.port)
        text = self.refused(self.keys(server, "of-alice", *self.ca),
                            "identity", IDENTITY)
        self.assertIn("CERTIFICATE", text)
        self.assertEqual(server.counters()["logins"], 0)

    def test_the_server_gets_another_key_while_a_device_is_there(self):
        server = self.laptop()
        device = self.device(server, "of-alice", *self.ca)
        self.another_key(server, self.pair)
        self.assertEqual(device.end(), IDENTITY)
        self.assertIn("another key than the one that knows this machine",
                      device.all("error")[-1]["text"])
        self.assertEqual(len(device.all("ready")), 1)


if __name__ == "__main__":
    sotto.main()
