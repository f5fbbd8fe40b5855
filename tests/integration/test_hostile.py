"""Strangers and members that break the rules: the others never notice."""

import os
import random
import signal
import socket
import struct
import time
import unittest

import sotto
import wire


class Hostile(sotto.Case):
    """Alice and Bob talk all the while."""

    def setUp(self):
        super().setUp()
        self.meet()

    def meet(self):
        self.room = self.server(*self.options)
        self.alice = self.member(self.room, "alice")
        self.bob = self.member(self.room, "bob")
        self.turn = 0

    options = ()

    def still_talking(self):
        self.turn += 1
        text = "talk %d" % self.turn
        self.alice.said(text)
        self.bob.expect("message", text=text)

    def never_noticed(self):
        """Nobody was cut, and nobody came or went but who should."""
        self.still_talking()
        for person in (self.alice, self.bob):
            self.assertEqual(person.all("disconnected"), [])
            self.assertEqual(person.all("error"), [])
        self.room.wait_counter("connections", 2)
        self.assertEqual(self.room.counters()["logged_in"], 2)

    def dial(self):
        sock = socket.create_connection(("127.0.0.1", self.room.port),
                                        sotto.WAIT)
        self.addCleanup(sock.close)
        return sock

    def answer(self, data):
        """What the server says to these bytes until it ends."""
        with self.dial() as sock:
            try:
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has ended before that
            got = b""
            try:
                while more := sock.recv(4096):
                    got += more
            except ConnectionError:
                return got or None
            return got


class Strangers(Hostile):
    def test_refusals_of_the_hello(self):
        for data, code in (
                (b"GET / HTTP/1.0\r\n\r\n", wire.MAGIC),
                (b"sotto" + bytes(5), wire.MAGIC),
                (wire.hello(version=0), wire.VERSION),
                (wire.hello(version=2), wire.VERSION),
                (wire.hello(pattern=3), wire.SUITE),
                (wire.hello(pattern=0), wire.SUITE),
                (wire.hello(suite=0), wire.SUITE),
                (wire.hello(suite=4), wire.SUITE),
                (wire.hello(suite=255), wire.SUITE),
                (wire.hello(limit=255), wire.LIMIT),
                (wire.hello(limit=0), wire.LIMIT),
                (wire.hello(magic=b"Sotty", version=9, suite=9), wire.MAGIC),
                (wire.hello(version=9, suite=9, limit=1), wire.VERSION)):
            self.assertEqual(self.answer(data), bytes([0, 0, code]), data)
        self.never_noticed()

    def test_garbage(self):
        chance = random.Random(1)
        for length in (1, 9, 10, 11, 12, 43, 44, 45, 100, 5000, 200000):
            self.answer(chance.randbytes(length))
            self.answer(wire.hello() + chance.randbytes(length))
        self.never_noticed()

    def test_lengths_of_handshake_messages(self):
        """Anything but the one length is refused without an answer."""
        for length in (0, 1, 31, 33, 48, 1024, 65535):
            got = self.answer(wire.hello() + struct.pack(">H", length)
                              + os.urandom(min(length, 2048)))
            self.assertIn(got, (b"", None), length)
        self.never_noticed()

    def test_a_key_of_low_order(self):
        for point in (bytes(32), b"\1" + bytes(31)):
            got = self.answer(wire.hello() + wire.unit(point))
            self.assertIn(got, (b"", None))
        self.never_noticed()

    def test_a_broken_third_message(self):
        for suite, length in ((1, 96), (2, 64), (3, 64)):
            with self.dial() as sock:
                sock.sendall(wire.hello(suite=suite) + wire.unit(
                    wire.public_of(os.urandom(32))))
                self.assertGreater(len(wire.read_unit(sock)), 90)
                sock.sendall(wire.unit(os.urandom(length)))
                try:
                    self.assertEqual(sock.recv(100), b"")
                except ConnectionResetError:
                    pass
        self.never_noticed()

    def test_many_at_once_that_say_nothing(self):
        """More than there is room for: members still come in."""
        crowd = [self.dial() for _ in range(300)]
        self.still_talking()
        carol = self.member(self.room, "carol")
        carol.said("through the crowd")
        self.bob.expect("message", text="through the crowd")
        for sock in crowd:
            sock.close()
        self.assertEqual(carol.leave(), 0)
        self.never_noticed()


