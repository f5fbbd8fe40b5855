"""sotto account: the credential file while the server is down.

The file is written and read here once more, from its description alone.
"""

import base64
import hashlib
import hmac
import json
import os
import resource
import subprocess
import unicodedata

import sotto

OK = 0
OTHER = 1
USAGE = 2
CREATED = 1769851800  # 2026-01-31T09:30:00Z


# ---- the credential file ----------------------------------------------------

def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def encode(seq, kind, **fields):
    text = json.dumps({"seq": seq, "kind": kind, **fields},
                      separators=(",", ":"))[:-1].encode()
    return text + b',"crc":"%08x"}\n' % crc32c(text)


def b64(data):
    return base64.b64encode(data).decode()


def verifier(password, salt, iterations):
    """What RFC 5802 lets a server keep."""
    salted = hashlib.pbkdf2_hmac("sha256", password, salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return {"iterations": iterations, "salt": b64(salt),
            "stored_key": b64(hashlib.sha256(client_key).digest()),
            "server_key": b64(hmac.digest(salted, b"Server Key", "sha256"))}


def account(seq, name, disabled=False, created=CREATED, password=b"secret"):
    return encode(seq, "account", name=name, disabled=disabled,
                  created=created,
                  **verifier(password, (name * 16).encode()[:16], 1000))


def head(seq=1):
    return encode(seq, "head", version=1, secret=b64(b"s" * 32))


def read(path):
    """All lines, checked: sequence, checksum."""
    lines = []
    for line in path.read_bytes().splitlines(keepends=True):
        fields = json.loads(line)
        crc = fields.pop("crc")
        kind = {key: value for key, value in fields.items()
                if key not in ("seq", "kind")}
        assert encode(fields["seq"], fields["kind"], **kind) == line, line
        assert crc
        lines.append(fields)
    numbers = [line["seq"] for line in lines]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return lines


def table(path):
    """The accounts that the file says there are."""
    accounts = {}
    for line in read(path):
        if line["kind"] == "account":
            accounts[line["name"]] = line
        elif line["kind"] == "remove":
            del accounts[line["name"]]
    return accounts


class Folder(sotto.Case):
    """A server's folder with alice, bob (disabled) and carol."""

    def setUp(self):
        super().setUp()
        self.data = self.folder / "server"
        self.data.mkdir(mode=0o700)
        self.file = self.data / "credentials.json"
        self.lines = [head(), account(2, "carol", created=0),
                      account(3, "alice"), account(4, "bob", disabled=True)]
        self.write(self.lines)

    def write(self, lines):
        self.file.write_bytes(b"".join(lines))
        self.file.chmod(0o600)

    def account(self, command, *args, stdin=b""):
        return self.run_sotto("account", command, *args, "--data", self.data,
                              stdin=stdin)

    def listed(self):
        code, out, err = self.account("list", "--json")
        self.assertEqual((code, err), (OK, ""))
        return [json.loads(line) for line in out.splitlines()]

    def states(self):
        return {entry["name"]: entry["state"] for entry in self.listed()}

    def unchanged(self):
        self.assertEqual(self.file.read_bytes(), b"".join(self.lines))


# ---- the tests --------------------------------------------------------------

class List(Folder):
    def test_table_is_sorted_and_complete(self):
        code, out, err = self.account("list")
        self.assertEqual((code, err), (OK, ""))
        rows = [row.split() for row in out.splitlines()]
        self.assertEqual(rows, [
            ["NAME", "STATE", "CREATED", "ITERATIONS"],
            ["alice", "enabled", "2026-01-31T09:30:00Z", "1000"],
            ["bob", "disabled", "2026-01-31T09:30:00Z", "1000"],
            ["carol", "enabled", "-", "1000"]])
        self.unchanged()

    def test_json_has_the_same(self):
        self.assertEqual(self.listed(), [
            {"name": "alice", "state": "enabled",
             "created": "2026-01-31T09:30:00Z", "iterations": 1000},
            {"name": "bob", "state": "disabled",
             "created": "2026-01-31T09:30:00Z", "iterations": 1000},
            {"name": "carol", "state": "enabled", "iterations": 1000}])

    def test_a_folder_without_accounts_is_refused_and_not_made(self):
        missing = self.folder / "misspelled"
        code, out, err = self.run_sotto("account", "list", "--data", missing)
        self.assertEqual((code, out), (OTHER, ""))
        self.assertIn("there is no " + str(missing), err)
        self.assertFalse(missing.exists())

    def test_many_accounts(self):
        names = ["user%d" % at for at in range(500)]
        self.write([head()] + [account(at + 2, name, password=b"x")
                               for at, name in enumerate(names)])
        self.assertEqual([entry["name"] for entry in self.listed()],
                         sorted(names))


class Change(Folder):
    def test_disable_and_enable(self):
        code, out, err = self.account("disable", "alice")
        self.assertEqual((code, out, err), (OK, "Done: alice is disabled.\n",
                                            ""))
        self.assertTrue(table(self.file)["alice"]["disabled"])
        code, out, _ = self.account("disable", "alice")
        self.assertEqual((code, out), (OK, "alice is disabled already.\n"))
        self.assertEqual(self.account("enable", "alice")[0], OK)
        self.assertFalse(table(self.file)["alice"]["disabled"])
        self.assertEqual(self.states(), {"alice": "enabled", "bob": "disabled",
                                         "carol": "enabled"})

    def test_a_change_keeps_everything_else_of_the_account(self):
        before = table(self.file)["alice"]
        self.account("disable", "alice")
        after = table(self.file)["alice"]
        for field in before:
            if field not in ("seq", "disabled"):
                self.assertEqual(after[field], before[field], field)

    def test_remove_needs_a_yes(self):
        code, out, err = self.account("remove", "bob", stdin=b"yes\n")
        self.assertEqual((code, out), (USAGE, ""))
        self.assertIn("--yes", err)
        self.unchanged()
        code, out, err = self.account("remove", "bob", "--yes")
        self.assertEqual((code, out, err), (OK, "Done: bob is removed.\n", ""))
        self.assertEqual(sorted(table(self.file)), ["alice", "carol"])

    def test_remove_asks_on_a_terminal(self):
        for answer, code in (("no", OTHER), ("", OTHER), ("maybe", OTHER),
                             ("\x03", OTHER), ("\x04", OTHER), ("yes", OK)):
            self.assertIn("bob", self.states())
            person = self.person("account", "remove", "bob", "--data",
                                 self.data)
            person.answer("Remove bob for good?", answer)
            self.assertEqual(person.end(), code, answer)
        self.assertNotIn("bob", self.states())

    def test_an_unknown_name_gets_a_suggestion(self):
        for command in ("disable", "enable", "remove", "reset"):
            code, out, err = self.account(command, "alcie")
            self.assertEqual((code, out), (OTHER, ""))
            self.assertIn("no account alcie, did you mean alice?", err)
        code, _, err = self.account("disable", "somebodyelse")
        self.assertEqual(code, OTHER)
        self.assertNotIn("did you mean", err)
        self.unchanged()

    def test_usage(self):
        for args in (["disable"], ["disable", "a", "b"], ["remove"],
                     ["reset", "alice", "--iterations", "0"],
                     ["list", "alice"], ["list", "--yes"]):
            code, out, err = self.account(*args)
            self.assertEqual((code, out), (USAGE, ""), args)
            self.assertIn("sotto account", err)
        self.assertEqual(self.run_sotto("account")[0], USAGE)
        self.assertEqual(self.run_sotto("account", "lst")[0], USAGE)

    def test_long_use_compacts_the_file(self):
        for _ in range(50):
            self.assertEqual(self.account("enable", "bob")[0], OK)
            self.assertEqual(self.account("disable", "bob")[0], OK)
        self.assertLess(len(read(self.file)), 90)
        self.assertEqual(self.states()["bob"], "disabled")


class Reset(Folder):
    def check_password(self, name, password, iterations):
        """What the file keeps is what this password gives."""
        kept = table(self.file)[name]
        salt = base64.b64decode(kept["salt"])
        self.assertGreaterEqual(len(salt), 16)
        for field, value in verifier(password, salt, iterations).items():
            self.assertEqual(kept[field], value, field)
        return salt

    def reset(self, name, *args, stdin=b""):
        return self.account("reset", name, *args, "--iterations", "1000",
                            stdin=stdin)

    def test_from_a_file_in_normal_form(self):
        path = self.folder / "password"
        path.write_text(unicodedata.normalize("NFD", "caf\u00e9 secret")
                        + "\r\nnot this\n")
        salts = set()
        for _ in range(2):
            code, out, err = self.reset("alice", "--password-file", path)
            self.assertEqual((code, err), (OK, ""))
            self.assertEqual(out, "Done: alice has a new password.\n")
            salts.add(self.check_password("alice", "caf\u00e9 secret".encode(),
                                          1000))
        self.assertEqual(len(salts), 2)
        self.assertEqual(table(self.file)["alice"]["created"], CREATED)

    def test_iterations_are_those_of_a_registration(self):
        path = self.folder / "password"
        path.write_text("pw")
        self.assertEqual(self.account("reset", "alice", "--password-file",
                                      path)[0], OK)
        self.check_password("alice", b"pw", 600000)

    def test_from_a_pipe(self):
        code, out, err = self.reset("bob", stdin=b"from a pipe\n")
        self.assertEqual((code, err), (OK, ""))
        self.assertIn("still disabled", out)
        self.check_password("bob", b"from a pipe", 1000)

    def test_asked_twice_on_a_terminal_and_never_shown(self):
        person = self.person("account", "reset", "alice", "--iterations",
                             "1000", "--data", self.data)
        for answers in (("first try", "other"), ("s3cret-word", "s3cret-word")):
            person.answer("New password:", answers[0])
            person.answer("Once more:", answers[1])
        self.assertEqual(person.end(), OK)
        shown = person.out.decode()
        self.assertIn("not the same", shown)
        self.assertIn("Done: alice has a new password.", shown)
        self.assertNotIn("s3cret", shown)
        self.assertNotIn("first", shown)
        self.check_password("alice", b"s3cret-word", 1000)

    def test_giving_up_changes_nothing(self):
        for keys in ("\x03", "\x04", "\r", "half\x03"):
            person = self.person("account", "reset", "alice", "--data",
                                 self.data)
            person.sees("New password:")
            person.type(keys)
            self.assertEqual(person.end(), OTHER, repr(keys))
        self.assertEqual(self.reset("alice", stdin=b"")[0], OTHER)
        self.assertEqual(self.reset("alice", stdin=b"\n")[0], OTHER)
        self.unchanged()

    def test_passwords_that_nobody_could_enter_are_refused(self):
        path = self.folder / "password"
        for content in (b"", b"\nsecond line", b"x" * 257, b"x" * 5000,
                        b"\xff\xfe", b"nul\x00byte"):
            path.write_bytes(content)
            code, out, _ = self.reset("alice", "--password-file", path)
            self.assertEqual((code, out), (OTHER, ""), content[:20])
        code, _, err = self.reset("alice", "--password-file",
                                  self.folder / "missing")
        self.assertEqual(code, OTHER)
        self.assertIn("No such file", err)
        self.unchanged()


class Output(Folder):
    def test_a_password_that_would_be_seen_is_not_asked_for(self):
        master, slave = os.openpty()
        done = subprocess.run(
            [sotto.BIN, "account", "reset", "alice", "--data", self.data],
            stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=60, env=self.environment({}), check=False)
        os.close(slave)
        os.close(master)
        self.assertEqual((done.returncode, done.stdout), (USAGE, b""))
        self.assertIn(b"would be seen", done.stderr)
        self.unchanged()

    def test_lost_output_is_an_error(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run(
                [sotto.BIN, "account", "list", "--data", self.data],
                stdout=full, stderr=subprocess.PIPE, timeout=60,
                env=self.environment({}), check=False)
        self.assertEqual(done.returncode, OTHER)
        self.assertIn(b"could not be written", done.stderr)

    def test_a_full_disk_changes_nothing(self):
        def no_room():
            size = self.file.stat().st_size + 10
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        done = subprocess.run(
            [sotto.BIN, "account", "disable", "alice", "--data", self.data],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
            preexec_fn=no_room, env=self.environment({}), check=False)
        self.assertEqual((done.returncode, done.stdout), (OTHER, b""))
        self.assertIn(b"nothing was changed: the disk is full", done.stderr)
        self.unchanged()
        self.assertEqual(self.states()["alice"], "enabled")


class Lock(Folder):
    def test_one_at_a_time(self):
        person = self.person("account", "remove", "bob", "--data", self.data)
        person.sees("Remove bob for good?")
        for command in (["list"], ["disable", "alice"], ["repair", "--yes"]):
            code, out, err = self.account(*command)
            self.assertEqual((code, out), (OTHER, ""))
            self.assertIn("is using " + str(self.data), err)
        person.answer("Remove bob for good?", "no")
        self.assertEqual(person.end(), OTHER)
        self.unchanged()

    def test_not_while_the_server_runs(self):
        server = self.server(data="server")
        code, out, err = self.account("list")
        self.assertEqual((code, out), (OTHER, ""))
        self.assertIn("is using " + str(self.data) + "; stop it first", err)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(len(self.listed()), 3)


class Repair(Folder):
    def damage(self, line):
        broken = bytearray(self.lines[line - 1])
        broken[len(broken) // 2] ^= 1
        self.lines[line - 1] = bytes(broken)
        self.write(self.lines)

    def test_an_intact_file_needs_none(self):
        code, out, _ = self.account("repair")
        self.assertEqual(code, OK)
        self.assertIn("is not damaged", out)
        self.unchanged()

    def test_damage_stops_all_other_commands(self):
        self.damage(3)
        for command in (["list"], ["list", "--json"], ["enable", "bob"],
                        ["remove", "bob", "--yes"]):
            code, out, err = self.account(*command)
            self.assertEqual((code, out), (OTHER, ""))
            self.assertIn("is damaged at line 3", err)
            self.assertIn("sotto account repair", err)
        self.unchanged()

    def test_damage_is_shown_and_set_aside(self):
        self.damage(3)
        offset = len(b"".join(self.lines[:2]))
        code, out, err = self.account("repair")
        self.assertEqual(code, USAGE)
        self.assertIn("line 3, byte %d:" % offset, out)
        self.assertIn("1 line\n", out)
        self.assertIn("--yes", err)
        self.unchanged()
        code, out, err = self.account("repair", "--yes")
        self.assertEqual((code, err), (OK, ""))
        self.assertIn("Done: 2 accounts kept, 1 line set aside.", out)
        self.assertEqual(sorted(table(self.file)), ["bob", "carol"])
        self.assertEqual((self.data / "credentials.damaged").read_bytes(),
                         self.lines[2])
        self.assertEqual(self.states(), {"bob": "disabled",
                                         "carol": "enabled"})

    def test_missing_lines_are_counted(self):
        del self.lines[1:3]
        self.write(self.lines)
        code, out, _ = self.account("repair", "--yes")
        self.assertEqual(code, OK)
        self.assertIn("missing        2 changes", out)
        self.assertIn("may\nlog in again", out)
        self.assertIn("a device that was revoked", out)
        self.assertEqual(sorted(self.states()), ["bob"])

    def test_a_person_is_asked(self):
        self.damage(4)
        for answer, code in (("no", OTHER), ("yes", OK)):
            person = self.person("account", "repair", "--data", self.data)
            person.answer("Repair it so?", answer)
            self.assertEqual(person.end(), code)
        self.assertEqual(sorted(self.states()), ["alice", "carol"])

    def test_a_torn_tail_is_dropped_and_told(self):
        whole = b"".join(self.lines)
        self.file.write_bytes(whole + account(5, "dave")[:-7])
        code, out, err = self.account("list")
        self.assertEqual(code, OK)
        self.assertNotIn("dave", out)
        self.assertIn("unfinished last line", err)
        self.assertEqual(self.account("list")[2], "")


class WithServer(sotto.Case):
    """The whole round: what the operator does counts for the server."""

    def test_reset_disable_enable_and_remove(self):
        server = self.server()
        self.assertEqual(self.member(server, "alice").leave(), 0)
        self.assertEqual(server.stop(), 0)

        def account(*args, stdin=b""):
            code, out, err = self.run_sotto(
                "account", *args, "--data", self.folder / "server",
                stdin=stdin)
            self.assertEqual(code, OK, err)
            return out

        def try_login(code, **more):
            server = self.server()
            client = self.client(server, "alice", **more)
            if code == 0:
                client.expect("ready", user="alice")
                client.process.stdin.close()
            self.assertEqual(client.end(), code)
            self.assertEqual(server.stop(), 0)

        self.assertIn('"name":"alice"', account("list", "--json"))
        account("reset", "alice", "--iterations", sotto.ITERATIONS,
                stdin=b"brand new\n")
        try_login(3)
        try_login(0, password="brand new")
        account("disable", "alice")
        try_login(3, password="brand new")
        account("enable", "alice")
        try_login(0, password="brand new")
        account("remove", "alice", "--yes")
        try_login(3, password="brand new")
        try_login(0, register=True)


if __name__ == "__main__":
    sotto.main()
