"""Cuts in mid-conversation: nothing acknowledged is lost, nothing comes twice,
and the client sees to it by itself."""

import random
import resource
import signal
import threading

import proxy
import sotto


class Restart(sotto.Case):
    def heard(self, listener, texts):
        """Each of `texts` once, in this order, and numbers that only grow."""
        listener.wait_for(lambda: len(listener.texts()) >= len(texts),
                          "%d messages, has %d" % (len(texts),
                                                   len(listener.texts())))
        self.assertEqual(listener.texts(), texts)
        numbers = [e["seq"] for e in listener.all("message")]
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_the_server_is_killed_in_mid_conversation(self):
        server = self.server()
        alice = self.member(server, "alice")
        bob = self.member(server, "bob")
        for turn in range(3):
            for i in range(100):
                alice.say("%d %d" % (turn, i))
            alice.wait_for(lambda: len(alice.all("acked")) > 100 * turn + 20,
                           "some acknowledgements")
            server.kill()
            alice.expect("disconnected")
            alice.say("said while nobody was there %d" % turn)
            server = self.server(port=server.port)
            bob.expect("ready")
        alice.wait_for(lambda: len(alice.all("acked")) == 303, "all acks")
        texts = []
        for turn in range(3):
            texts += ["%d %d" % (turn, i) for i in range(100)]
            texts += ["said while nobody was there %d" % turn]
        self.heard(bob, texts)
        # The acknowledged numbers are those under which it is in the log.
        carol = self.member(server, "carol", "--history", "128")
        carol.wait_for(lambda: carol.texts()[-1:] == texts[-1:], "history")
        self.assertEqual(carol.texts(), texts[-len(carol.texts()) :])
        seqs = {e["seq"]: e["text"] for e in bob.all("message")}
        acks = [e["seq"] for e in alice.all("acked")]
        self.assertEqual([seqs[seq] for seq in acks], texts)
        self.assertEqual(alice.leave(), 0)

    def test_the_network_is_cut_again_and_again(self):
        server = self.server()
        net = proxy.Proxy(server.port)
        self.addCleanup(net.close)
        alice = self.member(net.address, "alice", pin=server.fingerprint)
        bob = self.member(net.address, "bob", pin=server.fingerprint)
        chance = random.Random(4)
        texts = []
        for turn in range(6):
            for i in range(40):
                texts.append("%d %d" % (turn, i))
                alice.say(texts[-1])
            threading.Event().wait(chance.uniform(0, 0.05))
            net.cut()
        alice.wait_for(lambda: len(alice.all("acked")) == len(texts), "acks")
        self.heard(bob, texts)
        ends = alice.all("disconnected")
        self.assertGreater(len(ends), 0)
        self.assertIn("was cut", ends[0]["text"])  # nobody said CLOSE
        self.assertEqual(alice.leave(), 0)

    def test_what_the_log_no_longer_has(self):
        """A client that was away for too long is told that it missed some."""
        server = self.server("--history", "1M")
        alice = self.member(server, "alice")
        port = self.own_port()
        net = proxy.Proxy(server.port, port)
        bob = self.member(net.address, "bob", pin=server.fingerprint)
        alice.said("before")
        bob.expect("message", text="before")
        net.close()
        bob.expect("disconnected")
        texts = ["%d %s" % (i, "x" * 4000) for i in range(600)]
        for text in texts:
            alice.say(text)
        alice.wait_for(lambda: len(alice.all("acked")) == 601, "all acks")
        net = proxy.Proxy(server.port, port)
        self.addCleanup(net.close)
        bob.wait_for(lambda: bob.texts()[-1] == texts[-1], "the last message")
        self.assertEqual(bob.all("error")[0]["code"], "missed")
        kept = bob.texts()[1:]
        self.assertEqual(kept, texts[-len(kept) :])
        self.assertGreater(len(kept), 150)
        self.assertLess(len(kept), 600)
        alice.said("after")
        bob.expect("message", text="after")

    def test_a_server_that_has_lost_its_log(self):
        """Numbers begin again; the client hears of it, and goes on."""
        server = self.server()
        alice = self.member(server, "alice")
        bob = self.member(server, "bob")
        for i in range(20):
            alice.said("old %d" % i)
        bob.expect("message", text="old 19")
        alice.wait_for(lambda: len(alice.all("acked")) == 20, "20 acks")
        server.kill()
        alice.expect("disconnected")
        alice.say("said meanwhile")
        for path in server.data.glob("lobby*"):
            path.unlink()
        server = self.server(port=server.port)
        bob.expect("error", code="missed")
        bob.expect("message", text="said meanwhile")
        self.assertLess(alice.said("new"), 20)
        bob.expect("message", text="new")
        self.assertEqual(bob.texts()[20:], ["said meanwhile", "new"])

    def test_the_client_comes_back_later(self):
        """Another run of the client sees what it has missed as history."""
        server = self.server()
        alice = self.member(server, "alice")
        bob = self.member(server, "bob")
        alice.said("one")
        bob.expect("message", text="one")
        bob.kill()
        alice.expect("left", user="bob")
        alice.said("two")
        self.assertEqual(server.stop(), 0)
        server = self.server(port=server.port)
        bob = self.client(server, "bob")
        bob.expect("message", text="one")
        bob.expect("message", text="two")
        alice.expect("ready")
        alice.said("three")
        bob.expect("message", text="three")
        self.assertEqual(bob.texts(), ["one", "two", "three"])

    def test_a_client_that_is_killed_loses_nothing_acknowledged(self):
        server = self.server()
        bob = self.member(server, "bob")
        alice = self.member(server, "alice")
        alice.write("".join("line %d\n" % i for i in range(300)))
        alice.wait_for(lambda: len(alice.all("acked")) > 50, "some acks")
        alice.kill()
        bob.expect("left", user="alice")
        acked = len(alice.all("acked"))
        heard = bob.texts()
        self.assertGreaterEqual(len(heard), acked)
        self.assertEqual(heard, ["line %d" % i for i in range(len(heard))])
        # And the same lines again are other messages.
        alice = self.client(server, "alice")
        alice.expect("ready")
        alice.said("line 0")
        bob.wait_for(lambda: len(bob.texts()) == len(heard) + 1, "one more")

    def test_input_ends_while_the_server_is_away(self):
        """What was said is still delivered before the client leaves."""
        server = self.server()
        alice = self.member(server, "alice")
        server.kill()
        alice.expect("disconnected")
        alice.say("last words")
        alice.process.stdin.close()
        server = self.server(port=server.port)
        self.assertEqual(alice.end(), 0)
        self.assertEqual(len(alice.all("acked")), 1)
        bob = self.member(server, "bob")
        bob.expect("message", text="last words")

    def test_quit_while_the_server_is_away(self):
        server = self.server()
        alice = self.member(server, "alice")
        server.kill()
        alice.expect("disconnected")
        alice.say("/quit")
        self.assertEqual(alice.end(), 0)

    def test_a_person_is_told_and_need_not_care(self):
        server = self.server()
        bob = self.member(server, "bob")
        alice = self.chatter(server, "alice", register=True)
        alice.enter("before")
        bob.expect("message", text="before")
        server.kill()
        alice.sees("trying again")
        alice.enter("meanwhile")
        server = self.server(port=server.port)
        bob.expect("message", text="meanwhile")
        alice.sees("connected again")
        bob.said("good")
        alice.sees("bob: good")
        self.assertEqual(alice.screen.text().count("alice: meanwhile"), 1)
        self.assertEqual(bob.texts(), ["before", "meanwhile"])

    def test_a_log_that_was_cut_short(self):
        """A torn last record, as a power cut leaves it, is dropped."""
        server = self.server()
        alice = self.member(server, "alice")
        for i in range(5):
            alice.said("message %d" % i)
        alice.kill()
        server.kill()
        logs = [path for path in server.data.iterdir()
                if path.name.startswith("lobby") and path.stat().st_size > 0]
        newest = max(logs, key=lambda path: path.name)
        data = newest.read_bytes()
        newest.write_bytes(data + data[-20:])
        server = self.server(port=server.port)
        bob = self.member(server, "bob")
        bob.expect("message", text="message 4")
        self.assertEqual(bob.texts(), ["message %d" % i for i in range(5)])
        self.assertRegex(server.err.decode(), r"torn_bytes=[1-9]")


