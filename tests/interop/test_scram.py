"""SCRAM-SHA-256 with an independent implementation: GNU SASL, in both
directions, with channel binding and without.

    test_scram.py PEER [TEST...]

PEER is bin/scram_peer. GNU SASL knows no binding of ours, so both sides take
tls-exporter: the name is a parameter, what is bound is any 32 bytes.
"""

import base64
import os
import sys
import unittest

import gsasl
import peers

COUNT = 4096
EXPORTER = ("tls-exporter", os.urandom(32))
# GS2 flag, and what is bound. Sotto itself takes "p" alone.
WAYS = [("p", EXPORTER), ("p", ("tls-unique", os.urandom(12))), ("n", None)]
NAMES = [b"user", b"a,b=c", "andr\u00e9".encode()]
PASSWORDS = [b"pencil", "corr\u00e9ct horse, battery=staple".encode()]


def hexed(text):
    return text.hex() or "-"


def nonce():
    return hexed(base64.b64encode(os.urandom(18)) + b"\0")


def words(flag, binding):
    name, data = binding or ("", b"")
    return flag, hexed(name.encode()), hexed(data)


class Scram(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sotto = peers.Peer("sotto", [cls.program])

    @classmethod
    def tearDownClass(cls):
        assert cls.sotto.close()

    def call(self, *words):
        return [bytes.fromhex(word) if word != "-" else b""
                for word in self.sotto.call(*words)]

    def session(self, make, *args):
        session = make(self.lib, *args)
        self.addCleanup(session.close)
        return session

    def account(self, password, salt):
        return self.call("account", hexed(password), hexed(salt), COUNT)

    # ---- our client, their server ----

    def log_in(self, server, user, password, flag="p", binding=EXPORTER):
        """Our client; what their server came to know it as."""
        first = self.call("client", hexed(user), hexed(password), nonce(),
                          *words(flag, binding))[0]
        challenge, _ = server.step(first)
        final = self.call("challenge", hexed(challenge))[0]
        last, is_content = server.step(final)
        self.call("verify", hexed(last))
        if not is_content:
            _, is_content = server.step(b"")
        self.assertTrue(is_content)
        return server.told(gsasl.AUTHID)

    def test_our_client_logs_in_at_their_server(self):
        for flag, binding in WAYS:
            for user in NAMES:
                for password in PASSWORDS:
                    salt = os.urandom(16)
                    stored = self.account(password, salt)
                    for secret in ((password,), stored):
                        server = self.session(
                            gsasl.server, (salt, COUNT, *secret), binding)
                        self.assertEqual(
                            self.log_in(server, user, password, flag, binding),
                            user)

    def test_their_server_refuses_our_wrong_password(self):
        server = self.session(gsasl.server, (bytes(16), COUNT, b"pencil"),
                              EXPORTER)
        with self.assertRaisesRegex(gsasl.Failed, "AUTHENTICATION_ERROR"):
            self.log_in(server, b"user", b"pencils")

    def test_their_server_refuses_another_channel_of_ours(self):
        """As with somebody in between, who has a channel with each."""
        server = self.session(gsasl.server, (bytes(16), COUNT, b"pencil"),
                              EXPORTER)
        with self.assertRaisesRegex(gsasl.Failed, "AUTHENTICATION_ERROR"):
            self.log_in(server, b"user", b"pencil",
                        binding=("tls-exporter", os.urandom(32)))

    def test_our_client_refuses_a_server_that_has_another_secret(self):
        """One that lets everybody in, but cannot prove who it is."""
        salt = os.urandom(16)
        stored, _ = self.account(b"pencil", salt)
        server = self.session(
            gsasl.server, (salt, COUNT, stored, os.urandom(32)), EXPORTER)
        with self.assertRaisesRegex(peers.Refused, "verify.*AUTH"):
            self.log_in(server, b"user", b"pencil")

    # ---- their client, our server ----

    def let_in(self, client, flag="p", binding=EXPORTER):
        """Their client; what our server came to know it as."""
        first, _ = client.step()
        challenge, user = self.call("server", hexed(first), nonce(),
                                    *words(flag, binding))
        final, _ = client.step(challenge)
        last = self.call("final", hexed(final))[0]
        _, is_content = client.step(last)
        self.assertTrue(is_content)
        return user

    def test_their_client_logs_in_at_our_server(self):
        for flag, binding in WAYS:
            for user in NAMES:
                for password in PASSWORDS:
                    self.account(password, os.urandom(16))
                    client = self.session(gsasl.client, user, password,
                                          binding)
                    self.assertEqual(self.let_in(client, flag, binding), user)

    def test_our_server_refuses_their_wrong_password(self):
        self.account(b"pencil", os.urandom(16))
        client = self.session(gsasl.client, b"user", b"pencils", EXPORTER)
        with self.assertRaisesRegex(peers.Refused, "final.*AUTH"):
            self.let_in(client)

    def test_our_server_refuses_another_channel_of_theirs(self):
        self.account(b"pencil", os.urandom(16))
        client = self.session(gsasl.client, b"user", b"pencil", EXPORTER)
        with self.assertRaisesRegex(peers.Refused, "final.*AUTH"):
            self.let_in(client, binding=("tls-exporter", os.urandom(32)))

    def test_our_server_refuses_a_client_without_binding(self):
        """Or leaving it out would be the way past it."""
        self.account(b"pencil", os.urandom(16))
        client = self.session(gsasl.client, b"user", b"pencil")
        with self.assertRaisesRegex(peers.Refused, "server"):
            self.let_in(client)

    def test_their_client_refuses_a_server_with_another_secret(self):
        self.account(b"pencil", os.urandom(16))
        client = self.session(gsasl.client, b"user", b"pencil", EXPORTER)
        first, _ = client.step()
        challenge, _ = self.call("server", hexed(first), nonce(),
                                 *words("p", EXPORTER))
        client.step(challenge)
        with self.assertRaisesRegex(gsasl.Failed, "AUTHENTICATION_ERROR"):
            client.step(b"v=" + base64.b64encode(os.urandom(32)))


def main():
    Scram.program = sys.argv[1]
    try:
        Scram.lib = gsasl.load()
    except gsasl.Missing as why:
        print("skipped:", why)
        sys.exit(peers.SKIPPED)
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)


if __name__ == "__main__":
    main()
