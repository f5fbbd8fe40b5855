"""The server's heap under valgrind: no message takes any, and nothing is left of
anybody at the end."""

import re
import shutil
import unittest

import sotto

VALGRIND = shutil.which("valgrind")
FEW = 20  # messages
ERROR = 99


def has(pattern):
    """The program's file."""
    with open(sotto.BIN, "rb") as program:
        return re.search(pattern, program.read()) is not None


# libcrypto keeps what it was asked for once until its own end, which is later.
LEAKS = ("definite,indirect,possible" if has(rb"libcrypto\.so") else "all")


@unittest.skipUnless(VALGRIND, "there is no valgrind (package valgrind)")
@unittest.skipIf(has(rb"__[at]san_init"), "a sanitizer has a heap of its own")
class Heap(sotto.Case):
    """Each run is a conversation from a server's start to its end in good
    order; nothing but the number of messages differs."""

    def allocations(self, workers, messages):
        name = "%d-%d" % (workers, messages)
        report = self.folder / ("valgrind-" + name)
        server = self.server(
            "--workers", str(workers), data="server-" + name,
            under=(VALGRIND, "--leak-check=full", "--show-leak-kinds=" + LEAKS,
                   "--errors-for-leak-kinds=" + LEAKS,
                   "--error-exitcode=%d" % ERROR, "--log-file=%s" % report))
        alice, bob = [self.member(server, user, data=self.folder / (user + name))
                      for user in ("alice", "bob")]
        for i in range(messages):
            alice.said("to bob %d" % i)
            bob.said("to alice %d %s" % (i, "x" * 3000))
        for person in (alice, bob):
            person.wait_for(lambda: len(person.texts()) == messages,
                            "%d texts" % messages)
        self.assertEqual(bob.leave(), 0)
        code = server.stop()  # alice is in the room still
        alice.kill()
        text = report.read_text()
        self.assertEqual(code, 0, text)
        return int(re.search(r"heap usage: ([\d,]+) allocs", text).group(1)
                   .replace(",", ""))

    def no_message_takes_any(self, workers):
        self.assertEqual(self.allocations(workers, FEW),
                         self.allocations(workers, 3 * FEW))

    def test_one_thread(self):
        self.no_message_takes_any(1)

    def test_two_workers(self):
        self.no_message_takes_any(2)


if __name__ == "__main__":
    sotto.main()
