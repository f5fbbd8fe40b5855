"""Logins without a password: device keys, enrolment by code, revoking."""

import json
import re
import signal
import stat

import proxy
import sotto
import wire
from keys import IDENTITY, REFUSED, Keys
from qr import Picture


class Adding(Keys):
    def test_a_machine_that_became_a_device_needs_no_password(self):
        server, _ = self.with_laptop(stays=False)
        for user in ("alice", None):
            device = self.keys(server, "of-alice", user=user)
            device.expect("ready", user="alice")
            device.said("by key")
            self.assertEqual(device.leave(), 0)
        # Naming a password logs in with it.
        self.owner(server, register=False)
        self.assertEqual(server.counters()["logins"], 4)

    def test_the_key_is_for_its_owner_only_and_stored_first(self):
        server, alice = self.with_laptop()
        path = self.folder / "of-alice" / "device_keys"
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        key, = self.lines("of-alice")
        self.assertEqual((key["server"], key["user"], key["device"]),
                         (server.address, "alice", "laptop"))
        # A name that is taken leaves the file as it was.
        bob = self.owner(server, data=self.folder / "second", register=False)
        self.ask(bob, "/device add laptop", "error", code="device_taken")
        self.assertEqual(self.lines("second"), [])
        self.ask(bob, "/device add Laptop", "error", code="name_bad")

    def test_keys_of_two_servers_and_of_two_accounts_differ(self):
        one, two = self.server(), self.server(data="other")
        data = self.folder / "data"
        for server, user in ((one, "alice"), (two, "alice"), (one, "bob")):
            client = self.owner(server, user, data=data)
            self.ask(client, "/device add here")
            self.assertEqual(client.leave(), 0)
        lines = self.lines("data")
        self.assertEqual(len({line["private_key"] for line in lines}), 3)
        self.keys(two, "data").expect("ready", user="alice")
        self.keys(one, "data", user="bob").expect("ready", user="bob")
        # Two of them could be meant: one has to say which.
        either = self.keys(one, "data")
        self.assertEqual(either.end(), 2)
        error = either.all("error")[0]
        self.assertEqual(error["code"], "device")
        self.assertIn("--user", error["text"])

    def test_a_device_may_not_look_after_devices(self):
        server, _ = self.with_laptop(stays=False)
        device = self.device(server)
        for command in ("/device add other", "/devices", "/enroll other",
                        "/revoke laptop", "/revoke --all"):
            error = self.ask(device, command, "error", code="password")
            self.assertIn("--with-password", error["text"])

    def test_a_damaged_file_is_named(self):
        server, _ = self.with_laptop(stays=False)
        path = self.folder / "of-alice" / "device_keys"
        path.write_text(path.read_text().replace("private_key", "privat"))
        device = self.keys(server, "of-alice")
        self.assertEqual(device.end(), 2)
        self.assertRegex(device.all("error")[0]["text"],
                         r"device_keys line \d+:")
        path.write_text("#" * 100000 + "\n")
        device = self.keys(server, "of-alice")
        self.assertEqual(device.end(), 2)
        self.assertRegex(device.all("error")[0]["text"],
                         r"device_keys in .*: the file is too long")


