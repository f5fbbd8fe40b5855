"""A device in the room (apps/firmware/device_demo, built for this machine): it
answers, raises alarms, and gets along without anybody.

    test_device.py DEVICE [TEST]     DEVICE is the program
"""

import os
import random
import re
import sys

import screen
import sotto

PROGRAM = os.environ.get("SOTTO_DEVICE_BIN", "sotto-device")
if __name__ == "__main__" and len(sys.argv) > 1 and "/" in sys.argv[1]:
    PROGRAM = sys.argv.pop(1)

SECRET = "geheim, mit Blanks"


class Device(sotto.Child):
    def __init__(self, case, **more):
        super().__init__(case, [], program=PROGRAM, **more)
        self.at = 0

    def says(self, pattern):
        """A line of its log, behind the one that was found before."""
        def find():
            return re.compile(pattern).search(
                self.out.decode(errors="replace"), self.at)
        match = self.wait_for(find, "%r; after %r" % (pattern,
                                                      self.out[self.at:]))
        self.at = match.end()
        return match

    def count(self, pattern):
        return len(re.findall(pattern, self.out.decode(errors="replace")))

    def set_up(self, server, name="sensor", secret=SECRET):
        self.write("setup %s sotto://%s@%s %s\n" % (
            name, server.fingerprint, server.address, secret))