class FullDisk(sotto.Case):
    """Files may not grow beyond a limit, which is what a full disk is to the
    server."""

    def full_server(self):
        def limits():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE,
                               (20000, resource.RLIM_INFINITY))
        return self.server(limits=limits)

    @staticmethod
    def say_much(person):
        """Until everything is answered; how many were acknowledged."""
        before = len(person.all("acked")), len(person.all("error"))
        for i in range(30):
            person.say("%d " % i + "x" * 1000)
        person.wait_for(lambda: len(person.all("acked"))
                        + len(person.all("error")) == sum(before) + 30,
                        "all answers")
        return len(person.all("acked")) - before[0]

    def test_nothing_is_acknowledged_that_is_not_stored(self):
        server = self.full_server()
        alice = self.member(server, "alice")
        acked = self.say_much(alice)
        self.assertEqual({e["code"] for e in alice.all("error")}, {"storage"})
        self.assertGreater(acked, 5)
        alice.kill()
        self.assertIsNone(server.process.poll(), "the server goes on")
        server.kill()
        server = self.server(port=server.port)
        bob = self.member(server, "bob", "--history", "128")
        bob.wait_for(lambda: len(bob.texts()) >= acked, "what was stored")
        self.assertEqual([text.split()[0] for text in bob.texts()][:acked],
                         [str(i) for i in range(acked)])

    def test_it_goes_on_when_there_is_room(self):
        server = self.full_server()
        alice = self.member(server, "alice")
        bob = self.member(server, "bob")
        acked = self.say_much(alice)
        self.assertLess(acked, 30)
        bob.wait_for(lambda: len(bob.texts()) == acked, "what is stored")
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.assertEqual(self.say_much(alice), 30)
        bob.wait_for(lambda: len(bob.texts()) == acked + 30, "the rest")
        carol = self.member(server, "carol")  # an account is a file, too
        carol.said("good")
        self.assertEqual(alice.all("disconnected"), [])
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    sotto.main()
