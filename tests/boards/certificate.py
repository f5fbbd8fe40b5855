#!/usr/bin/env python3
"""A client on a board whose image was built with an authority (FIRMWARE_CA), in
QEMU, and servers of this machine with certificates: of that authority, of it for
another name, of another authority, one that ended before the image was built, and
none.

    certificate.py SOTTO FIRMWARE MACHINE AUTHORITY

AUTHORITY is the folder that 'sotto cert ca' made. Exits 0 only if the board comes
in to the first without a question, comes back, and leaves the others before it
has sent who it is.
"""

import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).parent.with_name("integration")))
from demo import PASSWORD, Board, Child, Client, free_port, show  # noqa: E402
from pki import Pair, Pki  # noqa: E402

DIALLED = "10.0.2.2"  # this machine, as QEMU's boards see it
IDENTITY = 4          # a client's exit code: the server is not who it should be


class World:
    def __init__(self, sotto, firmware, authority, folder, children):
        self.sotto = sotto
        self.firmware = firmware
        self.authority = Pair(authority / "ca.pem", authority / "ca.key")
        self.folder = folder
        self.pki = Pki(folder / "pki")
        self.children = children

    def own(self):
        """What 'sotto cert server' makes."""
        pair = self.folder / "own"
        subprocess.run([self.sotto, "cert", "server", DIALLED, "--ca",
                        self.authority.cert.parent, "--out", pair],
                       check=True, stdout=subprocess.DEVNULL)
        return Pair(pair / "server.pem", pair / "server.key")

    def server(self, name, pair=None, port=None):
        """A server with a key of its own; its port, and the process."""
        port = port or free_port()
        options = ["--cert", pair.cert, "--key", pair.key] if pair else []
        server = Child(name, [self.sotto, "server", "--listen",
                              "127.0.0.1:%d" % port, "--data",
                              self.folder / name, *options])
        self.children.append(server)
        server.wait_for("info server ready")
        return port, server

    def board(self, port, storage="board"):
        """Up to the question behind that for the server."""
        board = Board("board", self.firmware,
                      self.folder / (storage + ".nv"), "52:54:00:00:00:02")
        self.children.append(board)
        board.answer("1 or 2: ", "2")
        board.answer("Server", "%s:%d" % (DIALLED, port))
        return board

    def refused(self, port, words):
        board = self.board(port)
        board.log_in("bob")
        board.wait_for("Nothing was sent")
        assert board.end() == IDENTITY, "the board that was to refuse"
        assert words in " ".join(board.text.split()), \
            "the board did not say %r" % words
        assert "Is it the right one" not in board.text, "it asked"


def come_in(world, port, ann):
    board = world.board(port)
    board.register("bob")
    board.wait_for("does not know the time")
    board.wait_for("you are in #lobby as bob")
    ann.send("who vouches for it?\n")
    board.wait_for("ann: who vouches for it")
    board.send("a certificate\r")
    ann.wait_for('"from":"bob".*"a certificate"')
    board.send("/quit\r")
    assert board.end() == 0, "the board"
    assert "Is it the right one" not in board.text, "it asked"
    print("---- memory: " + board.wait_for("ended; (.*)").group(1))


def come_back(world, port):
    """The key that was kept is not what decides."""
    board = world.board(port)
    board.log_in("bob")
    board.wait_for("you are in #lobby as bob")
    board.send("/quit\r")
    assert board.end() == 0, "the board, later"


def run(world):
    pki = world.pki
    names = "IP:" + DIALLED
    port, server = world.server("certified", world.own())
    ann = Client("ann", world.sotto, "127.0.0.1:%d" % port, world.folder,
                 PASSWORD, "--register", "--trust-first")
    world.children.append(ann)
    ann.wait_for('"event":"ready"')
    come_in(world, port, ann)
    # The same address, another key, as valid a certificate: nothing is asked.
    server.process.kill()
    server.process.wait()
    port, server = world.server("renewed", world.own(), port)
    (world.folder / "late").mkdir()
    late = Client("bob", world.sotto, "127.0.0.1:%d" % port,
                  world.folder / "late", PASSWORD, "--register",
                  "--trust-first")
    world.children.append(late)
    late.wait_for('"event":"ready"')
    come_back(world, port)

    for name, pair, words in (
            ("stranger", pki.server(pki.authority(), names),
             "does not lead to a trusted authority"),
            ("elsewhere", pki.server(world.authority, "DNS:chat.example.org"),
             "it is for another name"),
            ("ended", pki.server(world.authority, names, days=(-60, -30)),
             "it has expired"),
            ("bare", None, "shows no certificate")):
        port, server = world.server(name, pair)
        world.refused(port, words)
        server.process.terminate()
        assert server.end() == 0, name
        assert "account login" not in server.text, name + " heard of a login"


def main():
    sotto, firmware, machine_name, authority = sys.argv[1:]
    return show(lambda folder, children: run(
        World(sotto, (machine_name, firmware),
              pathlib.Path(authority).resolve(), folder, children)))


if __name__ == "__main__":
    sys.exit(main())
