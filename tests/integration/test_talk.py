"""People register, log in and talk; what programs see of it with --json."""

import json

import sotto


class Talk(sotto.Case):
    def test_three_clients_see_everything_once_in_the_same_order(self):
        server = self.server()
        people = [self.member(server, name) for name in
                  ("alice", "bob", "carol")]
        for turn in range(20):
            for person in people:
                person.say("%s says %d" % (person.user, turn))
        for person in people:
            person.wait_for(lambda: len(person.all("acked")) == 20, "20 acks")
            person.wait_for(lambda: len(person.texts()) == 40, "40 messages")
        self.check_order(people)
        for person in people:
            self.assertEqual(person.leave(), 0)
        self.assertEqual(server.stop(), 0)

    def check_order(self, people):
        """What was said by all, put together from what each has seen."""
        orders = []
        for person in people:
            seen = {e["seq"]: (e["from"], e["text"])
                    for e in person.all("message")}
            self.assertEqual(len(seen), 40)
            acks = [e["seq"] for e in person.all("acked")]
            self.assertEqual(acks, sorted(acks))
            for turn, seq in enumerate(acks):
                self.assertNotIn(seq, seen)
                seen[seq] = (person.user, "%s says %d" % (person.user, turn))
            numbers = [e["seq"] for e in person.all("message")]
            self.assertEqual(numbers, sorted(numbers))
            orders.append(seen)
        self.assertEqual(orders[0], orders[1])
        self.assertEqual(orders[0], orders[2])

    def test_events_are_as_promised(self):
        server = self.server()
        alice = self.member(server, "alice")
        self.assertEqual(alice.all("ready"), [
            {"event": "ready", "user": "alice", "room": "#lobby"}])
        bob = self.member(server, "bob")
        joined = alice.expect("joined", user="bob", room="#lobby")
        seq = bob.said("hello")
        heard = alice.expect("message", room="#lobby", text="hello")
        self.assertEqual(heard["from"], "bob")
        self.assertEqual(heard["seq"], seq)
        self.assertGreater(seq, joined["seq"])
        self.assertEqual(bob.all("acked")[0]["room"], "#lobby")
        self.assertEqual(bob.leave(), 0)
        self.assertGreater(alice.expect("left", user="bob")["seq"], seq)
        self.assertEqual(bob.err, b"")

    def test_input_that_ends_is_acknowledged_before_the_client_leaves(self):
        server = self.server()
        alice = self.member(server, "alice")
        bob = self.client(server, "bob", register=True)
        bob.write("".join("line %d\n" % i for i in range(500)) + "no newline")
        self.assertEqual(bob.leave(), 0)
        self.assertEqual(len(bob.all("acked")), 501)
        alice.wait_for(lambda: len(alice.texts()) == 501, "501 messages")
        self.assertEqual(alice.texts(), ["line %d" % i for i in range(500)]
                         + ["no newline"])

    def test_commands(self):
        server = self.server()
        alice = self.member(server, "alice")
        bob = self.member(server, "bob")
        alice.say("/who")
        self.assertEqual({alice.expect("present")["user"],
                          alice.expect("present")["user"]}, {"alice", "bob"})
        alice.say("/nonsense")
        self.assertEqual(alice.expect("error")["code"], "command")
        alice.say("//slash")
        bob.expect("message", text="/slash")
        alice.say("")  # nothing is said
        alice.say("/quit")
        self.assertEqual(alice.end(), 0)
        bob.expect("left", user="alice")
        bob.say("exit")
        self.assertEqual(bob.end(), 0)
        self.assertEqual(bob.texts(), ["/slash"])

    def test_any_text_arrives_as_it_was_said(self):
        server = self.server()
        alice = self.member(server, "alice")
        bob = self.member(server, "bob")
        texts = ["gr\u00fc\u00dfe \u4e2d\u6587 \U0001f642 e\u0301",
                 "\"quotes\" \\ back {\"event\":\"error\"}", "tab\tin it",
                 "\x1b[2J\x1b]0;title\x07", "\u200f\u202eright", "x" * 4096]
        for text in texts:
            alice.say(text)
        for text in texts:
            bob.expect("message", text=text)
        alice.say("y" * 4097)
        self.assertEqual(alice.expect("error")["code"], "text")
        alice.write(b"\xff\xfe broken\n")
        self.assertEqual(alice.expect("error")["code"], "text")
        alice.said("still here")
        bob.expect("message", text="still here")

    def test_earlier_messages_are_shown_at_login(self):
        server = self.server()
        alice = self.member(server, "alice")
        for i in range(30):
            alice.said("old %d" % i)
        bob = self.member(server, "bob")
        bob.wait_for(lambda: "old 29" in bob.texts(), "the last message")
        alice.said("new")
        bob.expect("message", text="new")
        shown = bob.texts()
        self.assertEqual(shown, ["old %d" % i for i in
                                 range(31 - len(shown), 30)] + ["new"])
        self.assertGreaterEqual(len(shown), 19)
        carol = self.member(server, "carol", "--history", "0")
        alice.said("newer")
        carol.expect("message", text="newer")
        self.assertEqual(carol.texts(), ["newer"])

    def test_the_same_person_twice(self):
        """Two clients of one account both talk, both see it."""
        server = self.server()
        first = self.member(server, "alice")
        second = self.client(server, "alice", data=self.folder / "other")
        second.expect("ready", user="alice")
        first.said("from the first")
        second.expect("message", text="from the first")
        second.said("from the second")
        first.expect("message", text="from the second")
        self.assertEqual(second.leave(), 0)
        first.said("still here")

    def test_pipes_without_json(self):
        """Plain lines on a pipe: messages on stdout, remarks on stderr."""
        server = self.server()
        alice = self.member(server, "alice")
        self.assertEqual(self.member(server, "bob").leave(), 0)
        password = self.folder / "password"
        password.write_text(sotto.PASSWORD)
        alice.said("before")
        code, out, err = self.run_sotto(
            "client", server.address, "--user", "bob", "--password-file",
            password, "--pin", server.fingerprint, "--min-iterations", "1000",
            "--data", self.folder / "of-bob", stdin=b"from a pipe\n")
        self.assertEqual(code, 0)
        alice.expect("message", text="from a pipe")
        self.assertRegex(out, r"(?m)^\d\d:\d\d alice: before$")
        self.assertNotIn("\x1b", out + err)
        self.assertIn("you are in #lobby as bob", err)

    def test_every_suite(self):
        server = self.server()
        people = [self.member(server, name, "--suite", name) for name in
                  ("a128cbchs256", "aesgcm", "chachapoly")]
        for person in people:
            person.said("with " + person.user)
        for person in people:
            for other in people:
                if other is not person:
                    person.expect("message", text="with " + other.user)
                    person.at = 0

    def test_json_lines_are_flat_objects(self):
        server = self.server()
        alice = self.member(server, "alice")
        alice.said("x")
        self.assertEqual(alice.leave(), 0)
        for line in alice.out.decode().splitlines():
            for value in json.loads(line).values():
                self.assertIsInstance(value, (str, int))


if __name__ == "__main__":
    sotto.main()
