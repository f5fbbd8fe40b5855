"""The password and all that is worth as much, and the keys of a connection,
searched for where they must not be: in the server's files, on the wire, in
memory once they have done their work. test_no_wipe.py shows that the searches
find what is left behind."""

import base64
import re
import unicodedata

import proxy
import sotto
import wire

PASSWORD = "corr\u00e9ct-horse-battery-staple-2026"

BIGGEST = 1 << 30  # regions beyond this are a sanitizer's, and empty


def mappings(pid):
    """The writable memory of a process: first and last address, and name."""
    with open("/proc/%d/maps" % pid) as maps:
        for line in maps:
            words = line.split(None, 5)
            first, last = (int(x, 16) for x in words[0].split("-"))
            name = words[5].strip() if len(words) > 5 else ""
            if words[1].startswith("rw") and last - first <= BIGGEST:
                yield first, last, name


def memory(pid):
    """Pieces of a process's memory, each with its name; overlapping a little,
    so that nothing is cut apart."""
    with open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for first, last, name in mappings(pid):
            for at in range(first, last, 1 << 20):
                try:
                    mem.seek(at)
                    data = mem.read(min((1 << 20) + 256, last - at))
                except (OSError, ValueError, OverflowError):
                    continue
                if data.strip(b"\0"):
                    yield "%s %x" % (name, at), data


def forms(name, secret):
    """A secret as it could be stored: raw, hex, base64, reversed words."""
    yield name, secret
    if len(secret) == 32:
        yield name + " in hex", secret.hex().encode()
        yield name + " in HEX", secret.hex().upper().encode()
        yield name + " in base64", base64.b64encode(secret).rstrip(b"=")


def of_password(text, salt, iterations):
    secrets = wire.Secrets(text, salt, iterations)
    found = []
    for name, secret in (("password", secrets.password),
                         ("SaltedPassword", secrets.salted),
                         ("ClientKey", secrets.client_key)):
        found += forms(name, secret)
    decomposed = unicodedata.normalize("NFD", text).encode()
    return found + [("password as NFD", decomposed)]


def of_connection(channel):
    """What a connection no longer needs: what the handshake agreed on, and keys
    that were renewed."""
    return [("secret %d of the connection" % n, secret)
            for n, secret in enumerate(channel.past)]


def keys_of(channel):
    """With these its records are sealed."""
    return [("key of what the client says", channel.send_key),
            ("key of what the server says", channel.receive_key)]


class Search(sotto.Case):
    def wanted(self, server, user, password=PASSWORD):
        """Everything to look for, from the salt in the server's file."""
        text = (server.data / "credentials.json").read_text()
        line = [line for line in text.splitlines() if '"%s"' % user in line][-1]
        salt = re.search(r'"salt":\s*"([^"]+)"', line).group(1)
        rounds = int(re.search(r'"iterations":\s*(\d+)', line).group(1))
        try:
            salt = bytes.fromhex(salt)
        except ValueError:
            salt = base64.b64decode(salt + "=" * (-len(salt) % 4))
        secrets = wire.Secrets(password, salt, rounds)
        # If the account is what we think it is, then so are its secrets.
        stored = [secrets.stored_key.hex(),
                  base64.b64encode(secrets.stored_key).decode()]
        self.assertTrue(any(form.rstrip("=") in line for form in stored),
                        "StoredKey is not in the file: looked for the wrong "
                        "things")
        return of_password(password, salt, rounds)

    def found(self, wanted, pieces, where):
        found = set()
        for place, data in pieces:
            for name, secret in wanted:
                if secret in data:
                    found.add("%s in %s of %s" % (name, place, where))
        return found

    def none_of(self, wanted, pieces, where):
        self.assertEqual(self.found(wanted, pieces, where), set())

    def conversation(self, server):
        """Registers, logs in twice, talks, guesses wrong."""
        net = proxy.Proxy(server.port)
        self.addCleanup(net.close)
        pin = server.fingerprint
        first = self.member(net.address, "alice", password=PASSWORD, pin=pin)
        first.said("hello")
        self.assertEqual(first.leave(), 0)
        again = self.client(net.address, "alice", password=PASSWORD, pin=pin)
        again.expect("ready")
        again.said("hello again")
        return net, again

    def readable(self, child):
        try:
            with open("/proc/%d/mem" % child.pid, "rb"):
                pass
        except PermissionError:
            self.skipTest("this system does not let a test read the memory of "
                          "its children")


