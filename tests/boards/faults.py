#!/usr/bin/env python3
"""What can happen to a board: its network stops, more clients come than it has
room for, some of them never speak or speak nonsense, its flash and its list of
accounts are full, somebody types garbage.

    faults.py SOTTO FIRMWARE MACHINE [--long]

After each of these the server must go on as if nothing had been, say on its
console what happened, and have everything that it acknowledged. --long adds
what takes minutes: peers that vanish without a word.
"""

import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from demo import (PASSWORD, WAIT, Board, Client, Sensor,  # noqa: E402
                  free_port, fresh_folder)

PLACES = 8      # SERVER_CONNECTIONS of firmware_config.h
ACCOUNTS = 10   # SERVER_ACCOUNTS
PATIENCE = 600  # seconds, for a deadline of three minutes: on a host that is
                # busy an emulated clock is late


class Monitor:
    """QEMU's own console (QMP), over a Unix socket."""

    def __init__(self, path):
        end = time.monotonic() + WAIT
        self.socket = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        self.file = self.socket.makefile("rw")
        self.file.readline()
        self.command("qmp_capabilities")

    def command(self, what, **arguments):
        self.file.write(json.dumps({"execute": what, "arguments": arguments})
                        + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "error" in answer:
                raise AssertionError("QEMU: %s" % answer["error"])
            if "return" in answer:
                return answer["return"]

    def set_link(self, up):
        self.command("set_link", name="net0", up=up)


class Scene:
    """A server on a board, with a monitor, and those who come to it."""

    def __init__(self, sotto, firmware, folder):
        self.sotto = sotto
        self.firmware = firmware
        self.folder = folder
        self.children = []
        self.port = free_port()
        self.said = []
        self.accounts = set()
        self.board, self.monitor = self.start(Board, "server", firmware, 1,
                                              self.port)
        self.fingerprint = self.board.serve()
        self.address = "sotto://%s@127.0.0.1:%d" % (self.fingerprint,
                                                    self.port)

    def start(self, kind, name, firmware, number, port=None, *options):
        path = self.folder / ("%d.qmp" % len(self.children))
        forwards = "" if port is None else \
            ",hostfwd=tcp:127.0.0.1:%d-:7688" % port
        board = kind(name, firmware, self.folder / ("%d.nv" % number),
                     "52:54:00:00:00:%02x" % number, forwards + ",id=net0",
                     "-qmp", "unix:%s,server=on,wait=off" % path, *options)
        self.children.append(board)
        return board, Monitor(path)

    def client(self, name, *options):
        client = Client(name, self.sotto, self.address, self.folder, PASSWORD,
                        *options)
        self.children.append(client)
        return client

    def come(self, name, *options):
        """A client, once it is in or refused for good. A board takes so many
        connections of one address in a while, and pauses when it has no room,
        by its own clock, which is slow on a host that is busy: who is turned
        away for that more often than a client tries comes again."""
        end = time.monotonic() + WAIT
        while True:
            client = self.client(name, *options)
            said = client.wait_for('"ready"|"event":"error".*').group()
            if '"network"' not in said or time.monotonic() > end:
                return client
            assert client.end() == 5, client.text

    def member(self, name):
        """Registers when there is no such account yet."""
        client = self.come(
            name, *([] if name in self.accounts else ["--register"]))
        client.wait_for('"ready"')
        self.accounts.add(name)
        return client

    def say(self, client, text):
        """Says it, and waits until it is acknowledged."""
        client.send(text + "\n")
        self.said.append(text)
        self.wait_acked(client)

    def wait_acked(self, client):
        """All that was said is acknowledged."""
        client.wait_for('"acked".*"id":%d,.*\n' % len(self.said))

    def leave(self, client):
        client.send("/quit\n")
        assert client.end() == 0, client.text

    def connect(self):
        peer = socket.create_connection(("127.0.0.1", self.port))
        peer.settimeout(WAIT)
        return peer

    def works(self, alice):
        """The server takes somebody new in, who sees the last words."""
        self.say(alice, "still here after %d things" % len(self.said))
        at = len(alice.text)
        bob = self.member("bob")
        bob.wait_for(re.escape(self.said[-1]))
        self.leave(bob)
        alice.wait_for('"left".*"bob"', at)


# ---- what happens ----------------------------------------------------------

def network_stops(scene, alice):
    """The cable is pulled, and put back: what was said meanwhile arrives."""
    at = len(scene.board.text)
    scene.monitor.set_link(False)
    scene.board.wait_for("link is down", at)
    count = len(alice.events("acked"))
    alice.send("into the dark\n")
    scene.said.append("into the dark")
    time.sleep(3)
    assert len(alice.events("acked")) == count, "acknowledged over no cable"
    scene.monitor.set_link(True)
    scene.board.wait_for("link is up", at)
    scene.wait_acked(alice)


def devices_network_stops(scene, alice):
    """The same to a device's board."""
    sensor, monitor = scene.start(Sensor, "sensor", scene.firmware, 3)
    sensor.set_up("sotto://%s@10.0.2.2:%d" % (scene.fingerprint, scene.port))
    sensor.wait_for("device: online")
    scene.accounts.add("sensor")
    monitor.set_link(False)
    sensor.wait_for("link is down")
    scene.say(alice, "@sensor limit 33")
    sensor.send("temp 50\r")
    sensor.wait_for("says: ALARM")
    monitor.set_link(True)
    alice.wait_for('"from":"sensor".*"ALARM: 50.0 C, limit 30.0 C"')
    alice.wait_for('"from":"sensor".*"limit 33.0 C, by alice"')
    at = len(alice.text)
    sensor.leave()
    alice.wait_for('"left".*"sensor"', at)


def board_starts_without_a_cable(scene, alice):
    """It has an address as soon as somebody puts the cable in."""
    sensor, monitor = scene.start(Sensor, "sensor", scene.firmware, 5, None,
                                  "-S")
    monitor.set_link(False)
    monitor.command("cont")
    sensor.set_up("sotto://%s@10.0.2.2:%d" % (scene.fingerprint, scene.port))
    sensor.wait_for("offline: the network failed, UNREACHABLE")
    assert "network:" not in sensor.text, sensor.text
    monitor.set_link(True)
    sensor.wait_for(r"network: address 10\.0\.2\.15\n")
    sensor.wait_for("device: online")
    sensor.leave()


def somebody_stops_a_board_without_an_address(scene, alice):
    """It ends, though it waits for one."""
    board, monitor = scene.start(Board, "hasty", scene.firmware, 7, None, "-S")
    monitor.set_link(False)
    monitor.command("cont")
    board.wait_for("Sotto ")
    board.interrupt()
    assert board.end() == 0, "the board's end"


def device_dies_while_it_registers(scene, alice):
    """Its power is cut again and again from the moment it is set up."""
    chance = random.Random(8)
    for cut in range(7):
        probe, _ = scene.start(Sensor, "probe", scene.firmware, 6)
        known = probe.wait_for("not set up yet|probe at ").group()
        if known.startswith("not"):
            probe.set_up("sotto://%s@10.0.2.2:%d" % (scene.fingerprint,
                                                     scene.port))
        if cut < 6:
            time.sleep(chance.uniform(0, 0.15 * cut))
            probe.process.kill()
            probe.process.wait()
    probe.wait_for("device: online")
    scene.accounts.add("probe")
    scene.say(alice, "@probe status")
    alice.wait_for('"from":"probe".*"21.5 C, limit 30.0 C"')
    probe.leave()


def more_come_than_there_is_room(scene, alice):
    """Who finds no room is told so; when there is some, there is."""
    names = sorted(scene.accounts - {"alice"}) + \
        ["guest%d" % i for i in range(PLACES)]  # accounts are few, too
    others = [scene.member(name) for name in names[:PLACES - 1]]
    late = scene.client("bob", "--register")
    assert late.end() == 5, "one too many"
    assert "it is full" in late.text, late.text
    scene.board.wait_for("warn server full connections=%d" % PLACES)
    scene.leave(others.pop())
    scene.leave(scene.member("bob"))
    for other in others:
        scene.leave(other)


def strangers_never_speak(scene, alice):
    """More half-open connections at once than there is room for: the oldest
    goes first, and who means it gets in, though he may have to try again."""
    silent = [scene.connect() for _ in range(PLACES + 4)]
    slow = scene.connect()
    slow.send(b"Sot")
    scene.works(alice)
    for peer in silent + [slow]:
        peer.close()


def strangers_speak_nonsense(scene, alice):
    chance = random.Random(5)
    for i in range(40):
        with scene.connect() as peer:
            junk = bytes(chance.randrange(256) for _ in
                         range(chance.randrange(1, 3000)))
            if i % 4 == 1:  # a hello that is right, and then
                junk = b"Sotto" + bytes([1, 1, 1, 4, 0]) + junk
            try:
                peer.sendall(junk)
                if i % 2:
                    peer.shutdown(socket.SHUT_WR)
                    while peer.recv(4096):
                        pass
            except OSError:
                pass  # it may well be cut
    scene.works(alice)


def console_gets_garbage(scene, alice):
    """Whatever is typed, only Control-C ends the server."""
    chance = random.Random(6)
    for _ in range(50):
        junk = bytes(chance.choice([b for b in range(256) if b != 3])
                     for _ in range(100))
        scene.board.process.stdin.write(junk)
        scene.board.process.stdin.flush()
    scene.board.process.stdin.write(b"x" * 20000 + b"\r")
    scene.board.process.stdin.flush()
    scene.works(alice)


def menu_gets_garbage(scene, alice):
    """It asks again, and takes what is an answer."""
    board, _ = scene.start(Board, "typist", scene.firmware, 4)
    board.wait_for("1 or 2: ")
    chance = random.Random(7)
    junk = bytes(chance.choice([b for b in range(256) if b not in b"\r\n\3\4"])
                 for _ in range(2000))
    for answer in (junk, b"\0", b"3", b"22", b"x" * 5000):
        at = len(board.text)
        board.process.stdin.write(answer + b"\r")
        board.process.stdin.flush()
        board.wait_for("1 or 2: ", at)
    board.send("2\r")
    board.wait_for("Server")
    board.interrupt()
    assert board.end() == 0, "the board's end"


def accounts_run_out(scene, alice):
    """Nobody is registered beyond the last place, and all others are kept."""
    for i in range(len(scene.accounts), ACCOUNTS):
        scene.leave(scene.member("more%d" % i))
    late = scene.come("late", "--register")
    assert late.end() == 3, late.text
    assert "no room" in late.text, late.text
    scene.board.wait_for("warn account refused problem=full")
    scene.leave(scene.member("bob"))


def log_fills_the_flash(scene, alice):
    """Far more is said than there is room for: the oldest goes, the numbers go
    on, and nothing is refused."""
    for i in range(60):
        scene.say(alice, "%d " % i + "y" * 480)
    scene.works(alice)
    assert "storage" not in alice.text, alice.text
    with tempfile.TemporaryDirectory(dir=scene.folder) as folder:
        carol = Client("bob", scene.sotto, scene.address,
                       pathlib.Path(folder), PASSWORD, "--history", "128")
        scene.children.append(carol)
        carol.wait_for(re.escape(scene.said[-1]))
        assert len(carol.events("message")) < 60, "nothing was dropped"
        scene.leave(carol)


def peer_vanishes(scene, alice):
    """Without a word: its machine still answers, it does not."""
    frozen = scene.member("guest0")
    os.kill(frozen.process.pid, signal.SIGSTOP)
    at = len(alice.text)
    alice.wait_for('"left".*"guest0"', at, PATIENCE)
    os.kill(frozen.process.pid, signal.SIGCONT)
    frozen.wait_for('"ready"', frozen.wait_for('"disconnected"').end())
    scene.leave(frozen)


def stranger_is_sent_away(scene, alice):
    """One that never speaks holds its place for a minute at most."""
    with scene.connect() as peer:
        peer.settimeout(PATIENCE)
        assert peer.recv(1) == b"", "it was answered"


SHORT = [network_stops, devices_network_stops, board_starts_without_a_cable,
         somebody_stops_a_board_without_an_address,
         device_dies_while_it_registers, more_come_than_there_is_room,
         strangers_never_speak,
         strangers_speak_nonsense,
         console_gets_garbage, menu_gets_garbage, log_fills_the_flash,
         accounts_run_out]
# QEMU's Ethernet of this board always has a link.
WITH_LINK = [network_stops, devices_network_stops, board_starts_without_a_cable,
             somebody_stops_a_board_without_an_address]
LINKLESS = "lm3s6965evb"
LONG = [peer_vanishes, stranger_is_sent_away]


def power_comes_back(scene, alice):
    """All that was acknowledged is there, but for what the log has dropped."""
    scene.say(alice, "the last words before a cut")
    scene.board.process.kill()
    scene.board.process.wait()
    at = alice.wait_for('"disconnected"').end()
    scene.board, scene.monitor = scene.start(Board, "server", scene.firmware,
                                             1, scene.port)
    assert scene.board.serve() == scene.fingerprint, "the server has a new key"
    alice.wait_for('"ready"', at)
    bob = scene.member("bob")
    bob.wait_for(re.escape(scene.said[-1]))
    texts = [event["text"] for event in bob.events("message")
             if event["from"] == "alice"]
    assert texts and texts == scene.said[-len(texts):], "something was lost"
    scene.leave(bob)


def run(scene, cases):
    alice = scene.member("alice")
    for case in cases + [power_comes_back]:
        start = time.monotonic()
        case(scene, alice)
        print("%5.1f s  %s" % (time.monotonic() - start, case.__name__),
              flush=True)
    scene.leave(alice)
    scene.board.interrupt()
    assert scene.board.end() == 0, "the server's end"


def main():
    sotto, firmware, machine = sys.argv[1:4]
    cases = SHORT + (LONG if "--long" in sys.argv[4:] else [])
    chosen = [case for case in SHORT + LONG if case.__name__ in sys.argv[4:]]
    if machine == LINKLESS:
        for case in WITH_LINK:
            print("left out: " + case.__name__)
        cases = [case for case in cases if case not in WITH_LINK]
    wrong = None
    scene = None
    with fresh_folder() as folder:
        try:
            scene = Scene(sotto, (machine, firmware), pathlib.Path(folder))
            run(scene, chosen or cases)
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            wrong = error
        for child in scene.children if scene else []:
            if child.process.poll() is None:
                child.process.kill()
            child.process.wait()
            if wrong:
                print("---- %s\n%s" % (child.name, child.text.strip()))
    print("---- " + ("WRONG: %s" % wrong if wrong else
                     "it got along with all of it"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
