#!/usr/bin/env python3
"""A conversation between a server on a board, two Linux clients, a client on a
second board and a device on a third; all boards in QEMU.

    demo.py SOTTO FIRMWARE MACHINE

SOTTO is the program of the host, FIRMWARE the image, MACHINE QEMU's name of the
board. Prints what everybody saw and exits 0 only if all of it is right: the same
messages in the same order, a wrong password refused, no password left in a
board's memory, nothing lost when the server's power is cut, everyone told at the
end, all boards ended with 0. The second board comes back as a device of alice's,
by a code that is typed. The device (device.elf, beside FIRMWARE) answers and
raises an alarm, and when its power is cut it neither misses nor repeats what it
was asked.

SOTTO_FIRMWARE=small: the image is one without all that small_config.h leaves out.
"""

import json
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
import machine  # noqa: E402

# Seconds that anything may take: on a host that is busy an emulated clock goes
# many times slower than the host's.
WAIT = 300
PASSWORD = "tango-foxtrot-7"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")

IS_SMALL = os.environ.get("SOTTO_FIRMWARE") == "small"
SUITE = ["--suite", "chachapoly"] if IS_SMALL else []
SENSOR_MAC = "52:54:00:00:00:03"

CONVERSATION = [
    ("alice", "hello, board"),
    ("bob", "good morning from the other terminal"),
    ("charlie", "and from a Cortex-M3"),
    ("alice", "Gr\u00fc\u00dfe \u2713"),
    ("bob", "x" * 500),
    ("charlie", "understood"),
]