class Revoking(Keys):
    def test_a_revoked_device_is_cut_off_and_told_so(self):
        server, alice = self.with_laptop()
        device = self.device(server)
        self.ask(alice, "/revoke laptop", what="revoke", device="laptop")
        self.assertEqual(device.end(), REFUSED)
        self.assertEqual([e["code"] for e in device.all("error")], ["revoked"])
        # The one who revoked it forgets its own key.
        self.assertEqual(self.lines("of-alice"), [])

    def test_all_are_cut_off_whichever_worker_has_them(self):
        server = self.server()
        alice = self.owner(server)
        names = ["phone", "tablet", "door", "sensor", "clock"]
        devices = [self.device(self.enroll(alice, name), name)
                   for name in names]
        self.ask(alice, "/revoke --all", what="revoke")
        for device in devices:
            self.assertEqual(device.end(), REFUSED)
            self.assertEqual([e["code"] for e in device.all("error")],
                             ["revoked"])
        for name in names:
            self.refused(self.keys(server, name), "revoked")
        alice.said("still here")

    def test_a_revoked_device_does_not_fall_back(self):
        server = self.server()
        first = self.owner(server)
        self.ask(first, "/device add laptop")
        second = self.owner(server, data=self.folder / "second",
                            register=False)
        self.ask(second, "/revoke --all", what="revoke")
        text = self.refused(self.keys(server, "of-alice"), "revoked")
        self.assertIn("--with-password", text)
        self.assertEqual(server.counters()["logins"], 2)
        # With the password it becomes one again.
        self.ask(first, "/device add laptop")
        self.device(server)

    def test_another_server_key_is_a_hard_stop(self):
        server, _ = self.with_laptop(stays=False)
        self.assertEqual(server.stop(), 0)
        other = self.server(data="other", port=server.port)
        device = self.keys(other, "of-alice", "--trust-first")
        self.assertIn("ANOTHER KEY",
                      self.refused(device, "identity", IDENTITY))

    def test_a_server_key_that_changes_while_a_device_reconnects(self):
        server, _ = self.with_laptop(stays=False)
        device = self.device(server)
        server.kill()
        device.expect("disconnected")
        self.server(data="other", port=server.port)
        self.assertEqual(device.end(), IDENTITY)
        self.assertIn("ANOTHER KEY", device.expect("error")["text"])

    def test_a_forged_refusal_changes_nothing(self):
        """Somebody in between says that the key was revoked: the client does not
        fall back to a password, says that this may be a lie, keeps its key."""
        server = self.server()
        net = proxy.Refuser(server.port)
        self.addCleanup(net.close)
        alice = self.owner(net.address)
        self.ask(alice, "/device add laptop")
        self.assertEqual(alice.leave(), 0)
        before = self.lines("of-alice")
        net.code, net.pattern = wire.KEY, 2
        logins = server.counters()["logins"]
        net.hellos.clear()
        text = self.refused(self.keys(net.address, "of-alice"), "revoked")
        self.assertIn("could be forged", text)
        # It looked at the server's key, and went no further.
        self.assertEqual([hello[6] for hello in net.hellos], [2, 1])
        self.assertEqual(self.lines("of-alice"), before)
        self.assertEqual(server.counters()["logins"], logins)
        net.code = None
        self.device(net.address, "of-alice")

    def test_a_recorded_device_does_not_come_in(self):
        """What a device sent, sent again: to the same server, and to its next
        life. Message 1 is as good as it was, and nobody comes in by it."""
        server = self.server()
        net = proxy.Proxy(server.port)
        self.addCleanup(net.close)
        alice = self.owner(net.address)
        self.ask(alice, "/device add laptop")
        self.assertEqual(alice.leave(), 0)
        server.wait_counter("connections", 0)
        net.bytes[proxy.UP].clear()
        device = self.keys(net.address, "of-alice")
        device.said("once")
        self.assertEqual(device.leave(), 0)
        sent = bytes(net.bytes[proxy.UP])
        self.assertEqual(sent[6], 2)
        server.wait_counter("connections", 0)
        for life in range(2):
            before = server.counters()
            # All at once, and message 1 alone, which is answered.
            whole = self.replay(server, sent)
            first = self.replay(server, sent[: 12 + int.from_bytes(
                sent[10:12], "big")], ends=True)
            self.assertEqual(len(first), 2 + 64)
            # After that it cannot open the record, and says CLOSE.
            self.assertEqual(len(whole), 2 + 64 + 2 + 32)
            after = server.counters()
            for name in ("logins", "posts", "logged_in"):
                self.assertEqual(after[name], before[name])
            self.assertEqual(server.stop(), 0)
            server = self.server()
        self.assertEqual(server.counters()["logins"], 0)

    def replay(self, server, data, ends=False):
        """What comes back until the server's end, or to one who `ends` when he
        has the answer to message 1."""
        with proxy.socket.create_connection(("127.0.0.1", server.port),
                                            sotto.WAIT) as sock:
            sock.sendall(data)
            got = wire.read_exactly(sock, 2 + 64)
            if ends:
                sock.shutdown(proxy.socket.SHUT_WR)
            try:
                while more := sock.recv(4096):
                    got += more
            except ConnectionError:
                pass
        return got

    def test_a_device_comes_back_after_the_server_did(self):
        server, _ = self.with_laptop(stays=False)
        device = self.device(server)
        server.kill()
        device.expect("disconnected")
        device.say("kept meanwhile")
        self.server(port=server.port)
        device.expect("ready")
        device.expect("acked")