class Secrets(Search):
    def test_files_and_wire(self):
        server = self.server("--log-level", "debug")
        net, client = self.conversation(server)
        wanted = self.wanted(server, "alice")
        files = [(str(path.relative_to(server.data)), path.read_bytes())
                 for path in server.data.rglob("*") if path.is_file()]
        self.assertGreater(len(files), 2)
        self.none_of(wanted, files, "the server's files")
        passed = bytes(net.bytes[proxy.UP] + net.bytes[proxy.DOWN])
        self.assertGreater(len(passed), 1000)
        more = wanted + [("text", b"hello again"), ("name", b"alice"),
                         ("SCRAM", b"sotto-noise-h"), ("room", b"#lobby")]
        self.none_of(more, [("a packet", passed)], "the wire")
        self.none_of(wanted + [("text", b"hello again")],
                     [("a line", server.err)], "the log")
        mine = [(path.name, path.read_bytes())
                for path in (self.folder / "of-alice").iterdir()]
        self.none_of(wanted, mine, "the client's files")
        self.assertEqual(client.leave(), 0)

    def test_the_search_finds_what_is_there(self):
        """What the server must know (StoredKey) is found; else the searches
        below would mean nothing."""
        server = self.server()
        self.readable(server)
        with wire.Member(server.port, "alice", PASSWORD) as alice:
            alice.enter()
            found = any(alice.secrets.stored_key in data
                        for _, data in memory(server.pid))
        self.assertTrue(found)

    def test_memory_of_the_server(self):
        """After login. The proof counts as well: with StoredKey, which the
        server keeps, it gives ClientKey to who knows the conversation."""
        server = self.server()
        self.readable(server)
        with wire.Member(server.port, "alice", PASSWORD) as alice:
            alice.enter()
            alice.post("hello")
            secrets = alice.secrets
            wanted = of_password(PASSWORD, secrets.salt, secrets.iterations)
            wanted += forms("ClientProof", alice.proof)
            self.none_of(wanted, memory(server.pid), "the server's memory")
        net, client = self.conversation(self.server(data="second"))
        server = self.children[-3]
        self.assertIsInstance(server, sotto.Server)
        self.none_of(self.wanted(server, "alice"), memory(server.pid),
                     "the server's memory")
        self.assertEqual(client.leave(), 0)

    def test_memory_of_the_client(self):
        """The password is gone after login; what the client needs to log in
        again after a cut, ClientKey, stays with it alone."""
        server = self.server()
        self.readable(server)
        _, client = self.conversation(server)
        wanted = [(name, secret) for name, secret in
                  self.wanted(server, "alice")
                  if not name.startswith("ClientKey")]
        self.none_of(wanted, memory(client.pid), "the client's memory")
        self.assertEqual(client.leave(), 0)

    def test_memory_of_a_client_on_a_terminal(self):
        """The same after the password was typed."""
        server = self.server()
        self.readable(server)
        net, client = self.conversation(server)
        self.assertEqual(client.leave(), 0)
        person = self.person(
            "client", server.address, "--user", "alice", "--pin",
            server.fingerprint, "--min-iterations", "1000", "--data",
            self.folder / "of-alice")
        person.answer("Password: ", PASSWORD)
        person.sees("you are in #lobby as alice")
        wanted = [(name, secret) for name, secret in
                  self.wanted(server, "alice")
                  if not name.startswith("ClientKey")]
        self.none_of(wanted, memory(person.pid), "the client's memory")
        self.assertNotIn(PASSWORD, person.screen.text())
        self.assertNotIn(PASSWORD.encode(), person.out)

    def passwords_gone(self, server, person, *passwords):
        """None of these, and nothing made of the account's."""
        wanted = [(name, secret) for name, secret in
                  self.wanted(server, "alice", passwords[0])
                  if not name.startswith("ClientKey")]
        wanted += [("%r" % text, text.encode()) for text in passwords[1:]]
        self.none_of(wanted, memory(person.pid), "the client's memory")

    def test_memory_after_another_password(self):
        """Neither the old one is left, with all that came of it, nor the new
        one; nor what was typed twice and differed."""
        server = self.server()
        self.readable(server)
        _, client = self.conversation(server)
        old = self.wanted(server, "alice")
        for first, second in (("not-the-same-1", "not-the-same-2"),
                              ("neues-passwort-3", "neues-passwort-3")):
            for line in ("/passwd", first, second):
                client.say(line)
                client.expect("error" if line == "not-the-same-2" else
                              "question")
        client.say("no")
        client.expect("done", what="passwd")
        self.passwords_gone(server, client, "neues-passwort-3",
                            "not-the-same-1", "not-the-same-2")
        self.none_of(old, memory(client.pid), "the client's memory")
        self.none_of(old + self.wanted(server, "alice", "neues-passwort-3"),
                     memory(server.pid), "the server's memory")
        self.assertEqual(client.leave(), 0)

    def test_memory_after_guesses_on_a_terminal(self):
        """What was typed and erased again, what was wrong, what was right."""
        server = self.server()
        self.readable(server)
        _, client = self.conversation(server)
        self.assertEqual(client.leave(), 0)
        person = self.person(
            "client", server.address, "--user", "alice", "--pin",
            server.fingerprint, "--min-iterations", "1000", "--data",
            self.folder / "of-alice")
        person.answer("Password: ", "erased-again-1\x15wrong-guess-2")
        person.answer("User name: ", "alice")
        person.sees_match(r"User name: alice\s+Password:")
        person.enter(PASSWORD)
        person.sees("you are in #lobby as alice")
        self.passwords_gone(server, person, PASSWORD, "erased-again-1",
                            "wrong-guess-2", "wrong-guess")

    def has_keys_alone(self, channel, child):
        """The keys in use are in its memory, and nothing older."""
        wanted = keys_of(channel) + of_connection(channel)
        found = self.found(wanted, memory(child.pid), "it")
        self.assertEqual({place.split(" in ")[0] for place in found},
                         {name for name, _ in keys_of(channel)})

    def test_keys_in_the_memory_of_the_server(self):
        """Those in use are there; nothing of the handshake, no key from before
        REKEY, and after the end no key at all."""
        server = self.server()
        self.readable(server)
        for suite in (1, 2, 3):
            name = "suite%d" % suite
            with wire.Member(server.port, name, suite=suite) as member:
                member.enter()
                channel = member.channel
                self.assertEqual(len(channel.past), 9)
                for renewed in (False, True):
                    if renewed:
                        channel.renew()
                    member.post("hello")
                    self.has_keys_alone(channel, server)
                channel.say_close()
                channel.end()
            server.wait_counter("connections", 0)
            self.none_of(of_connection(channel) + keys_of(channel),
                         memory(server.pid), "the server")

    def test_keys_in_the_memory_of_the_client(self):
        """The same, of a client that waits for the server's answer: what it
        speaks to has the server's own key, and forwards nothing."""
        server = self.server()
        self.readable(server)
        static = bytes.fromhex(re.search(
            r"sotto static key v1 ([0-9a-f]{64})",
            (server.data / "static_key").read_text()).group(1))
        for suite in ("a128cbchs256", "aesgcm", "chachapoly"):
            net = proxy.Mitm(server.port, static, lambda *what: [])
            self.addCleanup(net.close)
            client = self.client(net.address, "alice", "--suite", suite,
                                 pin=server.fingerprint)
            client.wait_for(lambda: len(net.seen) > 0, "the login to begin")
            victim = net.victims[0]
            self.has_keys_alone(victim, client)
            client.kill()


if __name__ == "__main__":
    sotto.main()