class Child:
    """A process whose output is kept."""

    is_by_line = False  # what is no whole line yet has not been said

    def __init__(self, name, args):
        self.name = name
        self.raw = b""
        self.text = ""
        self.news = threading.Condition()
        self.process = subprocess.Popen(
            args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while True:
            chunk = self.process.stdout.read1(65536)
            with self.news:
                self.raw += chunk
                end = self.raw.rfind(b"\n") + 1 \
                    if self.is_by_line and chunk else len(self.raw)
                self.text = ESCAPES.sub(
                    "", self.raw[:end].decode("utf-8", "replace"))
                self.news.notify_all()
            if not chunk:
                return

    def wait_for(self, pattern, start=0, wait=WAIT):
        """The first match behind `start`."""
        end = time.monotonic() + wait
        with self.news:
            while True:
                match = re.compile(pattern).search(self.text, start)
                if match:
                    return match
                left = end - time.monotonic()
                if left <= 0 or not self.reader.is_alive():
                    raise AssertionError(
                        "%s never said %r" % (self.name, pattern))
                self.news.wait(left)

    def send(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def end(self):
        """The exit code."""
        code = self.process.wait(WAIT)
        self.reader.join(WAIT)
        return code


class Board(Child):
    """`storage` is the file behind its flash; it survives the board."""

    def __init__(self, name, firmware, storage, mac, forwards="", *options):
        self.machine = firmware[0]
        self.control = storage.with_suffix(".qmp")
        super().__init__(name, machine.command(
            firmware[0], firmware[1], storage, "-display", "none",
            "-monitor", "none", "-qmp", "unix:%s,server,nowait" % self.control,
            "-serial", "stdio",
            "-nic", "user,mac=%s%s" % (mac, forwards), *options))
        self.at = 0

    def has_no_password(self, known):
        """Its RAM holds no password that was typed; but `known`, so that it is
        the right memory that was searched."""
        ram = machine.memory(self.machine, self.control,
                             self.control.with_suffix(".ram"))
        assert known.encode() in ram, "%s: not its memory" % self.name
        assert PASSWORD.encode() not in ram, \
            "%s keeps a password in memory" % self.name

    def answer(self, question, text):
        """Types `text` once the question has come."""
        self.at = self.wait_for(question, self.at).end()
        self.send(text + "\r")

    def register(self, name):
        """The person who sits there makes an account."""
        self.answer("1 to register", "1")
        self.answer("User name", name)
        self.answer("New password", PASSWORD)
        self.answer("The same again", PASSWORD)

    def log_in(self, name):
        self.answer("1 to register", "2")
        self.answer("User name", name)
        self.answer("Password", PASSWORD)

    def serve(self):
        """Lets it be the server, and waits until it is; its fingerprint. An
        image that is nothing else does not ask."""
        if self.wait_for("1 or 2: |info server ").group().endswith(": "):
            self.answer("1 or 2: ", "1")
        fingerprint = self.wait_for("fingerprint=([a-z2-7-]{64})").group(1)
        self.wait_for("info server ready")
        return fingerprint

    def interrupt(self):
        self.send("\x03")


class Sensor(Board):
    """apps/firmware/device_demo"""

    def __init__(self, name, firmware, storage, mac, *options):
        image = str(pathlib.Path(firmware[1]).with_name("device.elf"))
        super().__init__(name, (firmware[0], image), storage, mac, *options)

    def set_up(self, address):
        self.wait_for("not set up yet")
        self.send("setup %s %s %s\r" % (self.name, address, PASSWORD))

    def leave(self):
        """In good order: once it has left, it waits for nothing more."""
        self.interrupt()
        assert self.end() == 0, "the device's end"
        left = self.text.rfind("it has left")
        assert left < 0 or "gave up" not in self.text[left:], self.text

    def enrol(self, address):
        """`address` has a code: there is no password on this board."""
        self.wait_for("not set up yet")
        self.send("setup %s\r" % address)


class Client(Child):
    is_by_line = True

    def __init__(self, name, sotto, server, folder, password, *options):
        secret = folder / (name + ".password")
        secret.write_text(password + "\n")
        super().__init__(name, [
            sotto, "client", server, "--user", name, "--json", "--data",
            str(folder / name), "--password-file", str(secret),
            "--iterations", "100000", *SUITE, *options])

    def events(self, kind):
        """Of whole lines: one that was killed leaves a part of its last."""
        lines = self.text[:self.text.rfind("\n") + 1].split("\n")
        return [event for event in map(json.loads, (
            line for line in lines if line[:1] == "{"))
                if event["event"] == kind]


def fresh_folder():
    """Removed at its end. QEMU's options and sockets take no long path, and no
    comma in it."""
    usual = tempfile.gettempdir()
    fits = len(usual) < 60 and "," not in usual
    return tempfile.TemporaryDirectory(dir=usual if fits else "/tmp")


CLAIMS = []


def free_port():
    """Where a board can be reached, now and again later. It is none of those
    that the system gives to connections; and no other script chooses it as long
    as this one runs, since each takes the UDP port of that number first."""
    while True:
        port = random.randrange(20000, 32000)
        claim = socket.socket(type=socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        CLAIMS.append(claim)
        return port


def talk(people, board):
    """Everybody waits until he has seen what was said before."""
    said = {}
    for name, text in CONVERSATION:
        said[name] = said.get(name, 0) + 1
        if name == board.name:
            board.send(text + "\r")
        else:
            people[name].send(text + "\n")
        for person in people.values():
            if person.name == name:  # an author gets an acknowledgement
                person.wait_for('"acked".*"id":%d,' % said[name])
            else:
                person.wait_for(re.escape(json.dumps(text,
                                                     ensure_ascii=False)))
        board.wait_for(re.escape(name + ": " + text))


def check(people, board):
    for person in people.values():
        entries = {event["seq"]: (event["from"], event["text"])
                   for event in person.events("message")
                   if event["from"] != "sensor"
                   and not event["text"].startswith("@sensor")}
        own = [line for line in CONVERSATION if line[0] == person.name]
        for event, line in zip(person.events("acked"), own):
            entries[event["seq"]] = line
        seen = [entries[number] for number in sorted(entries)]
        assert seen == CONVERSATION, "%s saw %r" % (person.name, seen)
    at = 0
    for name, text in CONVERSATION:  # on the board in the same order
        at = board.wait_for(re.escape("%s: %s" % (name, text)), at).end()


def hear(people, text):
    for person in people:
        person.wait_for(r'"from":"sensor".*' + re.escape('"%s"' % text))


def ask_sensor(sensor, firmware, folder, alice, listeners, children):
    """Everybody hears what it says; then its power is cut, and it is asked
    something while it is away."""
    sensor.wait_for("device: online")
    alice.send("@sensor status\n")
    hear(listeners, "21.5 C, limit 30.0 C")
    sensor.send("temp 31.5\r")
    hear(listeners, "ALARM: 31.5 C, limit 30.0 C")
    sensor.process.kill()
    sensor.process.wait(WAIT)
    alice.send("@sensor limit 40\n")
    sensor = Sensor("sensor", firmware, folder / "sensor.nv", SENSOR_MAC)
    children.append(sensor)
    hear(listeners, "limit 40.0 C, by alice")
    alice.send("@sensor status\n")
    hear(listeners, "21.5 C, limit 40.0 C")
    return sensor


def check_sensor(person):
    said = [event["text"] for event in person.events("message")
            if event["from"] == "sensor"]
    assert said == ["21.5 C, limit 30.0 C", "ALARM: 31.5 C, limit 30.0 C",
                    "limit 40.0 C, by alice", "21.5 C, limit 40.0 C"], \
        "%s heard of the sensor: %r" % (person.name, said)


def start_server(firmware, folder, port, children):
    """The board, and its fingerprint."""
    server = Board("server", firmware, folder / "server.nv",
                   "52:54:00:00:00:01",
                   ",hostfwd=tcp:127.0.0.1:%d-:7688" % port)
    children.append(server)
    return server, server.serve()


def start_client(firmware, folder, children, server):
    """The second board, up to the question behind that for the server."""
    board = Board("charlie", firmware, folder / "charlie.nv",
                  "52:54:00:00:00:02")
    children.append(board)
    board.answer("1 or 2: ", "2")
    board.answer("Server", server)
    return board


def come_by_code(firmware, folder, port, alice, children):
    """The second board becomes a device of alice's: by a code that is typed at
    its UART, then by its key."""
    alice.send("/enroll kitchen\n")
    if IS_SMALL:  # it knows no devices, and says so
        alice.wait_for('"error".*"full"')
        return
    code = alice.wait_for('"enroll".*"(sotto:[^"]*)"').group(1)
    board = start_client(firmware, folder, children,
                         code.replace("@127.0.0.1:", "@10.0.2.2:"))
    board.wait_for("this machine is the device kitchen of alice now")
    board.wait_for("you are in #lobby as alice")
    board.send("/quit\r")
    assert board.end() == 0, "the board with a code"
    board = start_client(firmware, folder, children, "10.0.2.2:%d" % port)
    board.answer("Enter to come as that", "")
    board.wait_for("you are in #lobby as alice")
    board.send("nobody typed a password\r")
    alice.wait_for('"from":"alice".*"nobody typed a password"')
    board.send("/quit\r")
    assert board.end() == 0, "the board with a key"


def cut_power(server, firmware, folder, port, alice, children, sotto):
    """The server's board dies in the middle, and starts again: same key, same
    accounts, nothing acknowledged is lost. Alice comes back by herself."""
    before = re.search("fingerprint=(\\S+)", server.text).group(1)
    at = len(alice.text)
    server.process.kill()
    server.process.wait(WAIT)
    alice.wait_for('"disconnected"', at)
    server, fingerprint = start_server(firmware, folder, port, children)
    assert fingerprint == before, "the server's key changed"
    alice.wait_for('"ready"', at)
    late = Client("bob", sotto, "127.0.0.1:%d" % port, folder, PASSWORD)
    children.append(late)
    late.wait_for('"ready"')
    late.wait_for('"from":"charlie".*"understood"')
    late.send("/quit\n")
    assert late.end() == 0, "bob, later"
    return server


def let_in(sensor, sotto, address, folder, children):
    """By a code, without a password; with one where a server knows no codes."""
    if IS_SMALL:
        sensor.set_up(address.replace("@127.0.0.1:", "@10.0.2.2:"))
        sensor.wait_for("device: online")
        return
    owner = Client("sensor", sotto, address, folder, PASSWORD, "--register")
    children.append(owner)
    owner.wait_for('"event":"ready"')
    owner.send("/enroll sensor\n")
    code = owner.wait_for('"enroll".*"(sotto:[^"]*)"').group(1)
    sensor.enrol(code.replace("@127.0.0.1:", "@10.0.2.2:"))
    owner.send("/quit\n")
    assert owner.end() == 0, "the sensor's owner"


def run(sotto, firmware, folder, children):
    port = free_port()
    server, fingerprint = start_server(firmware, folder, port, children)
    address = "sotto://%s@127.0.0.1:%d" % (fingerprint, port)
    (folder / "other").mkdir()
    people = {}
    sensor = Sensor("sensor", firmware, folder / "sensor.nv", SENSOR_MAC)
    children.append(sensor)
    let_in(sensor, sotto, address, folder, children)
    for name in ("alice", "bob"):
        people[name] = Client(name, sotto, address, folder, PASSWORD,
                              "--register")
        children.append(people[name])
        people[name].wait_for('"event":"ready"')

    board = start_client(firmware, folder, children,
                         "sotto://%s@10.0.2.2:%d" % (fingerprint, port))
    board.register("charlie")
    board.wait_for("you are in #lobby as charlie")
    board.has_no_password("charlie")
    server.has_no_password("charlie")
    talk(people, board)
    sensor = ask_sensor(sensor, firmware, folder, people["alice"],
                        people.values(), children)
    board.wait_for("sensor: 21.5 C, limit 40.0 C")

    guesser = Client("alice", sotto, address, folder / "other", "wrong")
    assert guesser.end() == 3, "a wrong password: " + guesser.text

    people["bob"].send("/quit\n")
    assert people["bob"].end() == 0, "bob"
    board.wait_for("bob left")
    board.send("/quit\r")
    assert board.end() == 0, "the client's board"
    check(people, board)
    for person in people.values():
        check_sensor(person)
    come_by_code(firmware, folder, port, people["alice"], children)
    at = len(sensor.text)
    server = cut_power(server, firmware, folder, port, people["alice"],
                       children, sotto)
    sensor.wait_for("online", sensor.wait_for("offline", at).end())
    at = len(people["alice"].text)
    sensor.leave()
    people["alice"].wait_for('"left".*"sensor"', at)
    server.interrupt()
    assert server.end() == 0, "the server's board"
    people["alice"].wait_for("the server is stopping")
    assert "storage_errors=0" in server.text


def show(play):
    """Runs play(folder, children), and prints what each of these said; the exit
    code."""
    children = []
    wrong = None
    with fresh_folder() as folder:
        try:
            play(pathlib.Path(folder), children)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            wrong = error
        for child in children:
            if child.process.poll() is None:
                child.process.kill()
            child.process.wait()
            print("---- %s\n%s" % (child.name, child.text.strip()))
    print("---- " + ("WRONG: %s" % wrong if wrong else "all of it is right"))
    return 1 if wrong else 0


def main():
    sotto, firmware, machine_name = sys.argv[1:]
    return show(lambda folder, children: run(
        sotto, (machine_name, firmware), folder, children))


if __name__ == "__main__":
    sys.exit(main())
