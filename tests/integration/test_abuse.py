"""Programs used as nobody meant them to be: shared folders, broken outputs,
closed descriptors, requests to end at odd times."""

import errno
import fcntl
import os
import pathlib
import pty
import re
import signal
import subprocess
import time
import unittest

import sotto


class AbuseTest(sotto.Case):
    def words(self, server, user, *args):
        """The command line of a JSON client."""
        password = self.folder / "password"
        password.write_text(sotto.PASSWORD + "\n")
        return [sotto.BIN, "client", server.address, "--user", user,
                "--password-file", password, "--json", "--pin",
                server.fingerprint, "--min-iterations", sotto.ITERATIONS,
                "--data", self.folder / ("of-" + user), *args]

    def raw(self, server, user, *args, **streams):
        """A JSON client whose streams are the test's; ends by itself."""
        return subprocess.run(self.words(server, user, *args),
                              env=self.environment({}), timeout=sotto.WAIT,
                              **streams)

    def account(self, server, user):
        self.assertEqual(self.member(server, user).leave(), 0)

    # ---- folders ----

    def test_many_clients_share_one_folder(self):
        """Each holds it for moments; a busy folder is waited for, also with
        input that is ready at once."""
        server = self.server()
        folder = self.folder / "shared"
        people = [self.client(server, "user%d" % i, register=True, data=folder)
                  for i in range(6)]
        for person in people:
            person.say("hello")
        for person in people:
            self.assertEqual(person.leave(), 0)
            self.assertEqual(len(person.all("acked")), 1)
        lines = (folder / "known_accounts").read_text().splitlines()
        self.assertEqual(len([l for l in lines if "user" in l.split(" ")[1]
                              and not l.startswith("#")]), 6)

    @unittest.skipIf(sotto.ON_LWIP or sotto.WORKERS, "the client's files are "
                     "the same there, and it takes a while")
    def test_a_client_is_patient_with_others_in_its_folder(self):
        """Their disk may be slow; it comes in when they have done."""
        server = self.server()
        folder = self.folder / "of-alice"
        folder.mkdir(mode=0o700)
        with open(folder / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            alice = self.client(server, "alice", register=True)
            bob = self.person("client", server.address, "--user", "bob",
                              "--data", folder)
            bob.sees("waiting for another client that uses")
            time.sleep(5)
        bob.sees_match("(?i)password")
        alice.expect("ready")
        self.assertEqual(alice.leave(), 0)
        self.assertEqual(alice.all("error"), [])
        self.assertIn("alice", (folder / "known_accounts").read_text())

    # ---- outputs ----

    def test_an_output_that_cannot_be_written_is_no_success(self):
        server = self.server()
        self.account(server, "alice")
        with open("/dev/full", "wb") as full:
            done = self.raw(server, "alice", input=b"x\n", stdout=full,
                            stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 1)
        self.assertIn(os.strerror(errno.ENOSPC).encode(), done.stderr)

    def test_a_client_ends_when_nobody_reads_it(self):
        """As with `sotto client ... | head -1`, though its input goes on."""
        server = self.server()
        self.account(server, "alice")
        reads, writes = os.pipe()
        os.close(reads)
        keep_open, stdin = os.pipe()
        with os.fdopen(writes, "wb") as out, os.fdopen(keep_open) as source:
            done = self.raw(server, "alice", stdin=source, stdout=out,
                            stderr=subprocess.PIPE)
        os.close(stdin)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"could not be written", done.stderr)

    def test_what_nobody_takes_at_the_end_is_no_success(self):
        server = self.server()
        self.account(server, "alice")
        bob = self.member(server, "bob")
        for _ in range(5):
            bob.said("x" * 4000)
        reads, writes = os.pipe()
        self.addCleanup(os.close, reads)
        fcntl.fcntl(writes, fcntl.F_SETPIPE_SZ, 4096)
        alice = subprocess.Popen(
            self.words(server, "alice"), env=self.environment({}),
            stdin=subprocess.PIPE, stdout=writes, stderr=subprocess.PIPE)
        self.addCleanup(alice.__exit__, None, None, None)
        self.addCleanup(alice.kill)
        os.close(writes)
        alice.stdin.write(b"all of it came\n")
        alice.stdin.flush()
        bob.expect("message", text="all of it came")
        alice.stdin.close()
        self.assertIn(b"could not be written", alice.stderr.read())
        self.assertEqual(alice.wait(sotto.WAIT), 1)

    def test_closed_standard_streams(self):
        """No file and no connection gets their numbers."""
        def close_all():
            os.closerange(0, 3)
        server = self.server()
        self.assertEqual(server.stop(), 0)
        key = (server.data / "static_key").read_bytes()
        bare = subprocess.Popen(
            [sotto.BIN, "server", "--listen", sotto.HERE + ":0", "--data",
             server.data], env=self.environment({}), preexec_fn=close_all)
        try:
            sotto.until(lambda: self.listens(bare.pid), "a listening server")
            held = [os.readlink("/proc/%d/fd/%d" % (bare.pid, fd))
                    for fd in range(3)]
            self.assertEqual(held, ["/dev/null"] * 3)
            bare.send_signal(signal.SIGTERM)
            self.assertEqual(bare.wait(sotto.WAIT), 0)
        finally:
            bare.kill()
            bare.wait()
        self.assertEqual(key, (server.data / "static_key").read_bytes())

    @staticmethod
    def listens(pid):
        sockets = []
        for fd in pathlib.Path("/proc/%d/fd" % pid).iterdir():
            try:
                sockets.append(os.readlink(fd))
            except OSError:
                pass
        return any(name.startswith("socket:") for name in sockets)

    def test_no_password_is_asked_for_where_it_would_be_seen(self):
        """Input from a terminal, output into a pipe."""
        for args in ([], ["client", "127.0.0.1", "--user", "alice"]):
            master, slave = pty.openpty()
            done = subprocess.run(
                [sotto.BIN, *args], env=self.environment({}), stdin=slave,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                timeout=sotto.WAIT)
            os.close(slave)
            os.close(master)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"--password-file", done.stderr)

    # ---- leaving ----

    def test_what_is_not_acknowledged_is_no_success(self):
        server = self.server()
        alice = self.member(server, "alice")
        server.kill()
        alice.expect("disconnected")
        alice.say("into the void")
        alice.say("/who")
        alice.expect("error", code="offline")  # the line before was taken
        alice.signal(signal.SIGTERM)
        self.assertEqual(alice.end(), 5)
        self.assertEqual(alice.all("error")[-1]["code"], "unsettled")

    def test_a_line_with_a_zero_is_no_command(self):
        server = self.server()
        alice = self.member(server, "alice")
        alice.write(b"exit\0now\n/quit\0\n")
        alice.said("still here")
        self.assertEqual(alice.leave(), 0)

    def test_ends_while_a_password_is_derived(self):
        """And before it is done, which would be when the client dials."""
        server = self.server()
        alice = self.client(server, "alice", "--iterations", "10000000",
                            register=True)
        sotto.until(lambda: self.is_deriving(alice), "the derivation")
        alice.signal(signal.SIGTERM)
        self.assertNotEqual(alice.end(), 0)
        self.assertEqual(server.counters()["accepted"], 0)

    @staticmethod
    def is_deriving(client):
        """It handles signals, and nothing else has taken it so long."""
        proc = pathlib.Path("/proc/%d" % client.pid)
        caught = re.search(r"SigCgt:\s*(\w+)", (proc / "status").read_text())
        handles = int(caught.group(1), 16) >> (signal.SIGTERM - 1) & 1
        ticks = (proc / "stat").read_text().rpartition(")")[2].split()[11]
        return handles and int(ticks) > os.sysconf("SC_CLK_TCK") / 5

    def test_a_server_asked_to_end_while_it_starts_ends(self):
        """Whenever the request comes, it is not lost."""
        for i in range(12):
            server = self.server(data="server-%d" % i, wait=False)
            sotto.until(lambda: server.data.exists()
                        or server.process.poll() is not None,
                        "a folder for its files")
            time.sleep(0.002 * i)
            server.signal(signal.SIGTERM)
            self.assertEqual(server.end(), 0)

    def test_a_server_that_cannot_start_is_tidy(self):
        """One sentence, exit code 1, and nothing for the leak checker."""
        server = self.server()
        self.assertEqual(server.stop(), 0)
        for name in ("static_key", "credentials.json", "lobby.00000001"):
            kept = (server.data / name).read_bytes()
            (server.data / name).unlink()
            (server.data / name).mkdir()
            code, _, err = self.run_sotto(
                "server", "--listen", sotto.HERE + ":0",
                "--data", server.data)
            self.assertEqual(code, 1)
            self.assertEqual(len(err.splitlines()), 1, err)
            (server.data / name).rmdir()
            (server.data / name).write_bytes(kept)


if __name__ == "__main__":
    sotto.main()