class Enrolling(Keys):
    def test_a_code_makes_a_device_once(self):
        server = self.server()
        alice = self.owner(server)
        address = self.enroll(alice, "sensor")
        self.assertRegex(address, r"^sotto://%s@%s/device-[0-9a-f]{32}$"
                         % (server.fingerprint, re.escape(server.address)))
        item = self.ask(alice, "/devices", "device", device="sensor")
        self.assertEqual(item["state"], "expected")
        self.assertIn("until", item)
        sensor = self.keys(address, "sensor")
        sensor.expect("enrolled", user="alice", device="sensor")
        sensor.expect("ready", user="alice")
        sensor.said("hello")
        self.assertEqual(sensor.leave(), 0)
        again = self.keys(server, "sensor")
        again.expect("ready", user="alice")
        item = self.ask(alice, "/devices", "device", device="sensor")
        self.assertEqual(item["state"], "here")
        self.assertIn("address", item)
        self.assertNotIn(address[-32:].encode(), server.err)
        self.assertEqual(again.leave(), 0)
        # A unit, or a person, that says the whole address each time.
        again = self.keys(address, "sensor")
        again.expect("ready", user="alice")
        self.assertEqual(again.all("enrolled"), [])
        # Somebody else has the address, too late.
        self.refused(self.keys(address, "thief"), "device_unknown")
        self.assertEqual(self.lines("thief"), [])

    def test_an_enrolled_device_reconnects_with_its_key(self):
        server = self.server()
        sensor = self.keys(self.enroll(self.owner(server), "sensor"), "sensor")
        sensor.expect("ready")
        server.kill()
        sensor.expect("disconnected")
        self.server(port=server.port)
        sensor.expect("ready")

    def test_a_code_goes_to_no_other_server(self):
        server, other = self.server(), self.server(data="other")
        address = self.enroll(self.owner(server), "sensor")
        wrong = address.replace(server.address, other.address)
        self.refused(self.keys(wrong, "sensor"), "identity", IDENTITY)
        bare = "sotto://" + address.split("@")[1]
        self.refused(self.keys(bare, "sensor"), "usage", 2)
        self.refused(self.keys(address, "sensor", user="bob"), "usage", 2)
        self.device(address, "sensor")

    def test_codes_end_and_can_be_taken_back(self):
        server = self.server()
        alice = self.owner(server)
        first = self.enroll(alice, "sensor")
        second = self.enroll(alice, "sensor 30m")
        self.refused(self.keys(first, "a"), "device_unknown")
        self.ask(alice, "/revoke sensor", what="revoke")
        self.refused(self.keys(second, "b"), "device_unknown")
        self.ask(alice, "/enroll sensor soon", "error", code="command")