class Deadline(Hostile):
    def setUp(self):
        sotto.Case.setUp(self)
        self.deadline = self.short_deadline()
        self.options = ("--login-timeout", self.deadline)
        self.meet()

    def test_the_deadlines(self):
        """Silence at every stage ends when its deadline has passed; so do
        bytes one at a time, which are no reason to wait longer."""
        other = self.server("--idle-timeout", self.deadline, data="other")
        carol = self.member(other, "carol")  # idle, too: she comes again
        idle = wire.Member(other.port, "idle")
        self.addCleanup(idle.close)
        idle.enter()
        quiet = [self.dial() for _ in range(4)]
        quiet[1].sendall(b"Sot")
        quiet[2].sendall(wire.hello() + b"\0\x20half")
        member = wire.Channel.dial(self.room.port)
        self.addCleanup(member.close)
        self.still_talking()
        self.assertEqual(self.pings_until_its_end(self.slow_channel()),
                         wire.TIMEOUT)
        self.assertEqual(member.end(), wire.TIMEOUT)
        for sock in quiet:
            self.assertEqual(sock.recv(10), b"")
        self.never_noticed()
        self.assertEqual(idle.channel.end(), wire.TIMEOUT)
        carol.expect("left", user="idle")

    def slow_channel(self):
        """One that came to be byte by byte."""
        handshake = wire.Handshake(wire.SUITES[1], wire.hello(),
                                   os.urandom(32))
        sock = self.dial()
        for byte in wire.hello() + wire.unit(handshake.write_1()):
            sock.sendall(bytes([byte]))
        handshake.read_2(wire.read_unit(sock))
        for byte in wire.unit(handshake.write_3()):
            sock.sendall(bytes([byte]))
        return wire.Channel(sock, handshake, True, 16384)

    @staticmethod
    def pings_until_its_end(channel):
        """The reason of the CLOSE."""
        try:
            while True:
                for byte in channel.seal(wire.frame(wire.PING, b"x")):
                    channel.sock.sendall(bytes([byte]))
                channel.expect(wire.PONG)
                time.sleep(0.05)
        except wire.Closed as closed:
            return closed.reason


class Crowd(Hostile):
    options = ("--max-connections", "8")

    def test_strangers_give_way_to_others(self):
        """When all places are taken, who has waited longest without logging
        in has to go; nobody who is logged in."""
        crowd = [self.dial() for _ in range(40)]
        carol = self.member(self.room, "carol")
        carol.said("found a place")
        self.bob.expect("message", text="found a place")
        self.assertGreater(self.room.err.count(b" gave_way "), 0)
        for sock in crowd:
            sock.close()
        self.assertEqual(carol.leave(), 0)
        self.never_noticed()


class Waiting(Hostile):
    """Somebody waits for a place that a worker's thread is about to free, and
    others come in the same moment, by two addresses of the server."""

    options = ("--max-connections", "8", "--workers", "2")

    def meet(self):
        if sotto.ON_LWIP:
            self.skipTest("its server is one thread")
        self.port = self.own_port()
        self.options += ("--listen", "%s:%d" % (sotto.HERE, self.port))
        super().meet()

    def dial_other(self):
        sock = socket.create_connection(("127.0.0.1", self.port), sotto.WAIT)
        self.addCleanup(sock.close)

    def test_one_at_a_time_waits_for_a_place(self):
        for _ in range(6):
            self.dial()
        self.room.wait_counter("accepted", 8)
        self.room.signal(signal.SIGSTOP)
        for _ in range(4):
            self.dial()
            self.dial_other()
        self.room.signal(signal.SIGCONT)
        self.still_talking()
        sotto.until(lambda: self.room.arrived() == 16, "all of them")
        self.assertGreater(self.room.err.count(b" gave_way "), 0)


class Full(Hostile):
    """All places are taken by members: nobody has to give way."""

    options = ("--max-connections", "2")
    if not sotto.ON_LWIP:
        options += ("--workers", "2")

    def test_who_finds_no_place_is_told_so_in_good_order(self):
        """Not by a reset, which could overtake what he is told; though the
        server closes before it has read what he said."""
        self.room.signal(signal.SIGSTOP)
        with self.dial() as sock:
            sock.sendall(wire.hello())
            self.room.signal(signal.SIGCONT)
            got = b""
            while more := sock.recv(100):
                got += more
            self.assertEqual(got, bytes([0, 0, wire.BUSY]))
        self.never_noticed()


