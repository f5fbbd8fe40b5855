#!/usr/bin/env python3
"""As many clients as the server's board takes, all of whom talk at once, while
others hold on to what they all share.

    crowd.py SOTTO FIRMWARE MACHINE [CLIENTS]

SOTTO is the program of the host, FIRMWARE the image, MACHINE QEMU's name of the
board. Two strangers send half a hello and no more, and so keep two of the few
record buffers until others wait for them. Exits 0 only if everybody sees
everything in one order, the last comers get the strangers' places, one more is
told that there is none, and in the end no buffer is missing.
"""

import pathlib
import socket
import subprocess
import sys

from demo import PASSWORD, Board, Client, free_port, fresh_folder

STRANGERS = 2
TEXTS = 5  # of each


def stranger(port):
    half = socket.create_connection(("127.0.0.1", port))
    half.sendall(b"Sot")
    return half


def join(life, name, *options):
    client = Client(name, life["sotto"], life["address"],
                    life["folder"], PASSWORD, *options)
    life["children"].append(client)
    return client


def register(life, name):
    client = join(life, name, "--register")
    client.wait_for('"event":"ready"')
    return client


def seen_by(client, own):
    """What was said, by number: what came, and what was acknowledged."""
    seen = {event["seq"]: event["text"] for event in client.events("message")}
    for event, text in zip(client.events("acked"), own):
        seen[event["seq"]] = text
    return seen


def talk(clients):
    said = {client.name: ["%s says %d" % (client.name, i)
                          for i in range(TEXTS)] for client in clients}
    for client in clients:
        client.send("\n".join(said[client.name]) + "\n")
    for client in clients:
        client.wait_for('"event":"acked"[^\n]*"id":%d,' % TEXTS)
        for other in clients:
            if other is not client:
                client.wait_for(said[other.name][-1])
    first = seen_by(clients[0], said[clients[0].name])
    assert len(first) == TEXTS * len(clients), "somebody was not heard"
    for client in clients[1:]:
        assert seen_by(client, said[client.name]) == first, client.name


def run(life, firmware, count):
    board = Board("server", firmware, life["folder"] / "server.nv",
                  "52:54:00:00:00:01",
                  ",hostfwd=tcp:127.0.0.1:%d-:7688" % life["port"])
    life["children"].append(board)
    life["address"] = "sotto://%s@127.0.0.1:%d" % (board.serve(), life["port"])
    clients = [register(life, "c%d" % i) for i in range(count - STRANGERS)]
    strangers = [stranger(life["port"]) for _ in range(STRANGERS)]
    talk(clients)
    for i in range(count - STRANGERS, count):
        clients.append(register(life, "c%d" % i))
    late = join(life, "late", "--register")
    assert late.end() == 5, "one more than there is room for: " + late.text
    assert "full" in late.text
    for client in clients:
        client.send("/quit\n")
        assert client.end() == 0, client.name
    for half in strangers:
        half.close()
    board.interrupt()
    assert board.end() == 0, "the board"
    assert "buffers=0" in board.text, "a buffer is missing"


def main():
    sotto, firmware, machine = sys.argv[1:4]
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 8
    wrong = None
    with fresh_folder() as folder:
        life = {"sotto": sotto, "port": free_port(),
                "folder": pathlib.Path(folder), "children": []}
        try:
            run(life, (machine, firmware), count)
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            wrong = error
        for child in life["children"]:
            if child.process.poll() is None:
                child.process.kill()
            child.process.wait()
            if wrong:
                print("---- %s\n%s" % (child.name, child.text.strip()))
        print("\n".join(life["children"][0].text.strip().split("\n")[-3:]))
    print("---- " + ("WRONG: %s" % wrong if wrong
                     else "%d clients talked at once" % count))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
