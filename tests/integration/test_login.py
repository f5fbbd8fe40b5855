"""Who is let in, which server is trusted, and what the exit code says."""

import itertools
import re
import socket
import time

import proxy
import sotto

LOGIN = 3
IDENTITY = 4
NETWORK = 5


class Accounts(sotto.Case):
    def refused(self, client, *codes):
        """The client ends with exit code 3 and one error of one of these
        codes."""
        self.assertEqual(client.end(), LOGIN)
        [error] = client.all("error")
        self.assertIn(error["code"], codes)
        self.assertEqual(client.all("ready"), [])
        return error["text"]

    def test_wrong_password_and_unknown_user_look_the_same(self):
        server = self.server()
        self.assertEqual(self.member(server, "alice").leave(), 0)
        pin = server.fingerprint
        wrong = self.client(server, "alice", password="wrong", pin=pin)
        text = self.refused(wrong, "login")
        unknown = self.client(server, "nobody", pin=pin)
        self.assertEqual(self.refused(unknown, "login"), text)
        self.assertIn("wrong password", text)
        self.assertNotIn("in between", text)
        again = self.client(server, "alice", pin=pin)
        again.expect("ready")

    def test_wrong_password_at_a_first_meeting_speaks_of_a_third_one(self):
        server = self.server()
        self.assertEqual(self.member(server, "alice").leave(), 0)
        stranger = self.client(server, "alice", password="wrong",
                               data=self.folder / "empty")
        self.assertIn("in between", self.refused(stranger, "login"))
        # And the key was not remembered: the login did not prove it.
        self.assertFalse(any("127.0.0.1" in path.read_text() for path in
                             (self.folder / "empty").glob("known_*")))

    def test_name_taken(self):
        server = self.server()
        self.assertEqual(self.member(server, "alice").leave(), 0)
        thief = self.client(server, "alice", password="another",
                            register=True)
        self.refused(thief, "name_taken")
        self.client(server, "alice").expect("ready")

    def test_names_and_passwords_that_are_not_allowed(self):
        server = self.server()
        for name in ("Alice", "with space", "", "x" * 33, "na\u00efve", "a/b"):
            client = self.client(server, name, register=True,
                                 data=self.folder / "data")
            self.assertEqual(client.end(), 2, name)
        client = self.client(server, "alice", password="", register=True)
        self.assertEqual(client.end(), 2)
        client = self.client(server, "alice", "--password-file", "/nowhere")
        self.assertEqual(client.end(), 2)
        self.assertIn("/nowhere", client.all("error")[0]["text"])

    def test_a_password_of_any_script(self):
        """The same characters, composed and not, are one password."""
        server = self.server()
        one = self.member(server, "alice", password="\u00e9t\u00e9 \U0001f511")
        self.assertEqual(one.leave(), 0)
        two = self.client(server, "alice",
                          password="e\u0301te\u0301 \U0001f511")
        two.expect("ready")

    def test_registration_closed(self):
        server = self.server("--registration", "closed")
        self.refused(self.client(server, "alice", register=True), "closed")

    def test_registration_by_invitation(self):
        codes = self.folder / "codes"
        codes.write_text("# for friends\nopen-sesame\n\nother-code\n")
        server = self.server("--registration", "invite", "--invite-file",
                             codes)
        address = "sotto://%s@%s" % (server.fingerprint, server.address)

        def guest(name, suffix):
            return self.client(address + suffix, name, register=True,
                               pin=server.fingerprint)
        self.refused(guest("alice", ""), "code")
        self.refused(guest("alice", "/wrong"), "code")
        guest("alice", "/open-sesame").expect("ready")
        guest("bob", "/other-code").expect("ready")
        codes.write_text("new-code\n")
        server.signal(sotto.signal.SIGHUP)
        server.wait_for(lambda: server.err.count(b" invitations ") == 2,
                        "the new codes")
        self.refused(guest("carol", "/open-sesame"), "code")
        guest("carol", "/new-code").expect("ready")
        self.assertNotIn(b"new-code", server.err)

    def test_guessing_is_slowed_down(self):
        """Two guesses a minute: two at once, then one every half minute, which
        a slow machine may have waited for."""
        server = self.server("--login-tries", "2")
        self.assertEqual(self.member(server, "alice").leave(), 0)
        start = time.monotonic()
        for guesses in itertools.count():
            text = self.refused(self.client(server, "alice", password="wrong"),
                                "login", "throttled")
            if "wrong password" not in text:
                break
            self.assertLess(guesses, 2 + (time.monotonic() - start) // 30)
        self.assertGreaterEqual(guesses, 2)
        self.assertRegex(text, r"too many attempts.* \d+ s")
        self.member(server, "bob").said("others are not slowed")
        self.assertEqual(server.counters()["throttled"], 1)


class Identity(sotto.Case):
    def test_an_unknown_server_is_refused_unless_pinned(self):
        server = self.server()
        self.assertEqual(self.member(server, "alice").leave(), 0)
        password = self.folder / "password"
        password.write_text(sotto.PASSWORD)
        words = ["client", server.address, "--user", "alice",
                 "--password-file", password, "--data", self.folder / "new",
                 "--min-iterations", "1000", "--json"]
        code, out, _ = self.run_sotto(*words)
        self.assertEqual(code, IDENTITY)
        self.assertIn('"code":"identity"', out)
        self.assertIn(server.fingerprint, out)
        self.assertEqual(server.counters()["logins"], 1)
        code, out, _ = self.run_sotto(*words, "--pin", server.fingerprint)
        self.assertEqual(code, 0, out)
        # Proved by that login: known from now on.
        code, out, _ = self.run_sotto(*words)
        self.assertEqual(code, 0, out)

    def test_a_pin_in_the_address(self):
        server = self.server()
        address = "sotto://%s@%s" % (server.fingerprint, server.address)
        self.assertEqual(self.member(address, "alice").leave(), 0)
        short = server.fingerprint.replace("-", "").upper()
        self.client("sotto://%s@%s" % (short, server.address),
                    "alice").expect("ready")

    def test_a_wrong_pin(self):
        server, other = self.server(), self.server(data="other")
        client = self.client(server, "alice", register=True,
                             pin=other.fingerprint)
        self.assertEqual(client.end(), IDENTITY)
        text = client.all("error")[0]["text"]
        self.assertIn(server.fingerprint, text)
        self.assertIn(other.fingerprint, text)
        self.assertEqual(server.counters()["registrations"], 0)

    def test_a_changed_key_is_a_hard_stop(self):
        server = self.server()
        port = server.port
        client = self.member(server, "alice")
        self.assertEqual(client.leave(), 0)
        self.assertEqual(server.stop(), 0)
        other = self.server(data="other", port=port)
        for _ in range(2):
            client = self.client(other, "alice")  # with --trust-first
            self.assertEqual(client.end(), IDENTITY)
            self.assertIn("ANOTHER KEY", client.all("error")[0]["text"])
        self.assertEqual(other.counters()["refused_logins"], 0)

    def test_a_key_that_changes_while_the_client_reconnects(self):
        server = self.server()
        port = server.port
        client = self.member(server, "alice")
        client.said("to the true one")
        server.kill()
        client.expect("disconnected")
        client.say("not for the other one")
        self.server(data="other", port=port)
        self.assertEqual(client.end(), IDENTITY)
        self.assertIn("ANOTHER KEY", client.expect("error")["text"])

    def test_a_damaged_line_of_known_servers_is_no_first_meeting(self):
        server = self.server()
        self.assertEqual(self.member(server, "alice").leave(), 0)
        known = self.folder / "of-alice" / "known_servers"
        known.write_text(re.sub(r"-[a-z2-7]{4}-", "-", known.read_text(),
                                count=1))
        client = self.client(server, "alice")
        self.assertNotEqual(client.end(), 0)
        self.assertRegex(client.all("error")[0]["text"],
                         r"known_servers line \d+:")

    def test_a_weaker_derivation_than_before_is_refused(self):
        """A server with an account of the same name, but fewer rounds."""
        server = self.server()
        port = server.port
        client = self.client(server, "alice", "--iterations", "2000",
                             register=True)
        client.expect("ready")
        self.assertEqual(client.leave(), 0)
        self.assertEqual(server.stop(), 0)
        (self.folder / "server" / "credentials.json").unlink()
        server = self.server(port=port)
        self.assertEqual(self.member(server, "alice",
                                     data=self.folder / "new").leave(), 0)
        client = self.client(server, "alice")
        self.assertEqual(client.end(), IDENTITY)
        self.assertIn("weaker", client.all("error")[0]["text"])


class Cutter(proxy.Proxy):
    """Cuts the first connections, each a little later than the one before."""

    def __init__(self, target, cuts):
        self.cuts = cuts
        super().__init__(target)

    def handle(self, client):
        if self.connections > self.cuts:
            return super().handle(client)
        try:
            client.recv(44 * (self.connections - 1))
        finally:
            proxy.end(client)


class Network(sotto.Case):
    def test_no_server_there(self):
        address = "127.0.0.1:%d" % self.own_port()
        client = self.client(address, "alice")
        self.assertEqual(client.end(), NETWORK)
        self.assertIn("no server is running there",
                      client.all("error")[0]["text"])

    def test_a_name_that_does_not_exist(self):
        client = self.client("no-such-host.invalid", "alice")
        self.assertEqual(client.end(), NETWORK)
        self.assertIn("no-such-host.invalid", client.all("error")[0]["text"])

    def test_something_else_listens_there(self):
        for answer in (b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"x" * 2000,
                       b"\0\0\5", b"\0\0\2", b""):
            with socket.create_server(("127.0.0.1", 0)) as listener:
                listener.settimeout(sotto.WAIT)
                client = self.client("127.0.0.1:%d"
                                     % listener.getsockname()[1], "alice")
                with listener.accept()[0] as sock:
                    listener.close()
                    sock.recv(44)
                    sock.sendall(answer)
                    sock.shutdown(socket.SHUT_WR)
                    self.assertEqual(client.end(), NETWORK, answer)
                self.assertEqual(client.all("error")[0]["code"], "network")

    def between(self, cuts):
        net = Cutter(self.server().port, cuts)
        self.addCleanup(net.close)
        return net

    def test_a_cut_before_the_login_is_no_end(self):
        """So it looks where a crowd comes at once, or the network is bad."""
        net = self.between(3)
        alice = self.member(net.address, "alice")
        self.assertEqual(alice.leave(), 0)
        self.assertEqual(net.connections, 4)
        ends = alice.all("disconnected")
        self.assertEqual(len(ends), 3)
        for end in ends:
            self.assertIn("was cut", end["text"])
            self.assertGreater(end["retry_ms"], 0)

    def test_cuts_before_the_login_are_an_end_in_the_end(self):
        net = self.between(100)
        client = self.client(net.address, "alice", register=True)
        self.assertEqual(client.end(), NETWORK)
        self.assertIn("was cut", client.all("error")[0]["text"])
        self.assertEqual(net.connections, 5)

    def test_a_registration_whose_answer_is_lost(self):
        """Dialled again, the client finds that the account is its own."""
        class Deaf(proxy.Proxy):
            def change(self, direction, unit):
                if direction == proxy.DOWN and self.connections == 1:
                    raise OSError("cut")
                return unit
        net = Deaf(self.server().port)
        self.addCleanup(net.close)
        alice = self.member(net.address, "alice")
        self.assertEqual(alice.leave(), 0)
        self.assertEqual(net.connections, 2)


if __name__ == "__main__":
    sotto.main()