class Members(Hostile):
    """Somebody with a channel, and even an account, who breaks the rules; no
    rate holds him back, and nobody is cut for saying nothing, however long a slow
    machine takes to send him what he does not read."""

    options = ("--stall-timeout", "3s", "--message-rate", "0", "--byte-rate",
               "0", "--idle-timeout", "1h")

    def wire_member(self, name, **channel):
        member = wire.Member(self.room.port, name, **channel)
        self.addCleanup(member.close)
        return member

    def test_a_proper_member_of_another_making(self):
        """Written from PROTOCOL.md alone, with each suite and small records:
        what follows is refused for what it does, not for who it is."""
        for suite in (1, 2, 3):
            for limit in (256, 16384):
                name = "w%d-%d" % (suite, limit)
                with self.wire_member(name, suite=suite, limit=limit) as one:
                    one.enter()
                    seq = one.post("hello from " + name)
                    heard = self.bob.expect("message",
                                            text="hello from " + name)
                    self.assertEqual((heard["seq"], heard["from"]),
                                     (seq, name))
                    long = name + " and a long answer " + "x" * 3000
                    self.alice.say(long)
                    one.hear(long)
                    one.channel.renew()
                    one.post(long)
                    self.bob.expect("message", text=long)
                    one.channel.say_close()
                    self.assertIn(one.channel.end(), (wire.BYE, None))
        self.never_noticed()

    def refused(self, member):
        self.assertEqual(member.channel.end(), wire.PROTOCOL)
        member.close()
        self.still_talking()

    def test_frames_that_are_not_frames(self):
        broken = [b"", b"\x10", b"\x10\x05abc", b"\x10\xc0", b"\x10\x40\x01x",
                  b"\x04\0", b"\x0f\0", b"\xff\0", b"\x02\x01x",
                  b"\x03\0", b"\x03\x02\0\0", b"\x01\0", b"\x10\x80\0\0\x01x",
                  wire.frame(wire.PING) + b"\x03", b"\x02\0" + b"\x15\0",
                  b"\x10\x80\xff\xff\xff"]
        for plain in broken:
            member = self.wire_member("x")
            member.channel.send_plain(plain)
            with self.subTest(plain):
                self.refused(member)
        self.never_noticed()

    def test_requests_out_of_turn(self):
        post = struct.pack(">HQ", 0, 1) + b"too early"
        join = wire.vector(b"#lobby") + struct.pack(">QQH", 1, 0, 0)
        for kind, body in ((wire.POST, post), (wire.JOIN, join),
                           (wire.WHO, b"\0\0"), (wire.WELCOME, b"\1x\0\1"),
                           (wire.ACK, bytes(18)), (wire.AUTH, b""),
                           (wire.AUTH, b"n,,n=alice,r=abc"),
                           (wire.AUTH, b"y,,n=alice,r=abc"),
                           (wire.AUTH, b"p=tls-exporter,,n=alice,r=abc"),
                           (wire.AUTH, b"c=abc,r=abc,p=abc"),
                           (wire.REGISTER, b"x"), (wire.PING, b"x" * 9),
                           (99, b"")):
            member = self.wire_member("x")
            member.channel.send(kind, body)
            self.refused(member)
        self.never_noticed()

    def test_requests_of_a_member_that_make_no_sense(self):
        name = 0

        def fresh():
            nonlocal name
            name += 1
            return self.wire_member("member-%d" % name).enter()
        for kind, body in ((wire.POST, b"short"),
                           (wire.POST, struct.pack(">HQ", 0, 0) + b"x"),
                           (wire.WHO, b"\0"), (wire.JOIN, b"\0"),
                           (wire.AUTH, b"p=sotto-noise-h,,n=a,r=b"),
                           (wire.REGISTER, b""), (wire.MESSAGE, b"x" * 40)):
            member = fresh()
            member.channel.send(kind, body)
            self.refused(member)
        member = fresh()  # an id twice, in one run of the client
        member.post("once", number=5)
        member.channel.send(wire.POST, struct.pack(">HQ", 0, 5) + b"twice")
        self.refused(member)
        self.assertNotIn("twice", self.bob.texts())
        self.never_noticed()

    def test_texts_that_are_not_allowed_are_answered(self):
        member = self.wire_member("member").enter()
        for at, text in enumerate((b"", b"\xff", b"x" * 4097, b"\xc0\x80",
                                   b"\xed\xa0\x80")):
            member.channel.send(wire.POST,
                                struct.pack(">HQ", 0, at + 1) + text)
            with self.assertRaises(wire.Refused) as caught:
                member.expect(wire.ACK)
            self.assertEqual((caught.exception.problem, caught.exception.ref),
                             (11, at + 1))
        member.post("good", number=9)
        self.bob.expect("message", text="good")
        member.close()
        self.never_noticed()

    def test_a_message_without_end(self):
        """CHUNK after CHUNK is more than any message may have."""
        member = self.wire_member("member").enter()
        try:
            for _ in range(100):
                member.channel.send(wire.CHUNK, b"x" * 1000)
        except OSError:
            pass
        self.assertIn(member.channel.end(), (wire.PROTOCOL, None))
        self.never_noticed()

    def test_something_after_close(self):
        member = self.wire_member("member").enter()
        member.channel.say_close()
        try:
            member.channel.send(wire.POST, struct.pack(">HQ", 0, 1) + b"ghost")
            member.channel.end()
        except OSError:
            pass
        self.never_noticed()
        self.assertNotIn("ghost", self.bob.texts())

    def test_a_record_longer_than_the_limit(self):
        member = self.wire_member("member").enter()
        try:
            member.channel.sock.sendall(b"\x40\x01" + bytes(1 << 14))
        except OSError:
            pass
        self.assertIn(member.channel.end(), (wire.PROTOCOL, None))
        self.never_noticed()

    def test_renewing_the_key_all_the_time(self):
        member = self.wire_member("member").enter()
        for i in range(200):
            member.channel.renew()
        member.post("still understood")
        self.bob.expect("message", text="still understood")
        member.close()
        self.never_noticed()

    def test_refusals_do_not_fill_the_log(self):
        """Each is answered and counted; the log tells of 20 in a second."""
        member = self.wire_member("member").enter()
        start = time.monotonic()
        again = wire.frame(wire.JOIN, wire.vector(b"#lobby")
                           + struct.pack(">QQH", 1, 0, 0))
        for _ in range(20):
            member.channel.send_plain(again * 100)
            for _ in range(100):
                member.channel.expect(wire.ERROR)
        self.assertEqual(self.room.counters("refused")["room"], 2000)
        lines = self.room.err.count(b" account refused problem=room")
        self.assertIn(lines, range(1, 20 * int(time.monotonic() - start + 3)))
        self.assertIn(b" account more_refused", self.room.err)
        member.close()
        self.never_noticed()

    def test_the_same_run_of_a_client_twice(self):
        """The earlier connection is dead, or somebody else's: it goes, and
        nobody is told that anybody left."""
        with wire.Member(self.room.port, "twice") as first:
            first.enter()
            first.post("from the first")
            with wire.Member(self.room.port, "twice") as second:
                second.login()
                second.join(instance=first.instance)
                self.assertEqual(first.channel.end(), wire.REPLACED)
                second.post("from the second", number=2)
                self.bob.expect("message", text="from the second")
                self.assertNotIn("twice", [e["user"] for e in
                                           self.bob.all("left")])
        self.never_noticed()

    def test_a_proof_for_another_channel(self):
        member = self.wire_member("member")
        member.register()
        with self.assertRaises(wire.Refused) as caught:
            member.login(binding=bytes(32))
        self.assertEqual(caught.exception.problem, wire.LOGIN)
        member.close()
        self.assertEqual(self.room.counters()["logged_in"], 2)
        self.never_noticed()

    def test_three_wrong_passwords_end_the_connection(self):
        member = self.wire_member("alice", password="wrong")
        for _ in range(3):
            with self.assertRaises(wire.Refused):
                member.login()
        self.assertEqual(member.channel.end(), wire.REFUSED)
        self.never_noticed()

    def test_some_who_never_read(self):
        """The room goes on; a reader is cut, or catches up later. So are those
        who go on asking, each list longer than the question: what waits for
        them is bounded."""
        deaf = [self.wire_member(name, buffer=4096).enter()
                for name in ("deaf", "asker", "curious")]
        questions = [b"", wire.frame(wire.PING, b"12345678") * 1600,
                     wire.frame(wire.WHO, b"\0\0") * 4000]
        left = [b""] * 3
        for one in deaf:
            one.channel.sock.setblocking(False)
        sleepy = self.member(self.room, "sleepy")
        sleepy.signal(signal.SIGSTOP)
        texts = ["%d %s" % (i, "x" * 4000) for i in range(1500)]
        for at in range(0, len(texts), 100):  # some 6 MB
            for text in texts[at : at + 100]:
                self.alice.say(text)
            for i, one in enumerate(deaf):
                try:
                    if questions[i]:
                        left[i] = left[i] or one.channel.seal(questions[i])
                        left[i] = left[i][one.channel.sock.send(left[i]) :]
                except OSError:
                    pass  # he is not read from any more, or cut
            self.bob.wait_for(lambda: len(self.bob.texts()) >= at + 100,
                              "message %d" % at)
        self.assertEqual(self.bob.texts(), texts)
        self.room.wait_counter("logged_in", 2)  # all of them were cut
        self.assertEqual(self.room.counters("closed")["too_slow"], 4)
        sleepy.signal(signal.SIGCONT)
        sleepy.wait_for(lambda: len(sleepy.texts()) == len(texts),
                        "all of it")
        self.assertEqual(sleepy.texts(), texts)
        for one in deaf:
            one.close()
        self.assertEqual(sleepy.leave(), 0)
        self.never_noticed()

    @unittest.skipIf(sotto.ON_LWIP, "its stack takes in less at a time")
    def test_a_flood_leaves_others_their_turn(self):
        """However much somebody has sent: who has a word to say waits for one
        buffer of it at most."""
        room = self.server("--workers", "1", *self.options, data="other")
        flooder, quiet = [wire.Member(room.port, name)
                          for name in ("flooder", "quiet")]
        for one in (flooder, quiet):
            self.addCleanup(one.close)
            one.enter()
        room.signal(signal.SIGSTOP)  # all of it is there when it goes on
        posts = [wire.frame(wire.POST, struct.pack(">HQ", 0, i + 1)
                            + b"x" * 4000) for i in range(20)]
        for at in range(0, len(posts), 4):  # the most that a record holds
            flooder.channel.send_plain(b"".join(posts[at : at + 4]))
        quiet.post("a word", wait=False)
        room.signal(signal.SIGCONT)
        word = quiet.acked(1)
        flood = [flooder.acked(i + 1) for i in range(len(posts))]
        self.assertLessEqual(sum(number < word for number in flood), 4)


