#!/usr/bin/env python3
"""
The load of "sotto-bench fanout" for an IRC server with TLS, to set its figures
beside ours in the same hour on the same machine:

    apps/bench/irc.py PORT PID [--receivers 100] [--window 64] [--spin]

One sender, R receivers in one channel; a message is under way until the last
receiver has it. PID is the server's process; its processor time comes from
/proc. The server is to have no limit of its own for how fast one may speak or
connect. Needs Python 3.9 and Linux; keeps itself to the last processor: start
the server on another one (taskset -c 0).
"""
import argparse
import os
import select
import socket
import ssl
import statistics
import time

TEXT = b"x" * 50


def connect(context, port, name):
    """Logs in, joins, and reads up to the end of the list of names."""
    stream = context.wrap_socket(
        socket.create_connection(("127.0.0.1", port)))
    stream.settimeout(20)

    def read_until(numeric):
        text = b""
        while numeric not in text:
            more = stream.recv(65536)
            if not more:
                raise SystemExit(f"irc.py: {name} was sent away: {text!r}")
            for line in more.split(b"\r\n"):
                if line.startswith(b"PING"):
                    stream.sendall(line.replace(b"PING", b"PONG") + b"\r\n")
            text += more

    stream.sendall(f"NICK {name}\r\nUSER {name} 0 * :x\r\n".encode())
    read_until(b" 001 ")
    stream.sendall(b"JOIN #bench\r\n")
    read_until(b" 366 ")
    return stream


def drain(stream):
    """What is there now; how many messages began in it."""
    count = 0
    try:
        while True:
            count += stream.recv(262144).count(b"PRIVMSG")
    except ssl.SSLWantReadError:
        return count


def processor_s(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


def run(sender, receivers, args):
    """Messages for that long; seconds of the server for a delivery."""
    waiting = select.epoll()
    streams = {stream.fileno(): stream for stream in receivers}
    for number in streams:
        waiting.register(number, select.EPOLLIN)
    got = dict.fromkeys(streams, 0)
    sent = done = 0
    before = processor_s(args.pid)
    end = time.monotonic() + args.seconds
    while time.monotonic() < end or done < sent:
        if time.monotonic() < end and sent < done + args.window:
            lines = [b"PRIVMSG #bench :%08d %s\r\n" % (number, TEXT)
                     for number in range(sent, done + args.window)]
            sender.sendall(b"".join(lines))
            sent += len(lines)
        for number, _ in waiting.poll(0 if args.spin else 1):
            got[number] += drain(streams[number])
        done = min(got.values())
    waiting.close()
    deliveries = sum(got.values())
    return deliveries, (processor_s(args.pid) - before) / deliveries


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("pid", type=int)
    parser.add_argument("--receivers", type=int, default=100)
    parser.add_argument("--window", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--spin", action="store_true",
                        help="never sleep, as the option of fanout")
    args = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # it is our own server, and nothing secret
    context.verify_mode = ssl.CERT_NONE
    receivers = [connect(context, args.port, f"r{number}")
                 for number in range(args.receivers)]
    sender = connect(context, args.port, "sender")
    time.sleep(1)
    for stream in receivers:
        stream.setblocking(False)
        drain(stream)
    results = [run(sender, receivers, args) for _ in range(args.runs)]
    costs = [1e6 * cost for _, cost in results]
    print(f"{sum(count for count, _ in results)} delivered, server s per "
          f"million: {statistics.median(costs):.2f} "
          f"({min(costs):.2f}-{max(costs):.2f})")


if __name__ == "__main__":
    main()
