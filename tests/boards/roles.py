#!/usr/bin/env python3
"""Images with one role: a server and a client that ask for no role, each on a
board of its own in QEMU, talk to each other.

    roles.py SOTTO SERVER CLIENT MACHINE

Prints what each says of its stack and memory at its end.
"""

import pathlib
import re
import subprocess
import sys

from demo import PASSWORD, Board, Client, free_port, fresh_folder


def run(sotto, images, machine, folder, children):
    port = free_port()
    server = Board("server", (machine, images[0]), folder / "server.nv",
                   "52:54:00:00:00:01",
                   ",hostfwd=tcp:127.0.0.1:%d-:7688" % port)
    children.append(server)
    fingerprint = server.serve()
    assert "1 or 2" not in server.text
    ann = Client("ann", sotto, "sotto://%s@127.0.0.1:%d" % (fingerprint, port),
                 folder, PASSWORD, "--register")
    children.append(ann)
    ann.wait_for('"event":"ready"')
    client = Board("client", (machine, images[1]), folder / "client.nv",
                   "52:54:00:00:00:02")
    children.append(client)
    client.answer("Server", "sotto://%s@10.0.2.2:%d" % (fingerprint, port))
    client.register("bob")
    client.wait_for("you are in #lobby as bob")
    assert "1 or 2" not in client.text
    ann.send("hello\n")
    client.wait_for("ann: hello")
    client.send("hello too\r")
    ann.wait_for('"hello too"')
    client.send("/quit\r")
    assert client.end() == 0, "the client's board"
    ann.send("/quit\n")
    assert ann.end() == 0, "ann"
    server.interrupt()
    assert server.end() == 0, "the server's board"
    for board in (server, client):
        print("  %-7s %s" % (board.name,
                             re.search("ended; (.*)", board.text).group(1)))


def main():
    sotto, server, client, machine = sys.argv[1:]
    children = []
    wrong = None
    with fresh_folder() as folder:
        try:
            run(sotto, (server, client), machine, pathlib.Path(folder),
                children)
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            wrong = error
        for child in children:
            if child.process.poll() is None:
                child.process.kill()
            child.process.wait()
            if wrong:
                print("---- %s\n%s" % (child.name, child.text.strip()))
    if wrong:
        print("---- WRONG: %s" % wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
