"""The server as an operator meets it, and the command line of both."""

import os
import pathlib
import re
import resource
import signal
import socket
import stat
import unittest

import sotto
import wire

USAGE = 2
OTHER = 1


class CommandLine(sotto.Case):
    def test_help_and_version_are_answers(self):
        for words in (["--help"], ["--version"], ["help"], ["server", "--help"],
                      ["server", "--version"], ["client", "--help"],
                      ["help", "server"], ["help", "client"]):
            code, out, err = self.run_sotto(*words)
            self.assertEqual((code, err), (0, ""), words)
            self.assertTrue(out.endswith("\n"), words)
            self.assertLessEqual(max(map(len, out.splitlines())), 79, words)
        self.assertRegex(self.run_sotto("--version")[1],
                         r"^sotto \d+\.\d+\.\d+ \((mbedtls|openssl)\)\n$")
        _, out, _ = self.run_sotto("--help")
        for command in ("server", "client"):
            self.assertRegex(out, r"(?m)^  %s\b" % command)

    def test_every_command_of_the_help_has_help(self):
        _, out, _ = self.run_sotto("--help")
        listed = out[out.index("Commands:") :]
        names = re.findall(r"(?m)^  (\w+(?: \w+)?)  ", listed)
        self.assertIn("server", names)
        for name in names:
            code, out, err = self.run_sotto(*name.split(), "--help")
            self.assertEqual((code, err), (0, ""), name)
            self.assertIn("Usage: sotto " + name, out)

    def test_mistakes_get_a_suggestion(self):
        for words, hint in ((["sever"], "server"), (["clinet"], "client"),
                            (["server", "--lisen", "x"], "--listen"),
                            (["client", "--usr", "x"], "--user"),
                            (["server", "--registration", "opn"], "open"),
                            (["client", "--suite", "aesgmc"], "aesgcm")):
            code, out, err = self.run_sotto(*words)
            self.assertEqual((code, out), (USAGE, ""), words)
            self.assertIn(hint, err, words)
            self.assertEqual(err.count("\n"), 1, words)

    def test_values_that_make_no_sense(self):
        for words in (["server", "--listen", "chat.example.org:7688"],
                      ["server", "--listen", "127.0.0.1:70000"],
                      ["server", "--login-timeout", "soon"],
                      ["server", "--max-connections", "0"],
                      ["server", "--history", "-1"],
                      ["server", "--data"],
                      ["server", "surplus"],
                      ["server", "--registration", "invite"],
                      ["client", "--user", "Not A Name"],
                      ["client", "--pin", "abc"],
                      ["client", "a", "b"],
                      ["client", "host:port:x", "--user", "a",
                       "--password-file", "/dev/null"],
                      ["client", "--json"],
                      ["nonsense"], ["--nonsense"]):
            code, out, err = self.run_sotto(*words)
            self.assertEqual(code, USAGE, (words, out, err))
            self.assertNotEqual(out + err, "", words)


class Settings(sotto.Case):
    def config(self, text):
        path = self.folder / "sotto.ini"
        path.write_text(text)
        return path

    def test_a_settings_file_and_the_command_line_above_it(self):
        path = self.config("; a comment\n[server]\nlog-level = debug\n"
                           "registration = closed\nmax-connections = 5\n")
        server = self.server("--config", path, "--registration", "open")
        self.member(server, "alice")
        server.wait_err(r"debug conn accepted")

    def test_check_config(self):
        path = self.config("[server]\nlisten = 127.0.0.1:7688\n"
                           "login-timeout = 20s\n")
        code, out, err = self.run_sotto("server", "--config", path,
                                        "--check-config")
        self.assertEqual((code, out, err), (0, "ok\n", ""))
        self.assertFalse((self.folder / ".local").exists())

    def test_every_mistake_in_it_is_named_with_its_line(self):
        path = self.config("[server]\nlisen = 127.0.0.1:7688\n"
                           "login-timeout = soon\nnonsense\n[other]\n")
        code, _, err = self.run_sotto("server", "--config", path,
                                      "--check-config")
        self.assertEqual(code, USAGE)
        for line in (2, 3, 4, 5):
            self.assertRegex(err, r"(?m)sotto\.ini:%d\b" % line)
        self.assertIn("listen", err)

    def test_no_such_file(self):
        code, _, err = self.run_sotto("server", "--config", "/nowhere.ini")
        self.assertEqual(code, USAGE)
        self.assertIn("/nowhere.ini", err)


