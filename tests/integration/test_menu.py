"""The menu path of the seed: `sotto`, 1 for a server; `sotto`, 2 for a client
who registers, then logs in. In a network of its own where the system allows,
because the menu's server takes the default port."""

import ctypes
import fcntl
import os
import signal
import socket
import struct
import unittest

import sotto

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1
PORT = 7688


def own_network():
    """A network with nothing but a loopback; False where not allowed."""
    flags = CLONE_NEWNET | (CLONE_NEWUSER if os.geteuid() != 0 else 0)
    if sotto.LIBC.unshare(ctypes.c_int(flags)) != 0:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    return True


def is_port_free():
    try:
        with socket.create_server(("127.0.0.1", PORT)):
            return True
    except OSError:
        return False


class Menu(sotto.Case):
    @classmethod
    def setUpClass(cls):
        if not own_network():
            # Others may run the same test at this moment: in turn, then.
            cls.lock = open("/tmp/sotto-test-%d.lock" % os.getuid(), "w")
            fcntl.flock(cls.lock, fcntl.LOCK_EX)
            if not is_port_free():
                raise unittest.SkipTest("port %d is in use" % PORT)

    def menu(self, home, answer):
        person = self.person(env={"HOME": str(self.folder / home)})
        person.sees("1  run a server")
        person.sees("2  join as a client")
        person.answer("1 or 2: ", answer)
        return person

    def test_the_seeds_path(self):
        operator = self.menu("operator", "1")
        operator.sees(" server ready ")
        ready = operator.sees_match(
            r"fingerprint=([a-z2-7-]+)\n?([a-z2-7-]*)")
        fingerprint = ready.group(1) + ready.group(2)

        alice = self.menu("alice", "2")
        alice.answer("Server", "")
        alice.answer("1 to register, 2 to log in: ", "1")
        alice.answer("User name: ", "alice")
        alice.answer("New password: ", sotto.PASSWORD)
        alice.answer("The same again: ", sotto.PASSWORD)
        alice.sees(fingerprint)
        alice.answer("Is it the right one", "yes")
        alice.sees("the account was made")
        alice.sees("you are in #lobby as alice")
        alice.enter("exit")
        self.assertEqual(alice.end(), 0)

        alice = self.menu("alice", "2")
        alice.answer("Server", "localhost")
        alice.answer("1 to register, 2 to log in: ", "2")
        alice.answer("User name: ", "alice")
        alice.answer("Password: ", sotto.PASSWORD)
        alice.sees("you are in #lobby as alice")
        self.assertNotIn("right one", alice.screen.text())

        bob = self.menu("bob", "2")
        bob.answer("Server", "127.0.0.1")
        bob.answer("1 to register, 2 to log in: ", "1")
        bob.answer("User name: ", "bob")
        bob.answer("New password: ", "another-password")
        bob.answer("The same again: ", "another-password")
        bob.answer("Is it the right one", "yes")
        bob.sees("you are in #lobby as bob")
        alice.sees("bob joined")
        alice.enter("hello bob")
        bob.sees("alice: hello bob")
        bob.enter("hello alice")
        alice.sees("bob: hello alice")
        for person in (alice, bob):
            self.assertNotIn(sotto.PASSWORD.encode(), person.out)
            self.assertEqual(person.screen.strange, [])
        bob.enter("/quit")
        self.assertEqual(bob.end(), 0)
        alice.sees("bob left")
        operator.write("\x03")  # Control-C
        self.assertEqual(operator.end(), 0)
        operator.sees(" server stopped")
        alice.sees("trying again")
        alice.enter("exit")
        self.assertEqual(alice.end(), 0)

    def test_answers_that_make_no_sense_are_asked_again(self):
        person = self.menu("home", "3")
        person.sees("Please type 1 or 2")
        person.answer("1 or 2: ", "client")
        person.answer("Server", "not an address!")
        person.sees("This is not an address")
        person.answer("Server", "localhost")
        person.answer("1 to register, 2 to log in: ", "1")
        person.answer("User name: ", "Alice Liddell")
        person.sees("no capitals")
        person.answer("User name: ", "alice")
        person.answer("New password: ", "one")
        person.answer("The same again: ", "two")
        person.sees("not the same")
        person.answer("New password: ", "")
        person.answer("User name: ", "q")
        self.assertEqual(person.end(), 0)

    def test_leaving_at_any_question(self):
        """A person owes nobody an answer."""
        for way in ("q\r", "quit\r", "\x04", "\x03"):
            person = self.person(env={"HOME": str(self.folder)})
            person.sees("1 or 2:")
            person.type(way)
            self.assertEqual(person.end(), 0, way)
            self.assertNotIn("sotto:", person.screen.text())
        person = self.menu("home", "2")
        person.answer("Server", "")
        person.sees("1 to register, 2 to log in:")
        person.type("\x04")
        self.assertEqual(person.end(), 0)
        self.assertNotIn("sotto:", person.screen.text())

    def test_a_program_is_told_which_answer_is_missing(self):
        """Nobody looks at the questions when the input is a pipe."""
        questions = ("1 or 2:", "Server (Enter for localhost):",
                     "1 to register, 2 to log in:", "User name:", "Password:")
        answers = ("2", "", "2", "alice")
        for count, question in enumerate(questions):
            lines = "".join(line + "\n" for line in answers[:count])
            code, out, err = self.run_sotto(stdin=lines.encode())
            self.assertEqual((code, out), (2, ""), question)
            self.assertIn('"%s"' % question, err)
            self.assertIn("'sotto --help'", err)
            left = self.run_sotto(stdin=(lines + "quit\n").encode())
            if question != "Password:":  # which it could be
                self.assertEqual(left, (0, "", ""), question)
        code, out, err = self.run_sotto("client", "localhost")
        self.assertEqual((code, out), (2, ""))
        self.assertIn('"1 to register, 2 to log in:"', err)

    def test_a_terminal_that_goes_away(self):
        """As when a window is closed: SIGHUP, or the end of input."""
        person = self.menu("home", "2")
        person.sees("Server")
        person.signal(signal.SIGHUP)
        self.assertIn(person.end(), (0, 1))
        person = self.menu("home", "2")
        person.sees("Server")
        person.hang_up()
        self.assertIn(person.end(), (0, 1))

    def test_wrong_password_asks_again(self):
        operator = self.menu("operator", "1")
        operator.sees(" server ready ")
        home = {"HOME": str(self.folder / "alice")}
        alice = self.menu("alice", "2")
        alice.answer("Server", "")
        alice.answer("1 to register, 2 to log in: ", "1")
        alice.answer("User name: ", "alice")
        alice.answer("New password: ", sotto.PASSWORD)
        alice.answer("The same again: ", sotto.PASSWORD)
        alice.answer("Is it the right one", "yes")
        alice.sees("you are in #lobby")
        alice.enter("exit")
        self.assertEqual(alice.end(), 0)

        alice = self.person("client", "localhost", "--user", "alice", env=home)
        alice.answer("Password: ", "wrong")
        alice.sees("wrong password")
        alice.answer("User name: ", "alice")
        alice.answer("Password: ", sotto.PASSWORD)
        alice.sees("you are in #lobby as alice")
        operator.signal(signal.SIGTERM)
        self.assertEqual(operator.end(), 0)


if __name__ == "__main__":
    sotto.main()
