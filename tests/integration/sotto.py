"""sotto.py - real servers and clients for tests.

Server, Client (JSON) and Person (a client on a pseudo-terminal) are child
processes of the test; Case starts them, ends them whatever happens, looks for
what the sanitizers say, and shows what they wrote when a test fails. Nothing
here asserts speed: every wait is for something to happen, for up to a minute
after the last word of the one that is waited for.

The program is $SOTTO_BIN; every child gets an empty home folder. sotto_lwip is
the same program on another network stack: its address is its own, but ports
that it listens on are forwarded to it from 127.0.0.1, and what it connects to
is reached as from here.
"""

import ctypes
import errno
import fcntl
import json
import os
import pathlib
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

from screen import Screen

BIN = os.environ.get("SOTTO_BIN", "sotto")
WORKERS = os.environ.get("SOTTO_WORKERS")  # of every server; else its default
DELAYS = os.environ.get("SOTTO_DELAYS")  # delays.c, for every child
ON_LWIP = BIN.endswith("_lwip")
HERE = "127.0.0.15" if ON_LWIP else "127.0.0.1"  # what a server listens on
WAIT = 60  # seconds
LONGEST = 300  # for somebody who goes on and on, but not to the end
PASSWORD = "tango-foxtrot-7"
ITERATIONS = "1000"

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1

SANITIZER = re.compile(r"Sanitizer|runtime error:|SUMMARY: ")


def die_with_parent():
    """In the child: it must not outlive a test that is killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def until(condition, what, wait=WAIT):
    """Waits for something that nobody tells us of."""
    end = time.monotonic() + wait
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError("waited in vain for " + what)
        time.sleep(0.02)


class Patience:
    """Begins anew with each word of a child's."""

    def __init__(self, child):
        self.child = child
        self.heard = -1
        self.last = time.monotonic() + LONGEST

    def is_over(self):
        now = time.monotonic()
        heard = len(self.child.out) + len(self.child.err)
        if heard != self.heard:
            self.heard = heard
            self.end = min(now + WAIT, self.last)
        return now > self.end