class Start(sotto.Case):
    def failed(self, server, *words):
        self.assertEqual(server.end(), OTHER)
        text = server.err.decode()
        for word in words:
            self.assertIn(word, text)
        self.assertNotIn(" server ready ", text)

    def test_a_second_server_on_the_same_folder(self):
        server = self.server()
        alice = self.member(server, "alice")
        second = self.server(wait=False)
        self.failed(second, "another server", "--data")
        alice.said("the first one goes on")

    def test_a_port_that_is_taken(self):
        server = self.server()
        second = self.server(data="other", port=server.port, wait=False)
        self.failed(second, "%s:%d" % (sotto.HERE, server.port),
                    "another program", "--listen")

    def test_a_folder_that_cannot_be_used(self):
        (self.folder / "file").write_text("")
        self.failed(self.server(data="file/below", wait=False),
                    "file/below", "--data")
        if os.geteuid() != 0:  # root may do everything
            locked = self.folder / "locked"
            locked.mkdir(mode=0o500)
            self.failed(self.server(data="locked/below", wait=False),
                        "locked/below", "--data")

    @unittest.skipIf(sotto.ON_LWIP, "its stack has few connections anyway")
    def test_no_memory_for_what_was_asked(self):
        if b"san_init" in pathlib.Path(sotto.BIN).read_bytes():
            self.skipTest("a sanitizer wants all addresses for itself")

        def limits():
            resource.setrlimit(resource.RLIMIT_AS,
                               (400 << 20, resource.RLIM_INFINITY))
        for what, most in (("connections", "100000"),
                           ("accounts", "1000000")):
            server = self.server("--max-" + what, most, "--workers", "1",
                                 limits=limits, wait=False)
            self.failed(server, "no memory for %s; choose a smaller --max-%s\n"
                        % (what, what))

    def test_a_damaged_key(self):
        self.assertEqual(self.server().stop(), 0)
        keys = [path for path in (self.folder / "server").iterdir()
                if b"#" not in path.name.encode() and "key" in path.name]
        self.assertEqual(len(keys), 1)
        keys[0].write_bytes(keys[0].read_bytes()[:-5])
        self.failed(self.server(wait=False), keys[0].name, "damaged")

    def test_files_are_for_the_server_alone(self):
        server = self.server()
        self.member(server, "alice").said("hello")
        for path in server.data.rglob("*"):
            mode = stat.S_IMODE(path.stat().st_mode)
            self.assertEqual(mode & 0o077, 0, "%s %o" % (path, mode))
        self.assertEqual(
            stat.S_IMODE(server.data.stat().st_mode) & 0o077, 0)
        client = self.folder / "of-alice"
        for path in client.glob("*key*"):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0)

    @unittest.skipIf(sotto.ON_LWIP, "its network here is IPv4 only")
    def test_several_addresses_of_both_families(self):
        if not has_ipv6():
            self.skipTest("this machine has no IPv6")
        server = self.server("--listen", "[::1]:0")
        six = re.search(r"address=\"?(\[::1\]:\d+)", server.err.decode())
        alice = self.member(server, "alice")
        bob = self.member(six.group(1), "bob", pin=server.fingerprint)
        bob.said("over IPv6")
        alice.expect("message", text="over IPv6")

    def test_the_default_data_folder(self):
        server = sotto.Child(self, ["server", "--listen", sotto.HERE + ":0"],
                             env={"XDG_DATA_HOME": str(self.folder / "xdg")})
        server.wait_err(" server ready ")
        folder = self.folder / "xdg" / "sotto" / "server"
        self.assertNotEqual(list(folder.iterdir()), [])
        server.signal(signal.SIGTERM)
        self.assertEqual(server.end(), 0)