class Logs(Keys):
    """What an operator reads of it."""

    KEY = r"key=[a-z2-7]{4}-[a-z2-7]{4}"

    def test_who_came_by_which_key_and_who_changed_what(self):
        server, alice = self.with_laptop()
        device = self.device(server)
        address = self.enroll(alice)
        self.device(address, "phone")
        self.ask(alice, "/revoke laptop")
        device.end()
        for line in ("device_added user=alice device=laptop " + self.KEY,
                     "device_login user=alice device=laptop " + self.KEY,
                     "code_made user=alice device=phone",
                     "enrolled user=alice device=phone " + self.KEY,
                     "device_revoked user=alice device=laptop"):
            server.wait_err(r" info account %s peer=127\." % line)
        Passwords.change(self, alice, revokes="yes")
        alice.expect("done", what="passwd")
        server.wait_err(r" info account password_changed user=alice peer=")
        server.wait_err(r" info account devices_revoked user=alice peer=")
        log = server.err.decode()
        added, came = re.findall(r"device=laptop (%s)" % self.KEY, log)
        self.assertEqual(added, came)
        self.assertNotIn(address[-32:], log)

    def test_who_was_refused_and_why(self):
        server, alice = self.with_laptop()
        alice.say("/quit")
        self.assertEqual(alice.end(), 0)
        bob = self.owner(server, "bob")
        address = self.enroll(bob)
        self.ask(bob, "/revoke phone")
        self.refused(self.keys(address, "phone"), "device_unknown")
        server.wait_err(r" warn account refused problem=device_unknown "
                        r"why=code_unknown %s peer=" % self.KEY)
        self.ask(bob, "/revoke sofa", "error", code="device_unknown")
        server.wait_err(r" warn account refused problem=device_unknown "
                        r"user=bob device=sofa peer=")
        other = self.owner(server, data=self.folder / "other", register=False)
        self.ask(other, "/revoke laptop")
        self.refused(self.keys(server, "of-alice"), "revoked")
        server.wait_err(r" warn account refused problem=login "
                        r"why=key_unknown %s peer=" % self.KEY)


class Operators(Keys):
    def account(self, *words):
        return self.run_sotto("account", *words, "--data",
                              self.folder / "server")

    def test_an_operator_sees_and_revokes_devices(self):
        server, alice = self.with_laptop()
        address = self.enroll(alice)
        self.device(address, "phone")
        self.ask(alice, "/enroll tablet", "enroll")
        self.assertEqual(alice.leave(), 0)
        device = self.device(server)
        self.assertEqual(device.leave(), 0)
        self.assertEqual(server.stop(), 0)
        code, out, _ = self.account("list")
        self.assertEqual(code, 0)
        for row in ("laptop +device +20", "phone +device +20",
                    "tablet +expected +20"):
            self.assertRegex(out, "\n  " + row)
        out = self.account("list", "--json")[1]
        self.assertEqual(
            {line["device"]: line["state"]
             for line in map(json.loads, out.splitlines())
             if "device" in line},
            {"laptop": "device", "phone": "device", "tablet": "expected"})
        self.assertEqual(self.account("revoke", "alice", "laptop")[0], 0)
        self.assertEqual(self.account("revoke", "alice", "laptop")[0], 1)
        server = self.server(port=server.port)
        self.refused(self.keys(server, "of-alice"), "revoked")
        phone = self.device(server, "phone")
        self.assertEqual(phone.leave(), 0)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.account("revoke", "alice")[0], 0)
        self.assertNotIn("phone", self.account("list")[1])


NEW = "another \u00e9 password"


