"""proxy.py - what may stand between a client and its server.

Proxy passes bytes on and keeps a copy; it can cut, hold, and tamper with
single records, which needs no key because lengths are in the clear. Mitm is
somebody with a key of its own who speaks to both sides. Threads of the test's
own process; Case.addCleanup(proxy.close) ends them.
"""

import socket
import threading

import wire
from crypto import WrongTag

UP, DOWN = "up", "down"  # from the client, from the server


class Listener:
    """Takes connections and runs handle(sock) in a thread for each."""

    def __init__(self, target, port=0):
        self.target = target
        self.sockets = []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.address = "127.0.0.1:%d" % self.port
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.sockets.append(sock)
            threading.Thread(target=self.handle, args=(sock,),
                             daemon=True).start()

    def dial(self):
        sock = socket.create_connection(("127.0.0.1", self.target))
        self.sockets.append(sock)
        return sock

    def cut(self):
        """Ends every connection, as a network does."""
        sockets, self.sockets = self.sockets, []
        for sock in sockets:
            end(sock)

    def close(self):
        end(self.listener)  # wakes accept(), which holds the port
        self.cut()


def end(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    sock.close()


class Proxy(Listener):
    """`bytes[UP]` and `bytes[DOWN]` is all that has passed; `over` connections
    pass nothing more."""

    def __init__(self, target, port=0):
        self.bytes = {UP: bytearray(), DOWN: bytearray()}
        self.over = 0
        self.tamper = {UP: None, DOWN: None}
        self.asked = threading.Event()
        self.tampered = threading.Event()
        super().__init__(target, port)

    def once(self, direction, change):
        """`change(record)` gets the next record of that direction, head and
        all, and answers with the bytes to pass on instead, or None to be
        asked again with the next one (it then keeps the record itself).
        `asked` is set when it got the first, `tampered` when it answered."""
        self.asked.clear()
        self.tampered.clear()
        self.tamper[direction] = change

    def handle(self, client):
        try:
            server = self.dial()
        except OSError:
            return end(client)
        up = threading.Thread(target=self.pump, args=(UP, client, server),
                              daemon=True)
        up.start()
        self.pump(DOWN, server, client)
        up.join()
        self.over += 1

    def pump(self, direction, source, sink):
        try:
            if direction == UP:
                self.put(direction, sink, wire.read_exactly(source, 10))
            handshake = 2 if direction == UP else 1
            while True:
                unit = wire.unit(wire.read_unit(source))
                if len(unit) == 2:  # a refusal: its code follows
                    unit += wire.read_exactly(source, 1)
                if handshake > 0:
                    handshake -= 1
                else:
                    unit = self.change(direction, unit)
                self.put(direction, sink, unit)
        except OSError:
            end(source)
            end(sink)

    def change(self, direction, unit):
        change = self.tamper[direction]
        if change is None:
            return unit
        changed = change(unit)
        self.asked.set()
        if changed is None:
            return b""
        self.tamper[direction] = None
        self.tampered.set()
        return changed

    def put(self, direction, sink, data):
        self.bytes[direction] += data
        sink.sendall(data)


class Refuser(Proxy):
    """Forges refusals with `code`, to clients that dial `pattern` (1 XX, 2 IK)
    or, when that is None, to all; None as code: to none."""

    def __init__(self, target, code=None, pattern=None, port=0):
        self.code, self.pattern = code, pattern
        self.hellos = []
        super().__init__(target, port)

    def handle(self, client):
        try:
            first = client.recv(10, socket.MSG_PEEK | socket.MSG_WAITALL)
        except OSError:
            return end(client)
        self.hellos.append(first)
        if self.code is None or self.pattern not in (None, first[6]):
            return super().handle(client)
        try:
            client.sendall(bytes([0, 0, self.code]))
        except OSError:
            pass
        return end(client)


# ---- ways to tamper with records ----


def flip(at, bit=0x20):
    """Flips one bit of the byte at this place."""
    def change(record):
        record = bytearray(record)
        record[at] ^= bit
        return bytes(record)
    return change


def relabel(by):
    """The text as it was, the length another one."""
    def change(record):
        return wire.struct.pack(">H", len(record) - 2 + by) + record[2:]
    return change


def replay(record):
    return record + record


def drop(record):
    return b""


def swap():
    """Holds one record back until the next has passed."""
    held = []

    def change(record):
        if not held:
            held.append(record)
            return None
        return record + held[0]
    return change


def truncate(record):
    """The end of the text is missing, and the length says so."""
    text = record[2:-16]
    return wire.unit(text)


class Mitm(Listener):
    """Terminates the channel on both sides and passes messages on. `forge`,
    when set, gets (direction, kind, body) and answers with what to pass on: a
    list of (direction, kind, body). `certificate` is what it shows in message
    2."""

    def __init__(self, target, static, forge=None, certificate=b""):
        self.static = static
        self.certificate = certificate
        self.forge = forge
        self.seen = []  # direction, kind, body of every message
        self.met = 0  # clients that went through with the handshake
        self.victims = []  # their channels
        super().__init__(target)

    def fingerprint(self):
        return wire.fingerprint(wire.public_of(self.static))

    def handle(self, sock):
        try:
            victim = wire.Channel.answer(sock, self.static,
                                         self.certificate)
            self.met += 1
            self.victims.append(victim)
            server = wire.Channel.meet(self.dial(), victim.suite, 16384)
        except (OSError, WrongTag):
            return end(sock)
        lock = threading.Lock()
        sides = {UP: server, DOWN: victim}
        threading.Thread(target=self.relay, args=(UP, victim, sides, lock),
                         daemon=True).start()
        self.relay(DOWN, server, sides, lock)

    def relay(self, direction, source, sides, lock):
        try:
            while True:
                kind, body = source.receive()
                self.seen.append((direction, kind, body))
                out = [(direction, kind, body)]
                if self.forge is not None:
                    out = self.forge(direction, kind, body)
                with lock:
                    for where, kind, body in out:
                        sides[where].send(kind, body)
        except (OSError, wire.Closed, WrongTag):
            for side in sides.values():
                end(side.sock)
