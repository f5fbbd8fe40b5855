"""storm.py - what honest people notice of an attack: a measurement, no test.

    SOTTO_BIN=build/release/bin/sotto python3 -B tests/integration/storm.py \
        [--seconds N] [--size N] [--addresses N] [ATTACK...] [-- OPTION...]

Alice talks to Bob, message after message, and somebody else begins to dial, all
the while; first in quiet, then while each ATTACK goes on (all of them, when
none is named). Prints how long messages and handshakes took, how long a client
needed to log in at the end, and the server's memory. OPTIONs are the server's.

The server has the first processor for itself, all others share the rest;
attackers stand back behind honest people there, so that what is measured is the
server. Started with `chrt -r 1` (by root), all but the attackers go before
whatever else runs on the machine. Attackers come from --addresses addresses other than the honest ones'.
test_storm.py lets the same attackers loose and looks at what is right.
"""

import argparse
import os
import random
import resource
import selectors
import signal
import socket
import subprocess
import sys
import time

import sotto
import wire

HERE = os.path.abspath(__file__)


# ---- attackers: each a process of its own, until SIGTERM ----


class Attacker:
    """`size` is how many connections an attack holds or begins at a time."""

    def __init__(self, port, size, addresses):
        self.port, self.size, self.addresses = port, size, addresses
        self.chance = random.Random(1)
        self.done = 0  # attempts

    def source(self):
        at = self.chance.randrange(self.addresses)
        return "127.1.%d.%d" % (at // 250, at % 250 + 1)

    def dial(self):
        """A connection, or None when it was not to be had."""
        sock = socket.socket()
        sock.settimeout(5)
        try:
            sock.bind((self.source(), 0))
            sock.connect(("127.0.0.1", self.port))
        except OSError:
            sock.close()
            time.sleep(0.001)
            return None
        self.done += 1
        return sock

    def crowd(self, wish):
        """So many connections as they can be had now."""
        socks = (self.dial() for _ in range(wish))
        return [sock for sock in socks if sock is not None]

    def half_open(self):
        """Connections that say nothing; whoever is cut comes again."""
        open_ones = selectors.DefaultSelector()
        while True:
            for sock in self.crowd(min(64, self.size - len(
                    open_ones.get_map()))):
                open_ones.register(sock, selectors.EVENT_READ)
            for key, _ in open_ones.select(0.05):
                open_ones.unregister(key.fileobj)
                key.fileobj.close()

    def loris(self):
        """A byte now and then, of a beginning that has no end."""
        whole = wire.hello() + wire.unit(wire.public_of(os.urandom(32)))
        socks = []
        while True:
            socks += [[sock, 0] for sock in
                      self.crowd(min(64, self.size - len(socks)))]
            for one in list(socks):
                sock, at = one
                try:
                    # Some stop in the hello, some in front of message 3.
                    if at < len(whole):
                        sock.send(whole[at : at + 1])
                        one[1] += 1
                    else:
                        sock.send(b"\0")
                except OSError:
                    sock.close()
                    socks.remove(one)
            time.sleep(0.5)

    def late_loris(self):
        """The same after the handshake: a byte now and then of a record, half
        of them in front of the login, half in the room."""
        count = min(self.size, 40)
        channels = []
        while True:
            while len(channels) < count:
                channel = self.channel(len(channels) % 2 == 0)
                record = channel.seal(wire.frame(wire.PING, b"x") * 1000)
                channels.append([channel, record])
                self.done += 1
            for one in list(channels):
                channel, record = one
                try:
                    channel.sock.send(record[:1])
                    one[1] = record[1:]
                except OSError:
                    channel.close()
                    channels.remove(one)
            time.sleep(0.5)

    def channel(self, is_member):
        while not is_member:
            try:
                return wire.Channel.dial(self.port, suite=1,
                                         source=self.source())
            except (OSError, wire.Refusal):
                time.sleep(0.1)
        return self.member().channel

    def garbage(self):
        while True:
            for sock in self.crowd(16):
                try:
                    sock.send(self.chance.choice((b"", wire.hello()))
                              + self.chance.randbytes(200))
                except OSError:
                    pass
                sock.close()

    def handshakes(self):
        """First messages, which cost a sender nothing."""
        while True:
            socks = self.crowd(min(self.size, 64))
            for sock in socks:
                try:
                    sock.send(wire.hello()
                              + wire.unit(self.chance.randbytes(32)))
                except OSError:
                    pass
            for sock in socks:
                try:
                    sock.recv(200)
                except OSError:
                    pass
                sock.close()

    def member(self):
        """Somebody in the room."""
        while True:
            try:
                name = "m%d" % self.chance.getrandbits(60)
                return wire.Member(self.port, name, suite=1,
                                   source=self.source()).enter()
            except (OSError, wire.Refusal):
                time.sleep(0.1)

    def registrations(self):
        while True:
            try:
                with wire.Member(self.port, "x",
                                 source=self.source()) as member:
                    for _ in range(20):
                        self.done += 1
                        member.name = "x%d-%d" % (os.getpid(), self.done)
                        member.register()
            except (OSError, wire.Refusal, wire.Refused, wire.Closed):
                pass

    def pings(self):
        """Questions by the thousand; their answers are read."""
        self.ask(wire.frame(wire.PING, b"12345678") * 1600)

    def lists(self):
        self.ask(wire.frame(wire.WHO, b"\0\0") * 1000)

    def ask(self, plain):
        member = self.member()
        sock = member.channel.sock
        sock.setblocking(False)
        left = b""
        while True:
            try:
                if not left:
                    left = member.channel.seal(plain)
                    self.done += 1
                left = left[sock.send(left) :]
            except BlockingIOError:
                pass
            try:
                while sock.recv(1 << 16):
                    pass
            except BlockingIOError:
                time.sleep(0.001)

    def deaf(self):
        """In the room, and never reads a byte of it."""
        members = [self.member() for _ in range(min(self.size, 20))]
        while members:
            time.sleep(1)


ATTACKS = ("half_open", "loris", "late_loris", "garbage", "handshakes",
           "registrations", "pings", "lists", "deaf", "messages", "texts")


def chat_of(case, server, user):
    """The client of somebody who has an account."""
    return [sotto.BIN, "client", server.address, "--user", user,
            "--password-file", case.folder / "password", "--json",
            "--min-iterations", sotto.ITERATIONS, "--pin", server.fingerprint,
            "--data", case.folder / ("of-" + user)]


class Attack:
    """An attack that goes on until stop()."""

    def __init__(self, case, server, name, size=500, addresses=1):
        self.children = []
        self.done = 0
        self.arrive = 1  # connections until it has begun
        if name in ("messages", "texts", "deaf"):  # somebody talks, and how
            self.arrive += 1 + (name == "deaf")
            flooder = "flooder-" + case.unique()
            line = "x" * (4000 if name == "texts" else 10)
            assert case.member(server, flooder).leave() == 0
            self.children.append(subprocess.Popen(["yes", line],
                                                  stdout=subprocess.PIPE))
            self.run(chat_of(case, server, flooder),
                     stdin=self.children[-1].stdout)
        self.attacker = None
        if name not in ("messages", "texts"):
            self.attacker = self.run(
                [sys.executable, "-B", HERE, "--be", name, "--port",
                 str(server.port), "--size", str(size), "--addresses",
                 str(addresses)], stdout=subprocess.PIPE)

    def run(self, args, stdout=subprocess.DEVNULL, **streams):
        def prepare():
            sotto.die_with_parent()
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
            os.nice(10)
        self.children.append(subprocess.Popen(
            args, stdout=stdout, stderr=subprocess.DEVNULL,
            preexec_fn=prepare, **streams))
        return self.children[-1]

    def stop(self):
        """How many attempts it made; 0 when nobody counts them."""
        if self.attacker is not None:
            self.attacker.terminate()
            self.done = int(self.attacker.communicate()[0] or 0)
            self.attacker = None
        for child in self.children:
            child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()
        return self.done


def be(name, port, size, addresses):
    attacker = Attacker(port, size, addresses)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def end(*_):
        os.write(1, b"%d" % attacker.done)
        os._exit(0)
    signal.signal(signal.SIGTERM, end)
    getattr(attacker, name)()


# ---- honest people ----


def memory_kib(server):
    """The most that it has had so far."""
    with open("/proc/%d/status" % server.pid, encoding="ascii") as text:
        fields = dict(line.split(":", 1) for line in text)
    return int(fields["VmHWM"].split()[0])


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


class Measurement(sotto.Case):
    def runTest(self):
        pass

    def start(self, options):
        (self.folder / "password").write_text(sotto.PASSWORD + "\n")
        self.room = self.server(*options)
        for name in ("alice", "bob"):
            assert self.member(self.room, name).leave() == 0
        self.alice = self.chat("alice", stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL)
        self.bob = self.chat("bob", stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
        # Only what he waits for gets to this program, which is slow.
        self.heard = self.child(["grep", "--line-buffered", "number "],
                                stdin=self.bob.stdout, stdout=subprocess.PIPE)

    def child(self, args, **streams):
        child = subprocess.Popen(args, preexec_fn=sotto.die_with_parent,
                                 stderr=subprocess.DEVNULL, **streams)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return child

    def chat(self, name, **streams):
        return self.child(chat_of(self, self.room, name), **streams)

    def message(self, number):
        """From Alice's keyboard to Bob's screen, in microseconds."""
        text = "number %d of %s" % (number, self.name)
        start = time.monotonic()
        self.alice.stdin.write(text.encode() + b"\n")
        self.alice.stdin.flush()
        line = b"-"
        while line and text.encode() + b'"' not in line:
            line = self.heard.stdout.readline()
        assert line, "Bob is cut"
        return (time.monotonic() - start) * 1e6

    def handshake(self):
        """From dialling to the server's part of the handshake."""
        hello = wire.hello() + wire.unit(wire.public_of(os.urandom(32)))
        start = time.monotonic()
        try:
            with socket.create_connection(("127.0.0.1", self.room.port),
                                          5) as sock:
                sock.sendall(hello)
                if len(sock.recv(200)) < 90:
                    return None  # refused
        except OSError:
            return None
        return (time.monotonic() - start) * 1e6

    def measure(self, name, seconds, done=lambda: 0):
        messages, handshakes, refused = [], [], 0
        self.name = name
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            messages.append(self.message(len(messages)))
            if len(messages) % 10 == 0:
                took = self.handshake()
                if took is None:
                    refused += 1
                else:
                    handshakes.append(took)
            time.sleep(0.003)
        assert len(messages) > 1
        start = time.monotonic()
        carol = self.member(self.room, "carol-" + self.unique())
        login = time.monotonic() - start
        assert carol.leave() == 0
        print("%-14s %7d %7.0f %7.0f %7.0f   %7s %7s %4d   %6.2f %8d %9d" % (
            name, len(messages), percentile(messages, 0.5),
            percentile(messages, 0.99), max(messages),
            *("%.0f" % percentile(handshakes, share) if handshakes else "-"
              for share in (0.5, 0.99)), refused, login,
            memory_kib(self.room),
            done()), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--size", type=int, default=500)
    parser.add_argument("--addresses", type=int, default=1)
    parser.add_argument("--be", choices=ATTACKS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("attacks", nargs="*", metavar="ATTACK",
                        help=" ".join(ATTACKS))
    args = sys.argv[1:]
    split = args.index("--") if "--" in args else len(args)
    options = args[split + 1 :]
    args = parser.parse_args(args[:split])
    if args.be:
        be(args.be, args.port, args.size, args.addresses)
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) > 1:
        os.sched_setaffinity(0, processors[1:])
    case = Measurement()
    case.setUp()
    try:
        case.start(options)
        os.sched_setaffinity(case.room.pid, processors[:1])
        print("                  messages, us                      handshakes,"
              " us            login   memory  attempts\n"
              "                  count     p50     p99     max       p50     "
              "p99 none        s      KiB")
        case.measure("quiet", args.seconds)
        for name in args.attacks or ATTACKS:
            attack = Attack(case, case.room, name, args.size, args.addresses)
            time.sleep(2)
            try:
                case.measure(name, args.seconds, attack.stop)
            finally:
                attack.stop()
        assert case.room.stop() == 0
    finally:
        case.doCleanups()


if __name__ == "__main__":
    main()