class Child:
    """A process, and threads that read what it writes."""

    def __init__(self, case, args, env=None, terminal=None, limits=None,
                 stdin=subprocess.PIPE, program=BIN):
        self.name = " ".join(str(arg) for arg in args)
        self.news = threading.Condition()
        self.out = bytearray()  # they may become large, bit by bit
        self.err = bytearray()
        self.screen = None
        self.killed = False
        self.hanging_up = False
        self.threads = []
        streams = dict(stdin=stdin, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
        slave = None
        if terminal is not None:
            self.screen = terminal
            self.master, slave = os.openpty()
            self.resize(terminal.columns, terminal.height)
            streams = dict(stdin=slave, stdout=slave, stderr=slave)

        def prepare():
            die_with_parent()
            # Whatever started us, be it in the background of a script.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if slave is not None:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if limits is not None:
                limits()

        self.process = subprocess.Popen(
            [program] + [str(arg) for arg in args], env=case.environment(env or {}),
            preexec_fn=prepare, start_new_session=True, cwd=case.folder,
            restore_signals=limits is None, **streams)
        self.pid = self.process.pid
        case.children.append(self)
        if slave is not None:
            os.close(slave)
            self.read_from(self.master, self.take_screen)
        else:
            self.read_from(self.process.stdout.fileno(), self.take_out)
            self.read_from(self.process.stderr.fileno(), self.take_err)

    def read_from(self, fd, take):
        def run():
            data = b"more"
            poller = select.poll()  # select() knows 1,024 descriptors only
            poller.register(fd, select.POLLIN)
            while data:
                # A read that waits would keep a terminal open: see hang_up().
                while not poller.poll(100):
                    if self.hanging_up:
                        return
                try:
                    data = os.read(fd, 65536)
                except OSError as error:  # a terminal that nobody has open
                    if error.errno != errno.EIO:
                        raise
                    data = b""
                with self.news:
                    take(data)
                    self.news.notify_all()
        thread = threading.Thread(target=run, daemon=True)
        self.threads.append(thread)
        thread.start()

    def take_out(self, data):
        self.out += data

    def take_err(self, data):
        self.err += data

    def take_screen(self, data):
        self.out += data
        self.screen.feed(data)

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    # ---- waiting ----

    def wait_for(self, condition, what):
        """Waits until `condition()` is true of what the child has written."""
        patience = Patience(self)
        while True:
            with self.news:
                result = condition()
                if result:
                    return result
                self.news.wait(0.2)
            gone = self.process.poll() is not None
            if gone:
                self.join()
                with self.news:
                    result = condition()
                if result:
                    return result
            if gone or patience.is_over():
                raise AssertionError(
                    "%s: waited in vain for %s%s" % (
                        self.name, what, "; it has ended with %s"
                        % self.process.returncode if gone else ""))

    def wait_err(self, pattern):
        """Waits for a line on standard error; the match."""
        return self.wait_for(
            lambda: re.search(pattern, self.err.decode(errors="replace")),
            "%r on standard error" % pattern)

    def join(self):
        for thread in self.threads:
            thread.join(WAIT)

    def end(self):
        """Waits for its own end; the exit code."""
        patience = Patience(self)
        code = None
        while code is None:
            try:
                code = self.process.wait(1)
            except subprocess.TimeoutExpired:
                if patience.is_over():
                    raise AssertionError(self.name
                                         + ": does not end") from None
        self.join()
        return code

    # ---- acting ----

    def signal(self, number):
        """After SIGSTOP it stands still: what comes from now on finds it so."""
        os.kill(self.pid, number)
        if number == signal.SIGSTOP:
            until(self.stands_still, "the end of what it does")

    def stands_still(self):
        tasks = pathlib.Path("/proc/%d/task" % self.pid)
        try:
            return all(file.read_text().rpartition(")")[2].split()[0] == "T"
                       for file in tasks.glob("*/stat"))
        except OSError:
            return False  # one of its threads has just ended

    def kill(self):
        """The power cut: nothing is said, nothing is cleaned up."""
        self.killed = True
        self.process.kill()
        self.process.wait()
        self.join()

    def write(self, data):
        data = data.encode() if isinstance(data, str) else data
        if self.screen is not None:
            os.write(self.master, data)
        else:
            self.process.stdin.write(data)
            self.process.stdin.flush()

    def hang_up(self):
        """Closes the terminal, as when its window is closed."""
        if self.master is not None:
            self.hanging_up = True
            self.join()
            os.close(self.master)
            self.master = None

    def clean_up(self):
        """Ends it for good; what a sanitizer has found, or ''."""
        if self.process.poll() is None:
            self.killed = True
            self.process.kill()
        self.process.wait()
        self.join()
        if self.screen is not None:
            self.hang_up()
        else:
            for stream in (self.process.stdin, self.process.stdout,
                           self.process.stderr):
                try:
                    if stream is not None:
                        stream.close()
                except OSError:
                    pass
        text = (self.err + (self.out if self.screen else b"")).decode(
            errors="replace")
        crashed = not self.killed and self.process.returncode < 0
        if SANITIZER.search(text) or crashed:
            return "%s ended with %d:\n%s" % (
                self.name, self.process.returncode, text)
        return ""


class Server(Child):
    """`under`: a program, with its arguments, that runs it. Its port stays the
    test's own: whoever comes after it can listen there again."""

    def __init__(self, case, data, *args, port=0, wait=True, env=None,
                 limits=None, under=()):
        self.data = pathlib.Path(data)
        port = port or case.own_port()
        if WORKERS:
            args = ("--workers", WORKERS, *args)  # unless the test says
        program, *words = *under, BIN
        super().__init__(
            case, [*words, "server", "--listen", "%s:%d" % (HERE, port),
                   "--data", data, "--min-iterations", ITERATIONS, *args],
            env=env, limits=limits, program=program)
        if wait:
            self.wait_ready()

    def wait_ready(self):
        self.wait_err(r" server ready ")
        log = self.err.decode()
        self.port = int(re.search(
            r"listening address=\S*:(\d+)", log).group(1))
        self.fingerprint = re.search(r"fingerprint=(\S+)", log).group(1)
        self.address = "127.0.0.1:%d" % self.port

    def counters(self, kind="counters"):
        """What SIGUSR1 logs in a line of this kind, as a dict."""
        last = re.compile(rb" counters .*\n")  # line of a report
        start = len(self.err)
        self.signal(signal.SIGUSR1)
        self.wait_for(lambda: last.findall(self.err, start), "counters")
        line = [line for line in self.err[start:].decode().splitlines()
                if " %s " % kind in line][-1]
        return {key: int(value)
                for key, value in re.findall(r"(\w+)=(\d+)", line)}

    def arrived(self):
        """How many came, with those that were told to come later."""
        counters = self.counters()
        return counters["accepted"] + counters["turned_away"]

    def wait_counter(self, name, value):
        until(lambda: self.counters()[name] == value,
              "%s=%d of the server's counters" % (name, value))

    def stop(self):
        """SIGTERM; the exit code."""
        self.signal(signal.SIGTERM)
        return self.end()


class Client(Child):
    """A client with --json."""

    def __init__(self, case, address, user, *args, password=PASSWORD,
                 register=False, pin=None, data=None, env=None):
        path = case.folder / ("password-" + case.unique())
        path.write_text(password + "\n")
        words = ["client", address, "--user", user, "--password-file", path,
                 "--json", "--iterations", ITERATIONS, "--min-iterations",
                 ITERATIONS, "--data", data or case.folder / ("of-" + user)]
        words += ["--register"] if register else []
        words += ["--pin", pin] if pin else ["--trust-first"]
        self.at = 0  # events before this one were looked at
        self.events = []
        self.partial = b""
        super().__init__(case, words + list(args), env=env)
        self.user = user

    def take_out(self, data):
        self.out += data
        *lines, self.partial = (self.partial + data).split(b"\n")
        self.events += [json.loads(line) for line in lines]

    def expect(self, event, **fields):
        """The next such event from where the last one was found."""
        fields["event"] = event

        def find():
            for at in range(self.at, len(self.events)):
                if fields.items() <= self.events[at].items():
                    self.at = at + 1
                    return self.events[at]
            return None

        return self.wait_for(find, "%s; events: %s" % (
            fields, self.events[self.at :][-8:]))

    def all(self, event):
        with self.news:
            return [e for e in self.events if e["event"] == event]

    def texts(self):
        """What others said, in the order in which it came."""
        return [e["text"] for e in self.all("message")]

    def say(self, text):
        self.write(text + "\n")

    def said(self, text):
        """Says it and waits for the acknowledgement; its number."""
        before = len(self.all("acked"))
        self.say(text)
        self.wait_for(lambda: len(self.all("acked")) > before,
                      "the acknowledgement of %r" % text)
        return self.all("acked")[-1]["seq"]

    def leave(self):
        """End of input; the exit code."""
        self.process.stdin.close()
        return self.end()


class Person(Child):
    """Any command, on a terminal."""

    def __init__(self, case, args, columns=80, rows=24, env=None):
        super().__init__(case, args, env=env, terminal=Screen(columns, rows))

    def sees(self, text):
        """Waits until `text` stands on the screen or has scrolled away."""
        def shown():
            return text in self.screen.text()
        try:
            return self.wait_for(shown, "%r on the screen" % text)
        except AssertionError as error:
            raise AssertionError("%s:\n%s" % (error, self.screen.text()))

    def sees_match(self, pattern):
        try:
            return self.wait_for(
                lambda: re.search(pattern, self.screen.text()),
                "%r on the screen" % pattern)
        except AssertionError as error:
            raise AssertionError("%s:\n%s" % (error, self.screen.text()))

    def rows(self):
        with self.news:
            return self.screen.rows()

    def last_row(self):
        rows = [row for row in self.rows() if row]
        return rows[-1] if rows else ""

    def type(self, text):
        self.write(text)

    def enter(self, text=""):
        self.write(text + "\r")

    def answer(self, question, text):
        """Waits for a question on the last row, then answers it."""
        self.sees_match(re.escape(question.rstrip()) + r"[^\n]*$")
        self.enter(text)


class Case(unittest.TestCase):
    """A test with children; `folder` is its own and empty."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="sotto-test-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.children = []
        self.count = 0
        self.addCleanup(self.end_children)

    def run(self, result=None):
        def bad():
            return len(result.errors) + len(result.failures)
        before = bad() if result is not None else 0
        super().run(result)
        if result is not None and bad() > before:
            for child in self.children:
                self.show(child)

    @staticmethod
    def show(child):
        text = child.screen.text().encode() if child.screen else child.out
        print("\n=== %s (exit code %s)" % (child.name,
                                           child.process.returncode),
              file=sys.stderr)
        for name, data in (("output", text), ("errors", child.err)):
            lines = data.decode(errors="replace").splitlines()
            print("--- %s\n%s" % (name, "\n".join(lines[-60:])),
                  file=sys.stderr)

    def end_children(self):
        found = [child.clean_up() for child in reversed(self.children)]
        found = [text for text in found if text]
        if found:
            self.fail("a child crashed, or a sanitizer speaks:\n"
                      + "\n".join(found))

    def unique(self):
        self.count += 1
        return str(self.count)

    def environment(self, more):
        env = {key: value for key, value in os.environ.items()
               if key in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS",
                          "LSAN_OPTIONS", "TSAN_OPTIONS", "LLVM_PROFILE_FILE")}
        env.update(HOME=str(self.folder), LANG="C.UTF-8", TZ="UTC",
                   TERM="xterm-256color")
        if DELAYS:
            env["LD_PRELOAD"] = DELAYS
        env.update(more)
        return {key: value for key, value in env.items() if value is not None}

    # ---- starting things ----

    def server(self, *args, data="server", **more):
        return Server(self, self.folder / data, *args, **more)

    def client(self, server, user, *args, **more):
        address = server if isinstance(server, str) else server.address
        return Client(self, address, user, *args, **more)

    def short_deadline(self):
        """For a server's option: over soon, yet ten times what an honest
        newcomer needs on this machine as it is now."""
        server = self.server(data="rehearsal")
        start = time.monotonic()
        self.assertEqual(self.member(server, "rehearsal").leave(), 0)
        took = time.monotonic() - start
        self.assertEqual(server.stop(), 0)
        return "%ds" % min(30, max(4, 10 * took))

    def member(self, server, user, *args, **more):
        """A client that has registered and is in the room."""
        client = self.client(server, user, *args, register=True, **more)
        client.expect("ready", user=user)
        return client

    def person(self, *args, **more):
        return Person(self, args, **more)

    def run_sotto(self, *args, stdin=b"", env=None):
        """Runs a command to its end: exit code, output, errors."""
        child = Child(self, args, env=env)
        try:
            child.write(stdin)
            child.process.stdin.close()
        except BrokenPipeError:
            pass
        code = child.end()
        return code, child.out.decode(), child.err.decode()

    def chatter(self, server, user, password=PASSWORD, register=False,
                **more):
        """A client on a terminal, in the room."""
        if register:
            self.assertEqual(self.member(server, user).leave(), 0)
        path = self.folder / ("password-" + self.unique())
        path.write_text(password + "\n")
        person = self.person(
            "client", server.address, "--user", user, "--password-file", path,
            "--min-iterations", ITERATIONS, "--iterations", ITERATIONS, "--data",
            self.folder / ("of-" + user), "--pin", server.fingerprint, **more)
        person.wait_for(lambda: "you are in #lobby as " + user in
                        person.screen.text().replace("\n", ""), "the room")
        return person

    def device_says(self, server, address, user, text, *args):
        """A client without a password comes from that user's folder, as a
        device, says this and leaves."""
        device = Child(self, [
            "client", "sotto://%s@%s" % (server.fingerprint, address),
            "--json", "--data", self.folder / ("of-" + user), "--user", user,
            *args])
        device.wait_for(lambda: b'"ready"' in device.out, "the room")
        device.write(text + "\n")
        device.process.stdin.close()
        self.assertEqual(device.end(), 0)

    def own_port(self):
        """A port that nobody but this test gets, and on which nobody listens
        now."""
        holder = socket.socket()
        self.addCleanup(holder.close)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        return holder.getsockname()[1]


def main():
    unittest.main(verbosity=2)
