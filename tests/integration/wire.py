"""wire.py - the protocol once more, from core/PROTOCOL.md alone.

A second implementation for tests that have to break the rules, and a check
that the page says enough to write one from. Channel is the encrypted
connection, of either side; Member is somebody who registers, logs in and
talks over one. Everything blocks, with a deadline.
"""

import base64
import hashlib
import hmac
import os
import socket
import struct

from crypto import SUITES, public_of, x25519

WAIT = 60  # seconds; generous, because no test is about speed

# Frames of the channel, then of the chat.
PADDING, CHUNK, REKEY, CLOSE = range(4)
AUTH, REGISTER, JOIN, POST, WHO, PING = range(16, 22)
(REGISTERED, WELCOME, ERROR, JOINED, MESSAGE, ENTERED, LEFT, CAUGHT_UP, ACK,
 PRESENT, PONG) = range(32, 43)

# Reasons of CLOSE, refusals, problems.
BYE, PROTOCOL, SHUTDOWN, TIMEOUT, SLOW, REPLACED, OVERLOAD, REFUSED = range(8)
MAGIC, VERSION, SUITE, LIMIT, BUSY, KEY = range(1, 7)
LOGIN, DISABLED, THROTTLED, NAME_TAKEN, NAME_BAD = range(1, 6)


# ---- bytes ----


def vector(data):
    n = len(data)
    if n < 64:
        return bytes([n]) + data
    if n < 16384:
        return struct.pack(">H", 0x4000 | n) + data
    return struct.pack(">I", 0x80000000 | n) + data


def read_vector(data, at=0):
    """The vector at `at`, and where it ends."""
    size = 1 << (data[at] >> 6)
    n = int.from_bytes(data[at : at + size], "big") & (1 << 8 * size - 2) - 1
    return data[at + size : at + size + n], at + size + n


def frame(kind, body=b""):
    return bytes([kind]) + vector(body)


def frames_of(plain):
    at = 0
    while at < len(plain):
        body, end = read_vector(plain, at + 1)
        yield plain[at], body
        at = end


def hello(version=1, pattern=1, suite=1, limit=16384, magic=b"Sotto"):
    return magic + bytes([version, pattern, suite]) + struct.pack(">H", limit)


