"""A client on a terminal: what stands on the screen, key by key."""

import re
import signal

import sotto
from proxy import DOWN, Proxy

EVIL = ("\x1b[2J\x1b[H\x1b]0;owned\x07\x1b[31mred\x9b1;1H\x08\x08\x7f"
        "\r\nroot: I am not root\x00\u202eright to left\u2066"
        "\x1bP1;1|17/ab\x1b\\\x1b_G\x1b\\")


class Asleep(Proxy):
    """`person` sleeps while the server's first words come, and a signal: both
    are there at once when he wakes up."""

    person = None

    def put(self, direction, sink, data):
        if direction != DOWN or self.person is None:
            return super().put(direction, sink, data)
        person, self.person = self.person, None
        person.signal(signal.SIGSTOP)
        super().put(direction, sink, data)
        person.signal(signal.SIGTERM)
        person.signal(signal.SIGCONT)


class Terminal(sotto.Case):
    def setUp(self):
        super().setUp()
        self.room = self.server()
        self.bob = self.member(self.room, "bob")

    def alice(self, **more):
        return self.chatter(self.room, "alice", register=True, **more)

    def tearDown(self):
        for child in self.children:
            if child.screen is not None:
                self.assertEqual(child.screen.strange, [])

    def prompt_is(self, person, line):
        """The last row is the prompt with this line."""
        person.wait_for(lambda: person.last_row() == ("> " + line).rstrip(),
                        "the prompt with %r, screen:\n%s" % (
                            line, person.screen.text()))

    def test_a_message_does_not_destroy_the_line_being_typed(self):
        alice = self.alice()
        alice.type("half a sen")
        self.prompt_is(alice, "half a sen")
        for i in range(30):
            self.bob.said("interruption %d" % i)
        alice.sees("bob: interruption 29")
        self.prompt_is(alice, "half a sen")
        alice.type("tence")
        self.prompt_is(alice, "half a sentence")
        alice.enter()
        self.bob.expect("message", text="half a sentence")
        alice.sees("alice: half a sentence")
        self.prompt_is(alice, "")
        rows = alice.screen.text().splitlines()
        shown = [row for row in rows if "interruption" in row]
        self.assertEqual(len(shown), 30)
        self.assertFalse(any("half a sen" in row and "interruption" in row
                             for row in rows))

    def test_the_cursor_stays_where_it_was(self):
        alice = self.alice()
        alice.type("abcdef\x1b[D\x1b[D\x1b[D")
        self.prompt_is(alice, "abcdef")
        self.bob.said("look")
        alice.sees("bob: look")
        alice.type("XY\x7f")
        self.prompt_is(alice, "abcXdef")
        with alice.news:
            self.assertEqual(alice.screen.column, len("> abcX"))
        alice.enter()
        self.bob.expect("message", text="abcXdef")

    def test_editing_and_history(self):
        alice = self.alice()
        for line in ("first line", "second line"):
            alice.enter(line)
            self.bob.expect("message", text=line)
        alice.type("\x1b[A\x1b[A")
        self.prompt_is(alice, "first line")
        alice.type("\x1b[B")
        self.prompt_is(alice, "second line")
        alice.type("\x01\x0bnew\x01>> \x05 end\x17\x17")
        self.prompt_is(alice, ">>")
        alice.type("\x15")
        self.prompt_is(alice, "")

    def test_text_of_any_script(self):
        alice = self.alice()
        line = "gr\u00fc\u00dfe \u4e2d\u6587 \U0001f642 e\u0301"
        alice.type(line[:9])
        self.bob.said("\u65e5\u672c\u8a9e")
        alice.sees("bob: \u65e5\u672c\u8a9e")
        alice.type(line[9:])
        self.prompt_is(alice, line)
        alice.type("\x7f")  # the letter and its mark
        self.prompt_is(alice, line[:-2])
        alice.type(line[-2:])
        alice.enter()
        self.bob.expect("message", text=line)
        alice.sees("alice: " + line)
        # Bytes that come one at a time, and bytes that are no text.
        for byte in "\u4e2d".encode():
            alice.write(bytes([byte]))
        alice.write(b"\xff\xc0")
        self.prompt_is(alice, "\u4e2d")
        alice.enter()
        self.bob.expect("message", text="\u4e2d")

    def test_control_sequences_of_others_do_nothing(self):
        alice = self.alice()
        alice.type("my line")
        self.bob.write(EVIL.replace("\r\n", "\r\v").encode() + b"\n")
        self.bob.expect("acked")
        self.bob.said("after")
        alice.sees("bob: after")
        self.prompt_is(alice, "my line")
        text = alice.screen.text()
        self.assertIn("you are in #lobby", text)  # nothing was cleared
        self.assertIn("red", text)
        self.assertEqual(alice.screen.strange, [])
        self.assertFalse(any(row.startswith("root:")
                             for row in text.splitlines()))
        for char in "\u202e\u2066\x9b":
            self.assertNotIn(char, text)
        self.assertNotIn(b"\x07", alice.out)

    def test_control_sequences_on_pipes(self):
        self.assertEqual(self.member(self.room, "alice").leave(), 0)
        self.bob.write(EVIL.replace("\r\n", "\r\v").encode() + b"\n")
        self.bob.expect("acked")
        password = self.folder / "password"
        password.write_text(sotto.PASSWORD)
        code, out, err = self.run_sotto(
            "client", self.room.address, "--user", "alice", "--password-file",
            password, "--min-iterations", "1000", "--data",
            self.folder / "of-alice", stdin=b"me too\n")
        self.assertEqual(code, 0)
        self.assertIn("red", out)
        self.assertNotRegex(out + err, r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
        # JSON has them too, escaped and exact.
        carol = self.member(self.room, "carol")
        seen = carol.expect("message", **{"from": "bob"})
        self.assertIn("\x1b[2J", seen["text"])
        self.assertNotRegex(carol.out.decode(), r"[\x00-\x09\x0b-\x1f\x7f]")

    def test_several_lines_in_one_message_stay_one_message(self):
        """A newline in a text cannot pretend to be another person."""
        from wire import Member
        alice = self.alice()
        with Member(self.room.port, "mallory") as mallory:
            mallory.enter()
            mallory.post("hi\nbob: I owe mallory 100\r\n12:00 bob: truly")
        alice.sees("truly")
        for row in alice.rows():
            self.assertNotRegex(row, r"^(\d\d:\d\d )?bob: ")

    def test_commands(self):
        alice = self.alice()
        alice.enter("/help")
        for word in ("/who", "/quit", "/help", "exit"):
            alice.sees(word)
        alice.enter("/who")
        alice.sees_match(r"(?m)^ +bob$")
        alice.sees_match(r"(?m)^ +alice$")
        alice.enter("/nonsense")
        alice.sees("no such command")
        alice.enter("//help")
        self.bob.expect("message", text="/help")
        alice.enter("/quit")
        self.assertEqual(alice.end(), 0)
        self.bob.expect("left", user="alice")
        self.assertEqual(self.bob.texts(), ["/help"])

    def leaves(self, keys):
        alice = self.chatter(self.room, "alice")
        alice.type(keys)
        self.assertEqual(alice.end(), 0, keys)
        self.bob.expect("left", user="alice")
        self.assertFalse(alice.screen.paste_mode, "left on by " + repr(keys))

    def test_ways_to_leave(self):
        self.assertEqual(self.member(self.room, "alice").leave(), 0)
        self.bob.expect("left", user="alice")
        for keys in ("exit\r", "/quit\r", "\x04", "\x03"):
            self.leaves(keys)
        self.assertEqual(self.bob.texts(), [])

    def test_who_is_to_end_asks_nothing_first(self):
        """However close the signal comes behind what is to be asked about."""
        proxy = Asleep(self.room.port)
        self.addCleanup(proxy.close)
        alice = self.person("client", proxy.address, "--user", "alice")
        proxy.person = alice
        alice.answer("Password: ", sotto.PASSWORD)
        self.assertIn(alice.end(), (1, 4))

    def test_a_question_takes_answers_of_any_length(self):
        alice = self.person("client", self.room.address, "--user", "alice")
        alice.answer("Password: ", sotto.PASSWORD)
        alice.answer("Is it the right one (yes, no)? ",
                     "no idea, where would I see that?")
        alice.sees_match(r"that\?\s+Is it the right one \(yes, no\)\?$")
        alice.enter("no")
        self.assertEqual(alice.end(), 4)

    def test_the_terminal_is_left_as_it_was(self):
        import termios
        self.assertEqual(self.member(self.room, "alice").leave(), 0)
        alice = self.chatter(self.room, "alice")
        raw = termios.tcgetattr(alice.master)[3]
        self.assertEqual(raw & termios.ECHO, 0)
        alice.enter("exit")
        self.assertEqual(alice.end(), 0)
        left = termios.tcgetattr(alice.master)[3]
        self.assertEqual(left & (termios.ECHO | termios.ICANON),
                         termios.ECHO | termios.ICANON)

    def test_pasted_text_is_one_line_and_waits_for_enter(self):
        alice = self.alice()
        with alice.news:
            self.assertTrue(alice.screen.paste_mode)
        alice.write("\x1b[200~three\nlines\nof paste\n\x1b[201~")
        self.prompt_is(alice, "three lines of paste")
        self.assertEqual(self.bob.texts(), [])
        alice.enter("!")
        self.assertRegex(self.bob.expect("message")["text"],
                         r"^three lines of paste ?!$")

    def test_colours(self):
        alice = self.alice()
        self.bob.said("colourful")
        alice.sees("bob: colourful")
        self.assertGreater(alice.screen.colors, 0)
        alice.enter("exit")
        self.assertEqual(alice.end(), 0)
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            alice = self.chatter(self.room, "alice", env=env)
            self.bob.said("plain for " + list(env)[0])
            alice.sees("plain for")
            self.assertEqual(alice.screen.colors, 0, env)
            alice.enter("exit")
            self.assertEqual(alice.end(), 0)
        alice = self.chatter(self.room, "alice", env={"NO_COLOR": ""})
        alice.sees("bob: plain for TERM")
        self.assertGreater(alice.screen.colors, 0)

    def test_a_narrow_terminal_and_another_size(self):
        alice = self.alice(columns=20, rows=10)
        alice.type("a line that is longer than the screen is wide")
        alice.sees("wide")
        self.bob.said("and a message that is longer, too")
        alice.wait_for(lambda: re.search("longer, too.*wide$", alice.screen
                                         .text().replace("\n", "")),
                       "the message, and the line below it")
        with alice.news:
            alice.screen.resize(60, 12)
        alice.resize(60, 12)
        alice.type("!")
        alice.sees("longer than the screen is wide!")
        alice.enter()
        self.bob.expect(
            "message", text="a line that is longer than the screen is wide!")

    def test_typing_ahead_while_the_login_runs(self):
        """What is typed before the room is open is not lost."""
        self.assertEqual(self.member(self.room, "alice").leave(), 0)
        password = self.folder / "password"
        password.write_text(sotto.PASSWORD)
        alice = self.person(
            "client", self.room.address, "--user", "alice", "--password-file",
            password, "--min-iterations", "1000", "--data",
            self.folder / "of-alice")
        alice.write("early bird\r")
        self.bob.expect("message", text="early bird")

    def test_many_messages_at_once(self):
        """A screen that is slower than the room loses nothing."""
        alice = self.alice()
        for i in range(2000):
            self.bob.say("flood %d" % i)
        alice.sees("bob: flood 1999")
        shown = re.findall(r"bob: flood (\d+)", alice.screen.text())
        self.assertEqual(shown, [str(i) for i in range(2000)])


if __name__ == "__main__":
    sotto.main()