class Devices(sotto.Case):
    def device(self, server=None, **more):
        device = Device(self)
        if server is not None:
            device.says("not set up yet")
            device.set_up(server, **more)
        return device

    def hears(self, person, text, who="sensor"):
        return person.expect("message", **{"from": who, "text": text})

    def test_a_code_lets_it_in_without_a_password(self):
        server = self.server()
        alice = self.member(server, "alice")
        bob = self.member(server, "bob")
        alice.say("/enroll sensor")
        device = self.device()
        device.says("not set up yet")
        device.write("setup %s\n" % alice.expect("enroll")["address"])
        device.says("online")
        for person in (alice, bob):  # its owner, and others
            person.say("@sensor status")
            self.hears(bob, "21.5 C, limit 30.0 C", who="alice")
        device.kill()
        device = self.device()  # the code is used up: by key
        device.says("online")
        bob.said("@sensor status")
        self.hears(bob, "21.5 C, limit 30.0 C", who="alice")
        alice.say("/revoke sensor")
        alice.expect("done", what="revoke")
        device.says("does not know this device")
        device.write("retry\n")
        device.says("offline: the server does not know this device.*; again in "
                    "[01] s")
        device.says("offline: the server does not know this device")
        alice.say("/enroll sensor")
        device.write("setup %s\n" % alice.expect("enroll")["address"])
        device.says("online")

    def test_it_answers_and_raises_alarms(self):
        server = self.server()
        alice = self.member(server, "alice")
        device = self.device(server)
        alice.expect("joined", user="sensor")
        alice.said("@sensor status")
        self.hears(alice, "21.5 C, limit 30.0 C")
        device.write("temp 31.5\n")
        self.hears(alice, "ALARM: 31.5 C, limit 30.0 C")
        device.write("temp 29.5\n")  # still too near
        alice.said("@sensor limit 25.25")
        self.hears(alice, "I understand: status, limit DEGREES")
        alice.said("@sensor limit 40")
        self.hears(alice, "limit 40.0 C, by alice")
        self.hears(alice, "all is well again: 29.5 C, limit 40.0 C")
        for text in ("sensor status", "@sensors status", "@", "@ sensor",
                     "status", "hello @sensor status"):
            alice.said(text)
        alice.said("@sensor  status")
        self.hears(alice, "29.5 C, limit 40.0 C")
        device.signal(15)
        self.assertEqual(device.end(), 0)
        self.assertEqual(device.count("asked by alice"), 4)
        alice.expect("left", user="sensor")

    def test_an_alarm_is_for_the_room_that_it_is_set_up_for(self):
        """Nobody has heard it where it was said before."""
        server = self.server()
        alice = self.member(server, "alice")
        device = self.device()
        device.says("not set up yet")
        device.write("setup sensor sotto://%s@127.0.0.1:%d %s\n" % (
            server.fingerprint, self.own_port(), SECRET))
        device.says("offline")
        device.write("temp 31.5\n")
        device.says("says: ALARM")
        device.set_up(server)
        self.hears(alice, "ALARM: 31.5 C, limit 30.0 C")

    def test_it_carries_out_each_request_once_whatever_kills_it(self):
        """Power goes at random; a limit that was set stays, with its number."""
        server = self.server()
        alice = self.member(server, "alice")
        device = self.device(server)
        device.says("online")
        chance = random.Random(7)
        done = []
        for i in range(12):
            alice.said("@sensor limit %d" % (40 + i))
            if chance.random() < 0.5:
                device.says("asked by alice")  # and not a moment later
            device.kill()
            alice.said("@sensor limit %d" % (60 + i))
            done.append(device)
            device = Device(self)
            device.says("online")
        self.hears(alice, "limit 71.0 C, by alice")
        alice.said("@sensor status")
        self.hears(alice, "21.5 C, limit 71.0 C")
        done.append(device)
        for limit in list(range(40, 52)) + list(range(60, 72)):
            times = sum(one.count("says: limit %d.0 C" % limit)
                        for one in done)
            self.assertLessEqual(times, 1, limit)
        asked = sum(one.count("asked by alice") for one in done)
        self.assertLessEqual(asked, 25 + 12)  # a cut before it was stored
        self.assertGreaterEqual(asked, 25)

    def test_it_keeps_the_password_until_it_is_taken_and_no_longer(self):
        server = self.server()
        server.kill()
        device = self.device(server)
        device.says("offline")
        device.kill()
        folder = self.folder / "sotto-device.data"
        self.assertEqual((folder / "password").read_text(), SECRET)
        server = self.server(port=server.port)
        device = Device(self)
        device.says("online")
        device.write("status\n")
        device.says("limit 30.0")
        for path in folder.iterdir():
            self.assertNotIn(SECRET.encode(), path.read_bytes(), path)
        device.kill()
        device = Device(self)
        device.says("online")

    def test_a_password_that_is_typed_at_it_is_not_shown(self):
        """Nor do backspaces in it take anything off the screen."""
        server = self.server()
        device = Device(self, terminal=screen.Screen(200, 24))
        def shows(text):
            device.wait_for(lambda: text in device.screen.text(),
                            "%r on the screen" % text)
        shows("not set up yet")
        device.write("setup sensor sotto://%s@%s tanx\x7fgo 7\r" % (
            server.fingerprint, server.address))
        shows("online")
        device.write("stax\x7ftus\r")
        shows("21.5 C, limit 30.0")
        shown = device.screen.text()
        self.assertIn("setup sensor sotto://%s@%s" % (
            server.fingerprint, server.address), shown)
        self.assertIn("\nstatus", shown)
        for part in ("tan", "go 7"):
            self.assertNotIn(part, shown)
        device.kill()
        person = self.client(server, "sensor", password="tango 7")
        person.expect("ready")

    def test_it_comes_back_to_a_server_that_was_away(self):
        server = self.server()
        alice = self.member(server, "alice")
        device = self.device(server)
        device.says("online")
        server.kill()
        device.says("offline: .*; again in [0-9]+ s")
        device.write("temp 50\n")
        device.says("says: ALARM")
        server = self.server(port=server.port)
        device.says("online")
        self.hears(alice, "ALARM: 50.0 C, limit 30.0 C")

    def test_it_says_that_the_password_is_wrong_and_waits(self):
        server = self.server()
        person = self.member(server, "sensor", "--iterations", "100000")
        self.assertEqual(person.leave(), 0)
        device = self.device(server, secret="another")
        match = device.says("offline: no such account, or wrong password; "
                            "again in ([0-9]+) s")
        self.assertGreaterEqual(int(match.group(1)), 450)
        device.set_up(server, secret=sotto.PASSWORD)
        device.says("online")

    def test_it_stops_at_a_server_with_another_key(self):
        server = self.server()
        device = self.device(server)
        device.says("online")
        self.assertEqual(server.stop(), 0)
        other = self.server(port=server.port, data="other")
        device.says("offline: the server shows another key than it should; "
                    "not again")
        device.says("should be " + server.fingerprint)
        device.says("shows     " + other.fingerprint)
        device.write("retry\n")
        device.says("offline: the server shows another key than it should")
        device.set_up(other)
        device.says("online")

    def test_it_waits_for_room_on_a_full_server(self):
        server = self.server("--max-connections", "1")
        alice = self.member(server, "alice")
        device = self.device(server)
        device.says("offline: the server is full")
        self.assertEqual(alice.leave(), 0)
        device.says("online")

    def test_garbage_typed_at_it_does_nothing(self):
        server = self.server()
        device = self.device(server)
        device.says("online")
        chance = random.Random(1)
        for _ in range(200):
            junk = bytes(chance.randrange(256) for _ in range(100))
            device.write(junk)
        device.write(b"\n" + b"x" * 100000 + b"\n")
        device.says("that line was too long")
        for line in ("setup", "setup a b", "setup a sotto://b@c", "setup a sotto://b c",
                     "setup a sotto://b@ c", "setup a sotto://b@:1 c",
                     "setup a sotto://b@[::1 c", "setup a sotto://b@c:99999 d",
                     "setup a sotto://b@c:1x d"):
            device.write(line + "\n")
            device.says("not set up: ")
        device.write("temp warm\nstatus\n")
        device.says("21.5 C, limit 30.0")
        self.assertEqual(device.count("offline"), 0)

    def test_it_does_not_begin_anew_by_itself(self):
        """A state that is damaged: it would answer old requests again."""
        server = self.server()
        device = self.device(server)
        device.says("online")
        device.kill()
        path = self.folder / "sotto-device.data" / "state"
        state = bytearray(path.read_bytes())
        state[20] ^= 1
        path.write_bytes(state)
        device = self.device()
        device.says("cannot start .FORMAT.")
        device.write("forget\n")
        device.says("all is forgotten")
        device.write("status\n")
        device.says("not set up")
        device.kill()
        device = self.device(server)
        device.says("online")  # the account was made before


if __name__ == "__main__":
    sotto.main()