def fingerprint(public):
    text = base64.b32encode(hashlib.sha256(public).digest()).decode()
    text = text.lower().rstrip("=")
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def read_exactly(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise ConnectionError("ended after %d of %d bytes"
                                  % (len(data), count))
        data += more
    return data


def read_unit(sock):
    """A handshake message or record, without its length."""
    return read_exactly(sock, struct.unpack(">H", read_exactly(sock, 2))[0])


def unit(text):
    return struct.pack(">H", len(text)) + text


# ---- the handshake (Noise revision 34, XX) ----


class Handshake:
    """Either side of XX; `e` fixes the ephemeral key for the example."""

    def __init__(self, suite, prologue, s, e=None):
        self.suite = suite
        self.s, self.e = s, e or os.urandom(32)
        self.k, self.n = None, 0
        self.past = []  # shared secrets and what became of them
        name = b"Noise_XX_25519_" + suite.name + b"_SHA256"
        self.h = name.ljust(32, b"\0") if len(name) <= 32 else (
            hashlib.sha256(name).digest())
        self.ck = self.h
        self.mix_hash(prologue)

    def mix_hash(self, data):
        self.h = hashlib.sha256(self.h + data).digest()

    def mix_key(self, secret):
        self.ck, self.k = self.hkdf(secret)
        self.n = 0
        self.past += [secret, self.ck, self.k]

    def hkdf(self, secret):
        key = hmac.digest(self.ck, secret, "sha256")
        first = hmac.digest(key, b"\1", "sha256")
        return first, hmac.digest(key, first + b"\2", "sha256")

    def seal(self, plain):
        text = plain
        if self.k:
            text = self.suite.seal(self.k, self.n, self.h, plain)
            self.n += 1
        self.mix_hash(text)
        return text

    def open(self, text):
        plain = text
        if self.k:
            plain = self.suite.open(self.k, self.n, self.h, text)
            self.n += 1
        self.mix_hash(text)
        return plain

    def sealed(self, length):
        """The length of a sealed plaintext of `length` bytes."""
        if self.suite.number == 1:
            return 16 * (length // 16 + 1) + 16
        return length + 16

    # Messages, in order. The client writes 1 and 3, the server 2.

    def write_1(self, payload=b""):
        self.mix_hash(public_of(self.e))
        return public_of(self.e) + self.seal(payload)

    def read_1(self, message):
        self.re = message[:32]
        self.mix_hash(self.re)
        return self.open(message[32:])

    def write_2(self, payload):
        self.mix_hash(public_of(self.e))
        self.mix_key(x25519(self.e, self.re))
        s = self.seal(public_of(self.s))
        self.mix_key(x25519(self.s, self.re))
        return public_of(self.e) + s + self.seal(payload)

    def read_2(self, message):
        self.re, rest = message[:32], message[32:]
        self.mix_hash(self.re)
        self.mix_key(x25519(self.e, self.re))
        self.rs = self.open(rest[: self.sealed(32)])
        self.mix_key(x25519(self.e, self.rs))
        return self.open(rest[self.sealed(32) :])

    def write_3(self, payload=b""):
        s = self.seal(public_of(self.s))
        self.mix_key(x25519(self.s, self.re))
        return s + self.seal(payload)

    def read_3(self, message):
        self.rs = self.open(message[: self.sealed(32)])
        self.mix_key(x25519(self.e, self.rs))
        return self.open(message[self.sealed(32) :])


# ---- the channel ----


class Closed(Exception):
    """The other side said CLOSE."""

    def __init__(self, reason):
        super().__init__("closed by the other side, reason %d" % reason)
        self.reason = reason


class Refusal(Exception):
    """The server would not begin."""

    def __init__(self, code):
        super().__init__("refused with code %d" % code)
        self.code = code


class Channel:
    """An open channel. Frames may be sent as they are, right or wrong."""

    def __init__(self, sock, handshake, is_client, limit):
        first, second = handshake.hkdf(b"")
        self.sock = sock
        self.suite = handshake.suite
        self.hash = handshake.h
        self.past = handshake.past  # secrets that nobody needs any more
        self.peer = handshake.rs
        self.limit = limit  # the other side's
        self.send_key, self.receive_key = (
            (first, second) if is_client else (second, first))
        self.sent = self.received = 0
        self.parts = b""
        self.waiting = []  # frames of a record that are not handed out

    @classmethod
    def dial(cls, port, suite=3, limit=16384, static=None, buffer=0,
             source="127.0.0.1"):
        """The client's side, from an address of this machine; `buffer` makes
        the system's buffers small."""
        sock = socket.socket()
        sock.settimeout(WAIT)
        if buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        try:
            sock.bind((source, 0))
            sock.connect(("127.0.0.1", port))
            return cls.meet(sock, SUITES[suite], limit, static)
        except BaseException:
            sock.close()
            raise

    @classmethod
    def meet(cls, sock, suite, limit, static=None):
        """The client's side, on a socket."""
        first = hello(suite=suite.number, limit=limit)
        handshake = Handshake(suite, first, static or os.urandom(32))
        sock.sendall(first + unit(handshake.write_1()))
        message = read_unit(sock)
        if not message:
            raise Refusal(read_exactly(sock, 1)[0])
        payload = handshake.read_2(message)
        certificate, end = read_vector(payload, 2)
        assert end == len(payload), payload
        sock.sendall(unit(handshake.write_3()))
        channel = cls(sock, handshake, True,
                      struct.unpack(">H", payload[:2])[0])
        channel.certificate = certificate
        return channel

    @classmethod
    def answer(cls, sock, static, certificate=b""):
        """The server's side, with any static key."""
        first = read_exactly(sock, 10)
        suite, limit = SUITES[first[7]], struct.unpack(">H", first[8:])[0]
        handshake = Handshake(suite, first, static)
        handshake.read_1(read_unit(sock))
        sock.sendall(unit(handshake.write_2(
            struct.pack(">H", 16384) + vector(certificate))))
        handshake.read_3(read_unit(sock))
        return cls(sock, handshake, False, limit)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()

    # ---- sending ----

    def seal(self, plain):
        """The bytes of a record; whoever seals it sends it."""
        text = self.suite.seal(self.send_key, self.sent, b"", plain)
        self.sent += 1
        return unit(text)

    def send_plain(self, plain):
        self.sock.sendall(self.seal(plain))

    def send(self, kind, body=b""):
        self.send_plain(frame(kind, body))

    def renew(self):
        self.send(REKEY)
        self.past = self.past + [self.send_key]
        self.send_key = self.suite.rekey(self.send_key)

    def say_close(self, reason=BYE):
        self.send(CLOSE, bytes([reason]))

    # ---- receiving ----

    def receive_record(self):
        text = read_unit(self.sock)
        plain = self.suite.open(self.receive_key, self.received, b"", text)
        self.received += 1
        return list(frames_of(plain))

    def receive(self):
        """The next message of the chat: its type and body."""
        while True:
            while not self.waiting:
                self.waiting = self.receive_record()
            kind, body = self.waiting.pop(0)
            if kind == CLOSE:
                raise Closed(body[0])
            if kind == REKEY:
                self.receive_key = self.suite.rekey(self.receive_key)
            elif kind == CHUNK:
                self.parts += body
            elif kind != PADDING:
                body, self.parts = self.parts + body, b""
                return kind, body

    def expect(self, *kinds):
        """The next message of one of these types; others are skipped."""
        while True:
            kind, body = self.receive()
            if kind in kinds:
                return kind, body

    def end(self):
        """Reads to the end: the reason of CLOSE, None when it was cut."""
        try:
            while True:
                self.receive()
        except Closed as closed:
            try:
                assert self.sock.recv(1) == b"", "bytes after CLOSE"
            except ConnectionError:
                pass  # what we sent came too late for it
            return closed.reason
        except (ConnectionError, ConnectionResetError):
            return None


# ---- accounts (SCRAM-SHA-256, RFC 5802 and 7677) ----


class Secrets:
    """What a password becomes; each of these is worth as much as it, but for
    the last two, which the server keeps."""

    def __init__(self, password, salt, iterations):
        self.password = password.encode()
        self.salt, self.iterations = salt, iterations
        self.salted = hashlib.pbkdf2_hmac("sha256", self.password, salt,
                                          iterations)
        self.client_key = hmac.digest(self.salted, b"Client Key", "sha256")
        self.server_key = hmac.digest(self.salted, b"Server Key", "sha256")
        self.stored_key = hashlib.sha256(self.client_key).digest()


class Refused(Exception):
    """The server's ERROR."""

    def __init__(self, body):
        self.problem, self.ref, self.detail = struct.unpack(">HQI", body)
        super().__init__("problem %d" % self.problem)


class Member:
    """Somebody with an account, on a channel of its own."""

    def __init__(self, port, name, password="tango-foxtrot-7", **channel):
        self.name, self.password = name, password
        self.channel = Channel.dial(port, **channel)
        self.id = 0

    def close(self):
        self.channel.close()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()

    def expect(self, kind):
        got, body = self.channel.expect(kind, ERROR)
        if got == ERROR:
            raise Refused(body)
        return body

    def register(self, iterations=1000, code=b"", salt=None):
        secrets = Secrets(self.password, salt or os.urandom(16), iterations)
        self.channel.send(REGISTER, vector(self.name.encode())
                          + vector(secrets.salt)
                          + struct.pack(">I", iterations)
                          + secrets.stored_key + secrets.server_key
                          + vector(code))
        self.expect(REGISTERED)
        return secrets

    def login(self, binding=None):
        """Logs in; keeps what a thief would look for: secrets and proof."""
        bare = "n=%s,r=%s" % (self.name,
                              base64.b64encode(os.urandom(18)).decode())
        header = "p=sotto-noise-h,,"
        self.channel.send(AUTH, (header + bare).encode())
        challenge = self.expect(AUTH).decode()
        fields = dict(part.split("=", 1) for part in challenge.split(","))
        self.secrets = Secrets(self.password, base64.b64decode(fields["s"]),
                               int(fields["i"]))
        bound = header.encode() + (binding or self.channel.hash)
        final = "c=%s,r=%s" % (base64.b64encode(bound).decode(), fields["r"])
        message = ",".join((bare, challenge, final)).encode()
        signature = hmac.digest(self.secrets.stored_key, message, "sha256")
        self.proof = bytes(
            a ^ b for a, b in zip(self.secrets.client_key, signature))
        text = base64.b64encode(self.proof).decode()
        self.channel.send(AUTH, ("%s,p=%s" % (final, text)).encode())
        expected = hmac.digest(self.secrets.server_key, message, "sha256")
        answer = self.expect(AUTH).decode()
        assert answer == "v=" + base64.b64encode(expected).decode(), answer
        self.expect(WELCOME)

    def join(self, first=0, history=0, instance=None, room=b"#lobby"):
        self.instance = instance or int.from_bytes(os.urandom(7), "big") + 1
        self.channel.send(JOIN, vector(room) + struct.pack(
            ">QQH", self.instance, first, history))
        body = self.expect(JOINED)
        self.expect(CAUGHT_UP)
        return body

    def enter(self):
        """From nothing to the room."""
        self.register()
        self.login()
        self.join()
        return self

    def post(self, text, number=None, wait=True):
        self.id = number or self.id + 1
        self.channel.send(POST, struct.pack(">HQ", 0, self.id) + text.encode())
        return self.acked(self.id) if wait else None

    def acked(self, number):
        """Waits for the acknowledgement; the number of the message."""
        while True:
            room, mine, seq = struct.unpack(">HQQ", self.expect(ACK))
            if mine == number:
                return seq

    def hear(self, text):
        """Waits until this text is said; the number of its message."""
        while True:
            seq, _, said = entry_of(self.expect(MESSAGE))
            if said == text:
                return seq


def entry_of(body):
    """MESSAGE, ENTERED, LEFT: number, sender, text."""
    number = struct.unpack(">Q", body[2:10])[0]
    sender, end = read_vector(body, 14)
    return number, sender.decode(), body[end:].decode()