class Run(sotto.Case):
    def test_sigterm_drains_and_exits_0(self):
        server = self.server()
        clients = [self.member(server, name) for name in ("alice", "bob")]
        for i in range(200):
            clients[0].say("message %d" % i)
        clients[0].expect("acked")
        self.assertEqual(server.stop(), 0)
        for client in clients:
            text = client.expect("disconnected")["text"]
            self.assertIn("the server is stopping", text)
        log = server.err.decode()
        self.assertRegex(log, r"info server stopping connections=2\n")
        self.assertTrue(log.endswith(" info server stopped\n"), log[-300:])
        # What was acknowledged is there, and the rest comes now.
        server = self.server(port=server.port)
        clients[0].wait_for(lambda: len(clients[0].all("acked")) == 200,
                            "200 acks")
        clients[1].wait_for(lambda: len(clients[1].texts()) == 200,
                            "200 messages")
        self.assertEqual(clients[1].texts(),
                         ["message %d" % i for i in range(200)])

    def test_sigint_is_the_same(self):
        server = self.server()
        server.signal(signal.SIGINT)
        self.assertEqual(server.end(), 0)

    def test_the_log_is_one_line_an_event_and_tells_no_secrets(self):
        server = self.server("--log-level", "debug")
        alice = self.member(server, "alice")
        alice.said("nobody but the room shall know")
        self.client(server, "alice", password="wrong-guess").end()
        self.assertEqual(alice.leave(), 0)
        self.assertEqual(server.stop(), 0)
        log = server.err.decode()
        for line in log.splitlines():
            self.assertRegex(
                line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ "
                r"(error|warn|info|debug) [a-z]+ [a-z_]+"
                r"( [a-z_]+=([^\s\"]+|\"[^\"]*\"))*$")
        for secret in ("nobody but", sotto.PASSWORD, "wrong-guess"):
            self.assertNotIn(secret, log)
        self.assertRegex(log, r"account \w+ user=alice peer=127\.0\.0\.1:")

    def test_every_warning_of_the_log_is_explained(self):
        """In SERVER.md, by its event."""
        folder = pathlib.Path(__file__).parents[2] / "apps/sotto"
        document = (folder / "SERVER.md").read_text(encoding="utf-8")
        events = set()
        for source in folder.glob("*.c"):
            events |= set(re.findall(
                r'LOG_(?:WARN|ERROR),\s*(?:conn|"\w+"),\s*"(\w+)"',
                source.read_text(encoding="utf-8")))
        self.assertGreater(len(events), 9)
        self.assertEqual([event for event in sorted(events)
                          if not re.search(r"\b%s\b" % event, document)], [])

    def test_a_log_for_systems_that_add_the_time(self):
        server = self.server("--log-no-time")
        self.assertRegex(server.err.decode(), r"(?m)^info server ready ")

    def test_counters_of_the_traffic_are_plausible(self):
        server = self.server()
        alice, bob = [self.member(server, name) for name in ("alice", "bob")]
        before = server.counters("traffic")
        self.assertEqual(before["handshakes"], 2)
        alice.said("x" * 1000)
        bob.expect("message")
        after = server.counters("traffic")
        for name in ("bytes_in", "bytes_out"):
            self.assertIn(after[name] - before[name], range(1000, 3000))
        for name in ("reads", "waits"):
            self.assertGreater(after[name], before[name])
        for name, least in (("records_in", 1), ("records_out", 2),
                            ("deliveries", 1)):
            self.assertIn(after[name] - before[name], range(least, 20), name)
        self.assertEqual(after["cut_short"], 0)
        queues = server.counters("queues")
        for name in ("strangers", "for_disk", "blocked"):
            self.assertEqual(queues[name], 0, name)
        self.assertLessEqual(queues["buffers"], 1)
        if sotto.WORKERS == "1" or sotto.ON_LWIP:
            self.assertEqual(queues["mailbox_most"], 0)
        elif sotto.WORKERS:  # the message itself was in one
            self.assertIn(queues["mailbox_most"], range(1000, 1 << 19))

    def test_deliveries_are_counted_one_by_one(self):
        """As they are said, and from the log to one who comes later."""
        server = self.server()
        alice, bob = [self.member(server, name) for name in ("alice", "bob")]
        alice.expect("joined", user="bob")
        bob.expect("joined", user="alice")  # from the log, when there is time
        before = server.counters("traffic")["deliveries"]
        for i in range(5):
            alice.said("text %d" % i)
        bob.wait_for(lambda: len(bob.texts()) == 5, "five texts")
        self.assertEqual(server.counters("traffic")["deliveries"], before + 5)
        late = wire.Member(server.port, "late")
        self.addCleanup(late.close)
        late.register()
        late.login()
        before = server.counters("traffic")["deliveries"]
        late.join(first=1)
        late.post("caught up")
        # alice, bob came in, five texts; that late came in, and what it said
        sotto.until(lambda: server.counters("traffic")["deliveries"]
                    == before + 7 + 2 * 2, "eleven deliveries")

    def test_every_end_and_every_refusal_is_counted(self):
        server = self.server("--login-timeout", self.short_deadline(),
                             "--registration", "invite", "--invite-file",
                             self.codes("open"))
        for data in (b"GET / HTTP/1.0\r\n\r\n", wire.hello(version=0),
                     wire.hello(version=2), wire.hello(suite=9)):
            with socket.create_connection(("127.0.0.1", server.port)) as sock:
                sock.sendall(data)
                sock.recv(10)
        idle = wire.Channel.dial(server.port)
        self.addCleanup(idle.close)
        with wire.Channel.dial(server.port) as rude:
            rude.send(99)
            self.assertEqual(rude.end(), wire.PROTOCOL)
        with wire.Member(server.port, "ann") as member:
            self.refused(5, lambda: self.register(member, "UPPER", b"open"))
            self.refused(7, lambda: self.register(member, "ann", b"shut"))
        with wire.Member(server.port, "ann") as member:
            member.register(code=b"open")
            self.refused(1, lambda: self.login_with(member, "wrong"))
            self.login_with(member, sotto.PASSWORD)
            member.join()
            self.refused(11, lambda: member.post("x" * 4097))
        self.assertEqual(idle.end(), wire.TIMEOUT)
        server.wait_counter("connections", 0)
        refused = server.counters("refused")
        self.assertEqual({name: count for name, count in refused.items()
                          if count},
                         {"magic": 1, "version": 2, "suite": 1, "name_bad": 1,
                          "code": 1, "login": 1, "text": 1})
        closed = server.counters("closed")
        self.assertEqual({name: count for name, count in closed.items()
                          if count}, {"ended": 2, "protocol": 1, "timeout": 1})

    def codes(self, text):
        (self.folder / "codes").write_text(text + "\n")
        return self.folder / "codes"

    def refused(self, problem, act):
        with self.assertRaises(wire.Refused) as caught:
            act()
        self.assertEqual(caught.exception.problem, problem)

    @staticmethod
    def register(member, name, code):
        member.name = name
        member.register(code=code)

    @staticmethod
    def login_with(member, password):
        member.password = password
        member.login()

    def dial(self, server, source="127.0.0.1"):
        sock = socket.socket()
        self.addCleanup(sock.close)
        sock.settimeout(sotto.WAIT)
        sock.bind((source, 0))
        sock.connect(("127.0.0.1", server.port))
        return sock

    @unittest.skipIf(sotto.ON_LWIP, "all come from the router's address")
    def test_newcomers_of_one_address_push_out_their_own(self):
        """And those above their rate nobody at all."""
        server = self.server("--max-connections", "6", "--max-half-open", "6",
                             "--connect-rate", "1")
        alice, bob = [self.member(server, name) for name in ("alice", "bob")]
        first = self.dial(server, "127.0.0.8")
        sotto.until(lambda: server.arrived() == 3, "the first")
        server.signal(signal.SIGSTOP)  # they come at once, however slow we dial
        crowd = [self.dial(server, "127.0.0.9") for _ in range(30)]
        server.signal(signal.SIGCONT)
        sotto.until(lambda: server.arrived() == 3 + len(crowd),
                    "all newcomers")
        ends = server.counters("closed")
        counters = server.counters()
        self.assertGreater(ends["gave_way"], 0)
        self.assertGreater(counters["turned_away"], 0)
        self.assertEqual(counters["accepted"] - ends["gave_way"], 6)
        self.assertEqual(counters["connections"], 6)
        first.sendall(wire.hello() + wire.unit(wire.public_of(b"x" * 32)))
        self.assertGreater(len(wire.read_unit(first)), 90)  # still welcome
        alice.said("nobody had to go")
        bob.expect("message", text="nobody had to go")

    def test_who_shakes_hands_goes_before_who_logs_in(self):
        server = self.server("--max-connections", "3")
        self.member(server, "alice")
        slow = wire.Member(server.port, "slow")
        self.addCleanup(slow.close)
        slow.register()
        quiet = self.dial(server)
        server.wait_counter("connections", 3)
        newcomer = self.dial(server)
        self.assertEqual(quiet.recv(1), b"")  # though it came later
        server.wait_counter("accepted", 4)
        slow.login()
        newcomer.close()

    def test_one_more_than_there_is_room_for(self):
        server = self.server("--max-connections", "2")
        people = [self.member(server, name) for name in ("alice", "bob")]
        carol = self.client(server, "carol", register=True)
        self.assertEqual(carol.end(), 5)
        self.assertIn("full", carol.all("error")[0]["text"])
        self.assertIn("full", carol.all("disconnected")[0]["text"])
        people[0].said("nobody had to go")
        people[1].expect("message", text="nobody had to go")
        self.assertEqual(people[1].leave(), 0)
        server.wait_counter("connections", 1)
        self.member(server, "carol").said("now there is room")

    def test_connections_that_come_and_go_leave_nothing(self):
        server = self.server()
        for i in range(50):
            with socket.create_connection(("127.0.0.1", server.port)) as sock:
                sock.sendall(b"Sotto"[: i % 6])
        server.wait_counter("accepted", 50)
        server.wait_counter("connections", 0)
        alice = self.member(server, "alice")
        for _ in range(10):
            other = self.client(server, "alice", data=self.folder / "other")
            other.expect("ready")
            self.assertEqual(other.leave(), 0)
        server.wait_counter("connections", 1)
        counters = server.counters()
        self.assertEqual(counters["logged_in"], 1)
        self.assertEqual(counters["logins"], 11)
        self.assertLessEqual(counters["buffers"], 1)
        alice.said("still here")


def has_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    sotto.main()
