#!/usr/bin/env python3
"""sotto-bench: it measures, checks, and says so in tables and in JSON.

    test_bench.py SOTTO-BENCH

Figures are not judged here: a machine under test is busy.
"""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "sotto-bench"
SOTTO = os.environ.get("SOTTO_BIN", "sotto")
SUITES = ("A128CBCHS256", "AESGCM", "ChaChaPoly")


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)


class Channel(unittest.TestCase):
    def check_figure(self, figure):
        self.assertEqual(figure["bench"], "channel")
        self.assertGreater(figure["ns_min"], 0)
        self.assertLessEqual(figure["ns_min"], figure["ns"])
        self.assertLessEqual(figure["ns"], figure["ns_max"])
        self.assertGreater(figure["per_s"], 0)
        self.assertEqual("bytes" in figure, "mb_per_s" in figure)

    def test_json_has_every_figure(self):
        done = run("channel", "--seconds", "1", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        about, *figures = [json.loads(line)
                           for line in done.stdout.splitlines()]
        self.assertEqual(about["figure"], "about")
        library = about["crypto"]
        self.assertIn(library, ("mbedtls", "openssl"))
        for figure in figures:
            self.check_figure(figure)
        found = {(figure["figure"], figure.get("suite"), figure["layer"],
                  figure.get("bytes")) for figure in figures}
        expected = {(name, None, layer, None)
                    for name in ("x25519", "pbkdf2_round")
                    for layer in ("core", library)}
        for suite in SUITES:
            expected |= {(name, suite, "link", None) for name in
                         ("handshake", "handshake_client", "handshake_server")}
            expected |= {(name, suite, layer, size)
                         for name in ("seal", "open")
                         for layer in ("link", "cipher", library)
                         for size in (64, 1024, 16384)}
        self.assertEqual(found, expected)
        self.assertEqual(len(figures), len(expected))

    def test_table_fits_and_shows_the_chosen_suite_only(self):
        done = run("channel", "--seconds", "1", "--suite", "chachapoly")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("ChaChaPoly", done.stdout)
        self.assertNotIn("AESGCM", done.stdout)
        self.assertRegex(done.stdout, "16384 (mbedtls|openssl) ")


class Mls(unittest.TestCase):
    ROWS = ("key_package", "create", "add", "process_add", "join", "update",
            "process_update", "protect", "unprotect")
    CURVE = ("key_pair", "agree", "sign", "verify")

    @functools.cache
    def measure(self, members):
        done = run("mls", "--members", str(members), "--seconds", "1",
                   "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return {line["figure"]: line for line in lines}

    def test_no_operation_on_the_curve_is_done_in_vain(self):
        for members in (2, 4, 16):
            figures = self.measure(members)
            for name in self.ROWS:
                if name == "process_add" and members == 2:
                    self.assertNotIn(name, figures)
                    continue
                row = figures[name]
                self.assertEqual(row["members"], members)
                for kind in self.CURVE:
                    self.assertEqual(row["done_" + kind],
                                     row["needed_" + kind],
                                     (members, name, kind))

    def test_memory_and_bytes_stay_small(self):
        figures = self.measure(16)
        self.assertLessEqual(figures["state"]["memory"], 33000 / 2)
        self.assertLessEqual(figures["join"]["bytes"], 6900)

    def test_table_has_every_row(self):
        done = run("mls", "--members", "4", "--seconds", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("4 members", done.stdout)
        for name in self.ROWS:
            self.assertIn("\n" + name + " ", done.stdout)
        self.assertNotIn("/", done.stdout.split("members:")[1].split(
            "pair, agree")[0], "done/needed: something was in vain")


class Loads(unittest.TestCase):
    """A server of the bench's own, with little to do."""

    def measure(self, *arguments, program=SOTTO):
        done = run(*arguments, "--program", program, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        about, *figures = [json.loads(line)
                           for line in done.stdout.splitlines()]
        self.assertEqual(about["figure"], "about")
        self.assertTrue(about["own_server"])
        for figure in (about, *figures):
            self.check_documented(figure)
        return figures

    def check_documented(self, figure):
        """Its keys stand in the README's table."""
        for key in figure:
            key = re.sub("_(min|max)$", "", key)
            self.assertIn("`%s`" % key, self.readme())

    @staticmethod
    @functools.cache
    def readme():
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                            "../../apps/bench/README.md")
        with open(path, encoding="utf-8") as file:
            return file.read().partition("\n## Loads\n")[2]

    def check_median(self, figure, name):
        self.assertLessEqual(figure[name + "_min"], figure[name])
        self.assertLessEqual(figure[name], figure[name + "_max"])

    def test_fanout_counts_every_delivery_in_each_suite(self):
        figures = self.measure("fanout", "--suite", "all", "--senders", "2",
                               "--receivers", "3", "--window", "4",
                               "--seconds", "1", "--runs", "1")
        self.assertEqual([figure["suite"] for figure in figures],
                         list(SUITES))
        for figure in figures:
            self.assertGreater(figure["posted"], 0)
            self.assertEqual(figure["acked"], figure["posted"])
            self.assertEqual(figure["delivered"], 3 * figure["posted"])
            self.assertGreater(figure["server_s_per_million"], 0)
            self.assertLessEqual(figure["p50_us"], figure["p99_us"])
            self.check_median(figure, "kilo_deliveries_per_s")
            self.assertIn(figure["limit"], ("server", "generator", "neither"))

    def test_a_run_in_which_the_server_stood_still_goes_on(self):
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "program")
            with open(program, "w", encoding="ascii") as file:
                file.write("#!/bin/sh\n"
                           "while kill -STOP $$; do sleep 2.2; kill -CONT $$\n"
                           "  sleep 0.1; done 2>/dev/null &\n"
                           f'exec {SOTTO} "$@"\n')
            os.chmod(program, 0o700)
            figure, = self.measure("fanout", "--spin", "--receivers", "1",
                                   "--window", "1", "--seconds", "1",
                                   "--runs", "3", program=program)
        self.assertGreater(figure["server_s_per_million_min"], 0)
        self.assertEqual(figure["delivered"], figure["posted"])

    def test_a_load_that_never_sleeps_is_not_called_the_limit(self):
        figure, = self.measure("fanout", "--spin", "--receivers", "3",
                               "--window", "1", "--seconds", "1", "--runs",
                               "1")
        self.assertTrue(figure["spin"])
        self.assertEqual(figure["delivered"], 3 * figure["posted"])
        self.assertIn(figure["limit"], ("server", "unknown"))

    def test_latency_posts_at_the_rate_and_counts(self):
        figure, = self.measure("latency", "--rate", "100", "--receivers", "3",
                               "--seconds", "1", "--runs", "1")
        self.assertGreater(figure["posted"], 0)
        self.assertEqual(figure["acked"], figure["posted"])
        self.assertEqual(figure["delivered"], 3 * figure["posted"])
        for name in ("each", "last", "ack"):
            self.check_median(figure, name + "_p50_us")
            self.assertLessEqual(figure[name + "_p50_us"],
                                 figure[name + "_p99_us"])
        self.assertLessEqual(figure["each_p50_us"], figure["last_p50_us"])

    def test_logins_are_measured_one_by_one_and_side_by_side(self):
        for parallel in ("1", "4"):
            figure, = self.measure("login", "--logins", "9", "--runs", "2",
                                   "--parallel", parallel)
            self.assertEqual(figure["logins"], 9)
            self.assertGreater(figure["server_ms_min"], 0)
            self.check_median(figure, "server_ms")

    def test_the_server_of_each_suite_has_the_same_processors(self):
        with tempfile.TemporaryDirectory() as folder:
            notes = os.path.join(folder, "notes")
            program = os.path.join(folder, "program")
            with open(program, "w", encoding="ascii") as file:
                file.write("#!/bin/sh\n"
                           f"grep Cpus_allowed: /proc/self/status >>{notes}\n"
                           f'exec {SOTTO} "$@"\n')
            os.chmod(program, 0o700)
            done = run("login", "--suite", "all", "--logins", "1", "--runs",
                       "1", "--program", program)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(notes, encoding="ascii") as file:
                lines = file.readlines()
        self.assertEqual(lines, lines[:1] * len(SUITES))

    def test_devices_log_in_with_their_keys(self):
        figures = self.measure("login", "--device", "--suite", "all",
                               "--logins", "5", "--runs", "2",
                               "--parallel", "2")
        self.assertEqual(len(figures), len(SUITES))
        for figure in figures:
            self.assertEqual(figure["device_logins"], 5)
            self.assertGreater(figure["server_ms_min"], 0)
            self.check_median(figure, "server_ms")

    def test_storm_brings_everybody_back(self):
        figure, = self.measure("storm", "--connections", "20", "--runs", "2")
        self.assertEqual(figure["connections"], 20)
        self.assertLessEqual(figure["p99_ms"] * 0.9, figure["all_ms_max"])

    def test_idle_connections_cost_memory(self):
        figure, = self.measure("idle", "--connections", "50")
        self.assertEqual(figure["connections"], 50)
        self.assertGreater(figure["bytes_before"], 0)
        self.assertEqual(figure["bytes_each"], round(
            (figure["bytes_after"] - figure["bytes_before"]) / 50))

    def storm_on(self, *options, connections=5, times=1):
        """Against a server of ours with these options; the last of them."""
        with tempfile.TemporaryDirectory() as folder:
            with subprocess.Popen(
                    [SOTTO, "server", "--data", folder, "--listen",
                     "127.0.0.1:0", *options],
                    stderr=subprocess.PIPE, text=True) as server:
                for line in server.stderr:
                    if "address=" in line:
                        address = line.split("address=")[1].strip()
                    if " ready " in line:
                        break
                for _ in range(times):
                    done = run("storm", "--server", address, "--pid",
                               str(server.pid), "--connections",
                               str(connections), "--runs", "1", "--json")
                server.terminate()
                server.stderr.read()
                self.assertEqual(server.wait(), 0)
        return done

    def test_a_server_that_is_named_is_driven_and_left_alone(self):
        done = self.storm_on("--min-iterations", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        about, figure = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertFalse(about["own_server"])
        self.assertGreater(figure["server_ms"], 0)

    def test_accounts_that_exist_are_no_riddle(self):
        done = self.storm_on("--min-iterations", "1", times=2)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--no-register", done.stderr)

    def test_a_server_that_refuses_is_named_the_option_that_it_lacks(self):
        for options, connections, advice in (
                ((), 1, "--min-iterations 1"),
                (("--min-iterations", "1", "--register-tries", "3"), 4,
                 "--register-tries"),
                (("--min-iterations", "1", "--max-accounts", "2"), 3,
                 "--max-accounts"),
                (("--min-iterations", "1", "--max-connections", "2"), 3,
                 "--max-connections"),
                (("--min-iterations", "1", "--max-half-open", "1"), 8,
                 "--max-half-open")):
            done = self.storm_on(*options, connections=connections)
            self.assertEqual(done.returncode, 1, options)
            self.assertIn(advice, done.stderr)

    def test_server_that_does_not_start_is_an_error(self):
        done = run("fanout", "--program", "/nonexistent")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent", done.stderr)


@unittest.skipUnless(shutil.which("valgrind"),
                     "there is no valgrind (package valgrind)")
class Layers(unittest.TestCase):
    """apps/bench/layers.py: whose instructions a delivery takes."""

    def test_all_layers_together_are_all(self):
        with open(SOTTO, "rb") as file:
            if b"__asan_init" in file.read():
                self.skipTest("a sanitizer counts for itself")
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                              "../../apps/bench/layers.py")
        for seconds in ("1", "5", "25"):
            done = subprocess.run(
                [script, os.path.dirname(os.path.dirname(SOTTO)), "--seconds",
                 seconds, "--receivers", "2", "--top", "1"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                check=False)
            if "too busy" not in done.stderr:
                break
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = {name: int(count.replace(",", "")) for name, count in
                re.findall(r"\| (.+?) \| (-?[\d,]+) \|", done.stdout)}
        total = rows.pop("all")
        self.assertEqual(len(rows), 9)
        self.assertAlmostEqual(sum(rows.values()), total, delta=9)
        self.assertGreater(rows["library of ciphers"], total / 10)
        self.assertRegex(done.stdout, r"a delivery: .*\bsend 0\.")


class CommandLine(unittest.TestCase):
    def test_help_and_version_answer_on_stdout(self):
        for arguments in (["--help"], ["channel", "--help"], ["--version"],
                          ["channel", "--version"], ["mls", "--help"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, 0)
            self.assertIn("sotto-bench", done.stdout)
            self.assertEqual(done.stderr, "")

    def test_mistakes_are_usage_errors(self):
        for arguments in ([], ["chanel"], ["channel", "--suite", "rot13"],
                          ["channel", "--seconds", "0"], ["channel", "x"],
                          ["mls", "--members", "3"],
                          ["mls", "--members", "2048"],
                          ["fanout", "--size", "18"],
                          ["fanout", "--core", "3-1"],
                          ["login", "--prefix", "A"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertEqual(done.stdout, "")
            self.assertIn("sotto-bench", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