class Deaf(Hostile):
    """Somebody who reads nothing, and is not cut for it."""

    options = ("--stall-timeout", "10m", "--message-rate", "0", "--byte-rate",
               "0")

    def busy(self):
        """How often the server has waited, and its ticks of a processor."""
        with open("/proc/%d/stat" % self.room.pid, encoding="ascii") as text:
            fields = text.read().rpartition(")")[2].split()
        return (self.room.counters("traffic")["waits"],
                int(fields[11]) + int(fields[12]))

    def tell_bob(self, count, length):
        """How many bytes the server has sent for this."""
        before = self.room.counters("traffic")["bytes_out"]
        heard = len(self.bob.texts())
        for _ in range(count):
            self.alice.say("x" * length)
        self.bob.wait_for(lambda: len(self.bob.texts()) == heard + count,
                          "all of it")
        return self.room.counters("traffic")["bytes_out"] - before

    def test_keeps_no_processor_busy(self):
        """Its kernel is full before the server waits for it."""
        deaf = wire.Member(self.room.port, "deaf", buffer=4096).enter()
        self.addCleanup(deaf.close)
        sent = 3 * 100 * 4000
        while sent > 1.5 * 100 * 4000:  # more than Bob got
            sent = self.tell_bob(100, 4000)
        waits, ticks = self.busy()
        time.sleep(2)  # with nothing to do
        waits, ticks = (after - before for after, before in
                        zip(self.busy(), (waits, ticks)))
        self.assertLess(waits, 200, "it looks for something to do")
        self.assertLess(ticks, os.sysconf("SC_CLK_TCK"), "it is busy")
        self.still_talking()


if __name__ == "__main__":
    sotto.main()