class Passwords(Keys):
    def change(self, client, revokes="no", again=None):
        self.ask(client, "/passwd", "question", secret=True)
        self.ask(client, NEW, "question", secret=True)
        self.ask(client, again or NEW, "question", secret=False)
        client.say(revokes)

    def test_a_new_password_counts_and_the_old_one_does_not(self):
        server, alice = self.with_laptop()
        other = self.owner(server, data=self.folder / "other", register=False)
        device = self.device(server)
        self.change(alice)
        alice.expect("done", what="passwd")
        # With the old one somebody else may have been logged in.
        self.assertEqual(other.end(), REFUSED)
        self.assertEqual(other.all("error")[-1]["code"], "revoked")
        self.refused(self.client(server, "alice"), "login")
        self.client(server, "alice", password=NEW).expect("ready")
        # Devices stay, and the one who changed it comes back by itself.
        device.said("still here")
        server.kill()
        alice.expect("disconnected")
        server = self.server(port=server.port)
        alice.expect("ready")
        self.assertNotIn(b"another", server.err + alice.out)

    def test_it_can_revoke_all_devices(self):
        server, alice = self.with_laptop()
        device = self.device(server)
        self.change(alice, revokes="yes")
        alice.expect("done", what="passwd")
        self.assertEqual(device.end(), REFUSED)
        self.ask(alice, "/devices", "devices", count=0)
        self.assertEqual(self.lines("of-alice"), [])

    def test_two_different_ones_change_nothing(self):
        server = self.server()
        alice = self.owner(server)
        self.ask(alice, "/passwd", "question")
        self.ask(alice, NEW, "question")
        self.ask(alice, "something else", "error", code="passwd")
        self.ask(alice, "/passwd", "question")
        self.ask(alice, "", "error", code="passwd")
        alice.said("and these are messages again")
        self.owner(server, data=self.folder / "other", register=False)

    def test_a_new_password_is_never_said_in_the_room(self):
        """By a program that writes its answers without looking at questions,
        whatever comes in between."""
        def change(client, password, code):
            for line in ("/passwd", password, password, "no"):
                client.say(line)
            return client.expect("error", code=code)["text"]
        server, alice = self.with_laptop()
        bob = self.member(server, "bob")
        device = self.device(server)  # which may not change it
        self.assertIn("--with-password", change(device, NEW, "password"))
        change(alice, "x" * 300, "passwd")  # longer than a password may be
        server.kill()
        alice.expect("disconnected")
        change(alice, NEW, "offline")
        server = self.server(port=server.port)
        for client in (device, alice):
            client.said("hello")
        bob.wait_for(lambda: bob.texts().count("hello") == 2, "both")
        self.assertEqual(set(bob.texts()), {"hello", "no"})

    def test_leaving_changes_nothing_and_says_so(self):
        """Nor is it a success of a program, whose input had no answer."""
        server = self.server()
        alice = self.owner(server)
        self.ask(alice, "/passwd", "question")
        self.ask(alice, NEW, "question")
        self.assertEqual(alice.leave(), 2)
        self.assertEqual(alice.all("error")[-1]["code"], "passwd")
        alice = self.client(server, "alice", "--iterations", "10000000")
        alice.expect("ready")
        self.change(alice)
        alice.signal(signal.SIGTERM)  # long before the keys are made
        self.assertEqual(alice.end(), 0)
        self.assertEqual(alice.all("error")[-1]["code"], "passwd")
        self.owner(server, register=False)

    def test_on_a_terminal_it_is_not_shown(self):
        server = self.server()
        alice = self.chatter(server, "alice", register=True)
        alice.enter("/passwd")
        alice.answer("New password (empty: keep the old one):", "verborgen-1")
        alice.answer("The same again:", "verborgen-1")
        alice.answer("Revoke all devices as well (yes, no)?", "maybe")
        alice.answer("Revoke all devices as well (yes, no)?", "no")
        alice.sees("the password was changed")
        alice.enter("/quit")
        self.assertEqual(alice.end(), 0)
        self.assertNotIn(b"verborgen", alice.out)
        self.client(server, "alice", password="verborgen-1").expect("ready")


