#!/usr/bin/env python3
"""A server on a board that loses power again and again: QEMU is killed at some
moment while somebody registers and somebody talks, and started again with the
same storage (a file that the board's memory is mapped to).

    power.py SOTTO FIRMWARE MACHINE [ROUNDS [SEED]]     at most 14 rounds

After each cut the server must start, have its key, know every account that it
said it had, and have every message that it acknowledged.
"""

import pathlib
import random
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from demo import PASSWORD, Board, Client, free_port, fresh_folder  # noqa: E402

LONGEST = 4.0        # seconds until power goes
TALKER = "talker"


class Life:
    """What has to outlive every cut."""

    def __init__(self, sotto, machine, firmware, folder):
        self.sotto = sotto
        self.firmware = (machine, firmware)
        self.folder = folder
        self.fingerprint = None
        self.accounts = []
        self.messages = {}  # number: text
        self.children = []

    def boot(self):
        port = free_port()
        board = Board("server", self.firmware, self.folder / "server.nv",
                      "52:54:00:00:00:01",
                      ",hostfwd=tcp:127.0.0.1:%d-:7688" % port)
        self.children.append(board)
        key = board.serve()
        assert self.fingerprint in (None, key), "the server has a new key"
        self.fingerprint = key
        self.address = "sotto://%s@127.0.0.1:%d" % (key, port)
        return board

    def join(self, name, round_number, *options):
        """With a folder of its own each time: so it is told everything."""
        folder = self.folder / ("%s-%d" % (name, round_number))
        folder.mkdir()
        client = Client(name, self.sotto, self.address, folder, PASSWORD,
                        *options)
        self.children.append(client)
        return client

    def check(self, client):
        """All that was acknowledged is there as it was, but for the oldest,
        which the server's log has dropped."""
        if not self.messages:
            return
        client.wait_for('"event":"message".*"seq":%d[,}].*\n' %
                        max(self.messages))
        seen = {event["seq"]: event["text"]
                for event in client.events("message")}
        for number, text in self.messages.items():
            assert number < min(seen) or seen.get(number) == text, \
                "%d was %r and is %r" % (number, text, seen.get(number))

    def leave(self, client):
        client.send("/quit\n")
        assert client.end() == 0, client.text

    def take_notes(self, talker, said):
        """Numbers of what was acknowledged: the nth text is the client's n."""
        for event in talker.events("acked"):
            self.messages[event["seq"]] = said[event["id"] - 1]


def run(life, rounds, chance):
    board = life.boot()
    first = life.join(TALKER, 0, "--register")
    first.wait_for('"event":"ready"')
    life.leave(first)
    for number in range(1, rounds + 1):
        for name in life.accounts[-2:]:
            person = life.join(name, number)
            person.wait_for('"event":"ready"')
            life.leave(person)
        talker = life.join(TALKER, number)
        talker.wait_for('"event":"ready"')
        life.check(talker)
        newcomer = life.join("new%d" % number, number, "--register")
        said = []
        end = time.monotonic() + chance.uniform(0, LONGEST)
        while time.monotonic() < end:
            said.append("round %d, text %d" % (number, len(said)))
            talker.send(said[-1] + "\n")
            time.sleep(chance.uniform(0, 0.2))
        board.process.kill()
        board.process.wait()
        for client in (talker, newcomer):
            client.process.kill()
            client.end()
        life.take_notes(talker, said)
        registered = bool(newcomer.events("ready"))
        if registered:
            life.accounts.append(newcomer.name)
        print("round %d: %d said, %d acknowledged in all, newcomer %s" %
              (number, len(said), len(life.messages),
               "registered" if registered else "unknown"), flush=True)
        board = life.boot()
    for name in life.accounts:
        person = life.join(name, rounds + 1)
        person.wait_for('"event":"ready"')
        life.leave(person)
    board.interrupt()
    assert board.end() == 0, "the server's end"


def main():
    sotto, firmware, machine = sys.argv[1:4]
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
    seed = int(sys.argv[5]) if len(sys.argv) > 5 else 1
    print("seed %d" % seed)
    wrong = None
    with fresh_folder() as folder:
        life = Life(sotto, machine, firmware, pathlib.Path(folder))
        try:
            run(life, rounds, random.Random(seed))
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            wrong = error
        for child in life.children:
            if child.process.poll() is None:
                child.process.kill()
            child.process.wait()
        if wrong:
            for child in life.children[-4:]:
                print("---- %s\n%s" % (child.name, child.text.strip()))
    print("---- " + ("WRONG: %s" % wrong if wrong else "nothing was lost"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
