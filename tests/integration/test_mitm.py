"""Somebody between client and server: with a key of its own, and with none."""

import base64
import os
import re

import proxy
import sotto
import wire

IN_BETWEEN = "in between"


class Mitm(sotto.Case):
    def setUp(self):
        super().setUp()
        self.room = self.server()
        self.assertEqual(self.member(self.room, "alice").leave(), 0)
        self.bob = self.member(self.room, "bob", "--history", "0")

    def between(self, forge=None):
        mitm = proxy.Mitm(self.room.port, os.urandom(32), forge)
        self.addCleanup(mitm.close)
        return mitm

    def nobody_came_in(self):
        self.assertEqual(self.room.counters()["logins"], 2)
        self.assertNotIn("alice", [e["user"] for e in self.bob.all("joined")])

    def victim(self, mitm, *args, **more):
        return self.client(mitm.address, "alice", *args,
                           data=self.folder / "victim", **more)

    def test_pinned_nothing_of_the_client_is_sent(self):
        mitm = self.between()
        client = self.victim(mitm, pin=self.room.fingerprint)
        self.assertEqual(client.end(), 4)
        text = client.all("error")[0]["text"]
        self.assertIn(mitm.fingerprint(), text)
        self.assertIn(self.room.fingerprint, text)
        self.assertEqual((mitm.connections, mitm.met, mitm.seen), (1, 0, []))
        self.nobody_came_in()

    def test_at_first_use_the_login_fails_and_the_user_is_told(self):
        for suite in ("a128cbchs256", "aesgcm", "chachapoly"):
            mitm = self.between()
            client = self.victim(mitm, "--suite", suite)
            self.assertEqual(client.end(), 3)
            self.assertEqual(mitm.met, 1)
            text = client.all("error")[0]["text"]
            self.assertIn(IN_BETWEEN, text)
            self.assertIn("fingerprint", text)
            self.assertEqual(client.all("ready"), [])
            # It went as far as the proof, and the server did not take it.
            kinds = [(way, kind) for way, kind, _ in mitm.seen]
            self.assertEqual(kinds, [(proxy.UP, wire.AUTH),
                                     (proxy.DOWN, wire.AUTH),
                                     (proxy.UP, wire.AUTH),
                                     (proxy.DOWN, wire.ERROR)])
        self.nobody_came_in()
        # The false key was not remembered: the true server is welcome.
        client = self.client(self.room, "alice", data=self.folder / "victim",
                             pin=self.room.fingerprint)
        client.expect("ready")

    def test_on_a_terminal(self):
        """The same for a person: asked for the key, then told."""
        mitm = self.between()
        person = self.person("client", mitm.address, "--user", "alice",
                             "--min-iterations", "1000", "--data",
                             self.folder / "victim")
        person.answer("Password: ", sotto.PASSWORD)
        person.sees(mitm.fingerprint()[:40])
        person.answer("yes, no", "yes")
        person.wait_for(lambda: IN_BETWEEN in
                        person.screen.text().replace("\n", ""), "the warning")
        person.answer("User name: ", "q")
        self.assertNotEqual(person.end(), 0)
        self.nobody_came_in()

    def test_nothing_that_passed_is_worth_the_password(self):
        mitm = self.between()
        self.assertEqual(self.victim(mitm).end(), 3)
        passed = b"".join(body for _, _, body in mitm.seen)
        challenge = mitm.seen[1][2].decode()
        salt = base64.b64decode(re.search(r"s=([^,]+)", challenge).group(1))
        secrets = wire.Secrets(sotto.PASSWORD, salt, 1000)
        for secret in (secrets.password, secrets.salted, secrets.client_key):
            self.assertNotIn(secret, passed)
            self.assertNotIn(base64.b64encode(secret), passed)

    def forged(self, forge, code, word):
        """The client gives up with this code, and the word in its reason."""
        mitm = self.between(forge)
        client = self.victim(mitm)
        self.assertEqual(client.end(), code, client.all("error"))
        self.assertIn(word, client.all("error")[0]["text"])
        self.assertEqual(client.all("ready"), [])
        self.nobody_came_in()

    def test_a_server_that_cannot_prove_itself(self):
        """It answers the proof with a signature of its own."""
        false = b"v=" + base64.b64encode(bytes(32))

        def forge(way, kind, body):
            if kind == wire.ERROR:
                return [(proxy.DOWN, wire.AUTH, false),
                        (proxy.DOWN, wire.WELCOME, b"\5alice\x10\0")]
            return [(way, kind, body)]
        self.forged(forge, 4, "prove")

    def test_a_server_that_skips_the_proof(self):
        for way_in in ([(proxy.DOWN, wire.WELCOME, b"\5alice\x10\0")],
                       [(proxy.DOWN, wire.JOINED, b"\0\0\6#lobby"
                         + bytes(7) + b"\1" + bytes(7) + b"\1")],
                       [(proxy.DOWN, wire.MESSAGE, bytes(9) + b"\1" + bytes(4)
                         + b"\3bobhello")]):
            for before in (wire.AUTH, wire.ERROR):
                def forge(way, kind, body):
                    if (way, kind) == (proxy.DOWN, before):
                        return way_in
                    return [(way, kind, body)]
                mitm = self.between(forge)
                client = self.victim(mitm)
                self.assertIn(client.end(), (4, 5))
                self.assertEqual(client.all("ready"), [])
                self.assertEqual(client.all("message"), [])
        self.nobody_came_in()

    def test_a_server_that_asks_for_a_weak_derivation(self):
        for rounds in (b"1", b"999", b"10000001", b"0", b"-1", b""):
            def forge(way, kind, body):
                if (way, kind) == (proxy.DOWN, wire.AUTH):
                    body = re.sub(b"i=\\d+", b"i=" + rounds, body)
                return [(way, kind, body)]
            mitm = self.between(forge)
            client = self.victim(mitm)
            self.assertIn(client.end(), (4, 5), rounds)
            # No proof was made with it.
            self.assertEqual(len([1 for way, kind, _ in mitm.seen
                                  if way == proxy.UP]), 1)
        self.nobody_came_in()

    def test_a_server_that_asks_for_a_short_salt(self):
        def forge(way, kind, body):
            if (way, kind) == (proxy.DOWN, wire.AUTH):
                short = base64.b64encode(b"short salt")
                body = re.sub(b"s=[^,]+", lambda _: b"s=" + short, body)
            return [(way, kind, body)]
        self.forged(forge, 4, "weaker")

    def test_a_server_with_another_nonce(self):
        def forge(way, kind, body):
            if (way, kind) == (proxy.DOWN, wire.AUTH):
                body = re.sub(b"r=.", lambda m: b"r=A" if m.group() != b"r=A"
                              else b"r=B", body)
            return [(way, kind, body)]
        mitm = self.between(forge)
        client = self.victim(mitm)
        self.assertIn(client.end(), (4, 5))
        self.assertEqual(len(mitm.seen), 2)

    def test_a_hello_that_was_changed_on_its_way(self):
        """It is the prologue: another suite there, and message 2 fails."""
        class Changer(proxy.Proxy):
            def put(self, direction, sink, data):
                if direction == proxy.UP and not self.bytes[proxy.UP]:
                    data = data[:8] + b"\x20\0"  # the receive limit
                super().put(direction, sink, data)
        net = Changer(self.room.port)
        self.addCleanup(net.close)
        client = self.victim(net, pin=self.room.fingerprint)
        self.assertIn(client.end(), (4, 5))
        self.nobody_came_in()

    def test_refusals_do_not_lower_anything(self):
        """Nobody signs them: a client tells, and asks for nothing else, not
        even where it tries again."""
        for code in (wire.VERSION, wire.SUITE, wire.BUSY, 200):
            net = self.refuser(code)
            client = self.victim(net)
            self.assertEqual(client.end(), 5)
            self.assertIn("could be forged", client.all("error")[-1]["text"])
            self.assertEqual(len(net.hellos), 5 if code == wire.BUSY else 1)
            self.assertEqual(len(set(net.hellos)), 1)
        self.nobody_came_in()

    def refuser(self, code=None, **more):
        net = proxy.Refuser(self.room.port, code, **more)
        self.addCleanup(net.close)
        return net

    def files(self, data):
        return {path.name: path.read_bytes()
                for path in (self.folder / data).iterdir()}

    def test_refusals_change_nothing_that_was_known(self):
        """Neither pins nor anything else that a client keeps."""
        net = self.refuser()
        known = self.client(net.address, "alice", pin=self.room.fingerprint)
        known.expect("ready")
        self.assertEqual(known.leave(), 0)
        before = self.files("of-alice")
        self.assertIn("known_servers", before)
        for code in (*range(1, 8), 255):
            net.code = code
            client = self.client(net.address, "alice", "--trust-first")
            if code == wire.BUSY:
                client.expect("disconnected")
                client.kill()
            else:
                self.assertEqual(client.end(), 5)
            self.assertEqual(self.files("of-alice"), before)
        net.code = None
        self.client(net.address, "alice").expect("ready")


if __name__ == "__main__":
    sotto.main()