class Pictures(Keys):
    """The code as a picture: read by a program that is not ours."""

    def enroll(self, **more):
        alice = self.chatter(self.server(), "alice", register=True, **more)
        alice.enter("/enroll phone")
        alice.enter("/devices")  # answered later
        alice.sees_match(r"phone +expected")
        return alice

    def test_a_camera_reads_it_on_a_dark_terminal_and_on_a_light_one(self):
        Picture.need(self)
        alice = self.enroll(rows=60)
        text = alice.screen.text().replace("\n", "")
        address = re.search(r"sotto://\S+/device-[0-9a-f]{32}", text).group()
        pin, _, rest = address[len("sotto://"):].partition("@")
        self.assertEqual(len(pin), 64)
        picture = Picture(alice.out)
        short = "sotto://" + pin.replace("-", "") + "@" + rest
        for around in ("dark", "light"):
            self.assertEqual(picture.read(around), [short])
        # Which is as good as the other.
        phone = self.keys(short, "phone")
        phone.expect("enrolled", user="alice", device="phone")
        phone.expect("ready")

    def test_it_stands_on_a_screen_of_24_rows(self):
        Picture.need(self)
        self.assertLessEqual(len(Picture(self.enroll().out).rows), 23)

    def test_none_is_shown_where_it_could_not_be_seen(self):
        Picture.need(self)
        for more in ({"env": {"LANG": "C"}}, {"env": {"NO_COLOR": "1"}},
                     {"env": {"TERM": "dumb"}}, {"columns": 48}):
            with self.subTest(**more):
                alice = self.enroll(**more)
                self.assertEqual(Picture(alice.out).rows, [])
                alice.kill()
                self.folder = self.folder / "next"
                self.folder.mkdir()


class People(Keys):
    def menu(self, server):
        person = self.person("client", "--data", self.folder / "phone",
                             "--min-iterations", sotto.ITERATIONS)
        person.answer("Server", server)
        return person

    def test_a_code_typed_at_the_menu_makes_a_device(self):
        server = self.server()
        alice = self.owner(server)
        address = self.enroll(alice)
        person = self.menu(address)
        person.sees("this machine is the device phone of alice now")
        person.sees("you are in #lobby as alice")
        person.enter("/quit")
        self.assertEqual(person.end(), 0)
        person = self.menu(server.address)
        person.sees("There this machine is a device")
        person.answer("Enter to come as that", "")
        person.sees("you are in #lobby as alice")
        person.enter("/quit")
        self.assertEqual(person.end(), 0)
        # As a person, with another machine's key gone or not.
        self.ask(alice, "/revoke phone")
        person = self.menu(server.address)
        person.answer("Enter to come as that", "p")
        person.answer("1 to register", "2")
        person.answer("User name", "alice")
        person.answer("Password", sotto.PASSWORD)
        person.sees("you are in #lobby as alice")
        self.assertEqual(server.counters()["registrations"], 1)

    def test_a_code_without_the_servers_key_is_refused_at_the_menu(self):
        server = self.server()
        address = self.enroll(self.owner(server))
        person = self.menu("sotto://" + address.split("@")[1])
        self.assertEqual(person.end(), 2)
        self.assertIn("the address needs its fingerprint",
                      person.screen.text().replace("\n", ""))

    def test_on_a_terminal(self):
        server = self.server()
        alice = self.chatter(server, "alice", register=True)
        alice.enter("/help")
        alice.sees("/device add NAME")
        alice.enter("/devices")
        alice.sees("you have no devices")
        alice.enter("/device add laptop")
        alice.sees("this machine is a device now")
        alice.enter("/enroll phone")
        alice.sees_match(r"device-[0-9a-f\s]{32}")
        alice.enter("/devices")
        alice.sees_match(r"laptop +away")
        alice.sees_match(r"phone +expected +20\d\d-")
        alice.enter("/revoke")
        alice.sees("it is /revoke NAME")
        alice.enter("/quit")
        self.assertEqual(alice.end(), 0)
        device = self.person("client", server.address, "--data",
                             self.folder / "of-alice")
        device.sees("you are in #lobby as alice")
        device.enter("/revoke laptop")
        device.sees("start again with --with-password")


if __name__ == "__main__":
    sotto.main()
