"""Many at once: crowds, attackers by the hundred, a server that is killed again
and again. Everybody who is honest goes on, and nothing is lost, nothing twice.

    test_storm.py [--long] [TEST...]

--long: the full numbers, for half an hour; without it the same in small.
"""

import pathlib
import random
import re
import subprocess
import sys
import time

import sotto
import storm
import wire

LONG = "--long" in sys.argv


class Crowd(sotto.Case):
    PEOPLE = 1000 if LONG else 100

    def test_many_come_talk_and_are_cut(self):
        """And nothing is kept of them. One after the other comes in, at the
        pace of this program: the last ones wait for their turn."""
        most = str(self.PEOPLE + 2)
        room = self.server("--max-connections", most, "--max-half-open", most,
                           "--login-timeout", "1h", "--idle-timeout", "1h",
                           "--stall-timeout", "1h")
        alice = self.member(room, "alice")
        crowd = []
        for i in range(self.PEOPLE):
            one = wire.Member(room.port, "c%d" % i, suite=1,
                              source="127.2.%d.1" % (i // 50))
            self.addCleanup(one.close)
            crowd.append(one)
        for one in crowd:
            one.enter()
            one.post("I am " + one.name, wait=False)
        for one in crowd:
            one.acked(1)
        texts = {"I am " + one.name for one in crowd}
        alice.wait_for(lambda: len(alice.texts()) >= len(texts), "all of them")
        self.assertEqual(set(alice.texts()), texts)
        self.assertEqual(len(alice.texts()), len(texts))
        self.assertEqual(room.counters()["logged_in"], self.PEOPLE + 1)
        for one in crowd:
            one.post("half a word", wait=False)
            one.close()
        room.wait_counter("connections", 1)
        alice.wait_for(lambda: len(alice.all("left")) == len(crowd),
                       "their leaving")
        alice.said("alone")
        self.assertEqual(room.counters()["buffers"], 0)
        self.assertEqual(alice.all("disconnected"), [])


class Attacked(sotto.Case):
    """Alice and Bob talk; nobody cuts them, whatever others do."""

    SIZE = 10000 if LONG else 200
    SECONDS = 30 if LONG else 1

    def test_attacks(self):
        options = ("--max-connections", str(self.SIZE // 2))
        room = self.server(*options)
        (self.folder / "password").write_text(sotto.PASSWORD + "\n")
        alice = self.member(room, "alice")
        bob = self.member(room, "bob")
        bob.said("hello")
        alice.expect("message", text="hello")
        for name in storm.ATTACKS:
            with self.subTest(name):
                self.attack(room, name, alice, bob)
        for person in (alice, bob):
            self.assertEqual(person.all("disconnected"), [])
            self.assertEqual(person.all("error"), [])
        self.memory_is_bounded(room)
        self.assertEqual(room.stop(), 0)

    def memory_is_bounded(self, room):
        """By what it has said at its start, and what does not grow: libraries,
        stacks, the machine's lists of connections."""
        with open("/proc/%d/maps" % room.pid, encoding="utf-8") as maps:
            if re.search("lib[at]san", maps.read()):
                return  # what a sanitizer takes nobody has counted
        bound = int(re.search(rb"limits .*memory_kib=(\d+)",
                              room.err).group(1))
        self.assertLess(storm.memory_kib(room), bound + 8192)

    def attack(self, room, name, alice, bob):
        before = room.arrived()
        attack = storm.Attack(self, room, name, self.SIZE, 2)
        try:
            sotto.until(lambda: room.arrived() >= before + attack.arrive,
                        "the attack", sotto.LONGEST)  # others go before it
            said = 0
            end = time.monotonic() + self.SECONDS
            while time.monotonic() < end or said < 5:
                text = "%s %d" % (name, said)
                alice.said(text)
                bob.expect("message", text=text)
                said += 1
            carol = self.newcomer(room)
            carol.said("in the middle of it")
            self.assertEqual(carol.leave(), 0)
        finally:
            attack.stop()
        room.wait_counter("logged_in", 2)
        room.wait_counter("connections", 2)

    def newcomer(self, room):
        """Comes in, if not at the first attempt: where strangers are many, who
        is slow to log in is sent away as the oldest."""
        end = time.monotonic() + sotto.WAIT
        while True:
            carol = self.client(room, "carol-" + self.unique(), register=True)
            carol.wait_for(lambda: carol.all("ready")
                           or carol.process.poll() is not None, "an outcome")
            if carol.all("ready"):
                return carol
            self.assertEqual(carol.end(), 5)
            self.assertLess(time.monotonic(), end)


class Memory(sotto.Case):
    def test_the_document_tells_the_most_that_a_server_takes(self):
        """By its own words, with the defaults; structs of others' libraries
        and machines have other sizes."""
        version = subprocess.run([sotto.BIN, "--version"], text=True,
                                 stdout=subprocess.PIPE, check=True).stdout
        if "mbedtls" not in version or sys.maxsize < 1 << 32:
            self.skipTest("the document is about mbedTLS on 64-bit hosts")
        document = (pathlib.Path(__file__).parents[2]
                    / "apps/sotto/SERVER.md").read_text(encoding="utf-8")
        told = re.search(r"that is ([\d,]+) KiB with two workers", document)
        room = self.server("--workers", "2")
        said = re.search(rb"limits .*memory_kib=(\d+)", room.err)
        self.assertEqual(int(told.group(1).replace(",", "")),
                         int(said.group(1)))


class KilledServer(sotto.Case):
    PEOPLE = 50 if LONG else 8
    KILLS = 100 if LONG else 4

    def test_killed_again_and_again(self):
        chance = random.Random(5)
        room = self.server()
        people = [self.member(room, "p%d" % i) for i in range(self.PEOPLE)]
        for person in people:
            person.lines = []
        rivals = []
        for kill in range(self.KILLS):
            rivals += self.two_of_one_name(room, kill)
            for person in people:
                for i in range(chance.randrange(4)):
                    self.say(person, "%s %d %d" % (person.user, kill, i))
            time.sleep(chance.choice((0, 0.02, 0.3, 1)) * chance.random())
            room.kill()
            room = self.server(port=room.port)
            if kill % 4 == 3:
                for person in people:
                    self.say(person, person.user + " is back %d" % kill)
                self.all_acked(people)
        self.all_acked(people)
        self.look_at(room, people)
        self.one_has_the_name(room, rivals)

    @staticmethod
    def say(person, text):
        person.lines.append(text)
        person.say(text)

    def all_acked(self, people):
        for person in people:
            person.wait_for(
                lambda: len(person.all("acked")) == len(person.lines),
                "%d acknowledgements" % len(person.lines))

    def look_at(self, room, people):
        """The log, and what each has heard, against what was said."""
        reader = wire.Member(room.port, "reader")
        self.addCleanup(reader.close)
        reader.register()
        reader.login()
        log = dict()
        for number, sender, text in self.whole_log(reader):
            self.assertNotIn(number, log)
            log[number] = (sender, text)
        said = [(one.user, text) for one in people for text in one.lines]
        self.assertEqual(sorted(log.values()), sorted(said))
        for person in people:
            acked = [log[event["seq"]] for event in person.all("acked")]
            self.assertEqual(acked, [(person.user, text)
                                     for text in person.lines])
            others = [text for _, (sender, text) in sorted(log.items())
                      if sender != person.user]
            person.wait_for(lambda: len(person.texts()) >= len(others),
                            "what others said")
            self.assertEqual(person.texts(), others)

    @staticmethod
    def whole_log(reader):
        reader.channel.send(wire.JOIN, wire.vector(b"#lobby")
                            + (1).to_bytes(8, "big") * 2 + b"\0\0")
        while True:
            kind, body = reader.channel.receive()
            if kind == wire.MESSAGE:
                yield wire.entry_of(body)
            elif kind == wire.CAUGHT_UP:
                return

    # ---- names ----

    def two_of_one_name(self, room, kill):
        """They register the same name at the same time; some are cut."""
        if kill % 5 != 0:
            return []
        return [self.rival(room, who, kill, register=True)
                for who in ("one", "another")]

    def rival(self, room, who, kill, **more):
        rival = self.client(room, "name-%d" % kill, password=who + " of them",
                            data=self.folder / ("%s-%d" % (who, kill)), **more)
        rival.who, rival.kill_number = who, kill
        return rival

    @staticmethod
    def has_come_in(rival):
        rival.wait_for(lambda: rival.all("ready")
                       or rival.process.poll() is not None,
                       "the room or a refusal")
        return bool(rival.all("ready"))

    def one_has_the_name(self, room, rivals):
        """Whoever was told that it is his has it, and never two."""
        for pair in zip(rivals[::2], rivals[1::2]):
            told = [one.who for one in pair if self.has_come_in(one)]
            again = [self.rival(room, one.who, one.kill_number)
                     for one in pair]
            owners = [one.who for one in again if self.has_come_in(one)]
            self.assertLessEqual(len(owners), 1)
            self.assertLessEqual(set(told), set(owners))
        names = [line.split('"name":"')[1].split('"')[0] for line in
                 (room.data / "credentials.json").read_text().splitlines()
                 if '"name":"' in line]
        self.assertEqual(sorted(names), sorted(set(names)))


if __name__ == "__main__":
    if LONG:
        sys.argv.remove("--long")
    sotto.main()
