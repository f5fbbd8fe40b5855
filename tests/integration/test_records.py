"""Records that are repeated, moved, left out or changed on their way: the
connection ends, the others are not touched, the client recovers."""


import proxy
import sotto


class Records(sotto.Case):
    def setUp(self):
        super().setUp()
        self.room = self.server()
        self.net = proxy.Proxy(self.room.port)
        self.addCleanup(self.net.close)
        self.carol = self.member(self.room, "carol")
        self.bob = self.member(self.room, "bob")
        self.alice = self.member(self.net.address, "alice",
                                 pin=self.room.fingerprint)
        self.expected = []

    def attack(self, direction, change):
        """One record is tampered with while Alice and Bob talk: what is said
        next is in another one."""
        at = len(self.alice.all("disconnected"))
        self.net.once(direction, change)
        for turn in range(3):
            text = "%d of round %d" % (turn, len(self.expected))
            self.expected.append(text)
            if direction == proxy.UP:
                self.alice.say(text)
            else:
                self.bob.said(text)
            event = self.net.tampered if turn > 0 else self.net.asked
            self.assertTrue(event.wait(sotto.WAIT))
        self.alice.wait_for(
            lambda: len(self.alice.all("disconnected")) > at, "the end")
        self.alice.expect("ready")
        if direction == proxy.UP:
            self.alice.wait_for(lambda: len(self.alice.all("acked"))
                                == len(self.expected), "all acks")

    def everything_once(self, direction):
        """Nothing lost, nothing doubled, nobody else disturbed."""
        self.alice.said("the end")
        self.carol.expect("message", text="the end")
        texts = self.expected + ["the end"]
        self.assertEqual(self.carol.texts(), texts)
        if direction == proxy.DOWN:
            self.alice.wait_for(lambda: len(self.alice.texts())
                                >= len(self.expected), "all messages")
            self.assertEqual(self.alice.texts(), self.expected)
        for other in (self.bob, self.carol):
            self.assertEqual(other.all("disconnected"), [])
            self.assertEqual(other.all("error"), [])
        self.room.wait_counter("logged_in", 3)

    def run_all(self, direction):
        changes = [proxy.replay, proxy.drop, proxy.swap(), proxy.flip(0, 0x80)]
        if not sotto.WORKERS:  # which thread it happens in is the same to these
            changes += [proxy.truncate, proxy.relabel(-16), proxy.relabel(-1),
                        proxy.flip(2), proxy.flip(-1), proxy.flip(-16),
                        proxy.flip(-17)]
        for change in changes:
            self.attack(direction, change)
        self.everything_once(direction)

    def test_up(self):
        self.run_all(proxy.UP)

    def test_down(self):
        self.run_all(proxy.DOWN)


class Replay(sotto.Case):
    def test_a_whole_connection_sent_again(self):
        """All that a client once sent, to the server and to another."""
        room = self.server()
        net = proxy.Proxy(room.port)
        self.addCleanup(net.close)
        bob = self.member(room, "bob")
        alice = self.member(net.address, "alice", pin=room.fingerprint)
        alice.said("once")
        self.assertEqual(alice.leave(), 0)
        bob.expect("left", user="alice")
        before = room.counters()
        sent = bytes(net.bytes[proxy.UP])
        again = proxy.socket.create_connection(("127.0.0.1", room.port))
        again.settimeout(sotto.WAIT)
        try:
            again.sendall(sent)
            while again.recv(4096):
                pass
        except OSError:
            pass
        again.close()
        bob.said("and nothing else")
        after = room.counters()
        for name in ("logins", "registrations"):
            self.assertEqual(after[name], before[name])
        self.assertEqual(after["posts"], before["posts"] + 1)
        self.assertEqual(bob.texts(), ["once"])

    def test_what_a_server_sent_before(self):
        """Answers of an earlier connection, to a client that dials anew."""
        room = self.server()
        net = proxy.Proxy(room.port)
        self.addCleanup(net.close)
        alice = self.member(net.address, "alice", pin=room.fingerprint)
        self.assertEqual(alice.leave(), 0)
        answers = bytes(net.bytes[proxy.DOWN])

        class Player(proxy.Listener):
            def handle(self, sock):
                proxy.wire.read_exactly(sock, 44)
                sock.sendall(answers)
        player = Player(room.port)
        self.addCleanup(player.close)
        client = self.client(player.address, "alice", pin=room.fingerprint)
        self.assertIn(client.end(), (4, 5))
        self.assertEqual(client.all("ready"), [])


if __name__ == "__main__":
    sotto.main()
