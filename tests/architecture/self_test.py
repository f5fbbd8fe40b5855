#!/usr/bin/env python3
"""Plants violations of each rule in a small tree and in small archives, and
expects check.py to find exactly those.

    self_test.py --cc CC --ar AR --nm NM
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile

import check

# Each file of the planted tree, with the number of findings that it deserves.
TREE = [
    ("core/base/good.h", 0, '#include <sotto/err.h>\n#include <string.h>\n'),
    ("core/base/good.c", 0, '#include "core/base/good.h"\n'),
    ("core/base/comment.c", 0, '/* #include <stdio.h> */\n'
                               '/*\n#include <stdio.h>\n*/\n'),
    ("core/base/stdio.c", 1, '#include <stdio.h>\n'),
    ("core/base/spaced.c", 1, '  #  include\t<time.h>\n'),
    ("core/base/hidden.c", 1, '/**/ #include <errno.h>\n'),
    ("core/base/split.c", 1, '#include \\\n<unistd.h>\n'),
    ("core/base/macro.c", 1, '#define H <stdio.h>\n#include H\n'),
    ("core/base/upward.c", 1, '#include "core/crypto/good.h"\n'),
    ("core/base/public.c", 1, '#include <sotto/mls.h>\n'),
    ("core/base/port.c", 1, '#include "port/port.h"\n'),
    ("core/base/apps.c", 1, '#include "apps/sotto/good.h"\n'),
    ("core/base/relative.c", 1, '#include "good.h"\n'),
    ("core/base/missing.c", 1, '#include "core/base/no_such.h"\n'),
    ("core/crypto/good.h", 0, '#include "core/base/good.h"\n'),
    ("core/crypto/library.c", 1, '#include <mbedtls/aes.h>\n'),
    ("core/crypto/mbedtls/good.c", 0, '#include <mbedtls/aes.h>\n'
                                      '#include <everest/x.h>\n'),
    ("core/crypto/mbedtls/other.c", 1, '#include <openssl/aes.h>\n'),
    ("core/crypto/openssl/good.c", 0, '#include <openssl/evp.h>\n'),
    ("core/crypto/openssl/other.c", 1, '#include <mbedtls/aes.h>\n'),
    ("core/channel/good.h", 0, '#include "core/crypto/good.h"\n'),
    ("core/channel/sideways.c", 1, '#include "core/auth/good.h"\n'),
    ("core/channel/link_keys.h", 0, ''),
    ("core/channel/link_keys.c", 0, '#include "core/channel/link_keys.h"\n'),
    ("core/channel/thief.c", 1, '#include "core/channel/link_keys.h"\n'),
    ("apps/sotto/client_keylog.c", 0, '#include "core/channel/link_keys.h"\n'),
    ("apps/sotto/thief.c", 1, '#include "core/channel/link_keys.h"\n'),
    ("tests/unit/channel/keys.c", 0, '#include "core/channel/link_keys.h"\n'),
    ("core/auth/good.h", 0, ''),
    ("core/store/good.h", 0, ''),
    ("core/store/up.c", 1, '#include "core/chat/good.h"\n'),
    ("core/mls/good.h", 0, '#include <sotto/mls.h>\n'),
    ("core/mls/sideways.c", 1, '#include "core/channel/good.h"\n'),
    ("core/chat/good.h", 0, '#include "core/mls/good.h"\n'
                            '#include "core/store/good.h"\n'),
    ("core/new/layer.c", 1, '#include "core/base/good.h"\n'),
    ("core/include/sotto/err.h", 0, ''),
    ("core/include/sotto/mls.h", 0, '#include <sotto/err.h>\n'),
    ("core/chat/long.c", 1, 'int x;\n' * (check.MAX_LINES + 1)),
    ("tests/unit/long.c", 1, 'int x;\n' * (check.MAX_LINES + 1)),
    ("core/chat/not_long.c", 0, 'int x;\n' * check.MAX_LINES),
    ("port/port.h", 0, '#include <sotto/env.h>\n'),
    ("port/os.h", 1, '#include <sys/socket.h>\n'),
    ("port/posix/good.c", 0, '#include "port/port.h"\n'
                             '#include <sys/socket.h>\n'),
    ("port/posix/good.h", 0, ''),
    ("port/posix/core.c", 1, '#include "core/base/good.h"\n'),
    ("port/posix/public.c", 1, '#include <sotto/mls.h>\n'),
    ("port/posix/lwip.c", 2, '#include "port/lwip/good.h"\n'
                             '#include <lwip/tcp.h>\n'),
    ("port/posix/apps.c", 1, '#include "apps/sotto/good.h"\n'),
    ("port/posix/crypto.c", 1, '#include <mbedtls/aes.h>\n'),
    ("port/lwip/good.h", 0, '#include <lwip/tcp.h>\n'),
    ("port/lwip/posix.c", 1, '#include "port/posix/good.h"\n'),
    ("port/sim/os.c", 1, '#include <unistd.h>\n'),
    ("apps/sotto/good.h", 0, '#include "core/chat/good.h"\n'
                             '#include "port/port.h"\n#include <stdio.h>\n'),
    ("apps/sotto/library.c", 2, '#include <mbedtls/aes.h>\n'
                                '#include <lwip/tcp.h>\n'),
    ("apps/firmware/device_demo/good.c", 0, '#include <sotto/mls.h>\n'
                                            '#include <string.h>\n'
                                            '#include "port/port.h"\n'),
    ("apps/firmware/device_demo/inner.c", 3,
     '#include "core/chat/good.h"\n#include "apps/sotto/good.h"\n'
     '#include "port/posix/good.h"\n'),
    ("apps/bench/good.c", 0, '#include <mbedtls/aes.h>\n'),
    ("tests/unit/base/good.c", 0, '#include "tests/unit/test.h"\n'
                                  '#include <stdlib.h>\n'),
    ("tests/unit/base/os.c", 2, '#include <unistd.h>\n'
                                '#include "port/port.h"\n'),
    ("README.md", 1, "See " + "/ho" + "me/someone/sotto.\n"),
    ("LICENSE", 0, "https://example.org/home/page and ${x}/home/y\n"),
    ("notes.txt", 1, ""),
    (".hidden", 0, ""),
    ("build/ignored.c", 0, ""),
]

# Sources of planted archives, and what must be found in each.
CORE = "libsotto_core.a"
BACK_END = "libsotto_crypto_mbedtls.a"
OPENSSL = "libsotto_crypto_openssl.a"
OBJECTS = [
    (CORE, "good", """
        void *memcpy(void *, const void *, unsigned long);
        void sotto_panic(void); int sotto_of_back_end(int);
        extern const char *const sotto_names[2];
        const char *const sotto_names[2] = {"a", "b"};
        void sotto_good(char *, const char *, unsigned long);
        void sotto_good(char *a, const char *b, unsigned long n) {
            if (sotto_of_back_end(*a)) sotto_panic();
            memcpy(a, b, n); }""", []),
    (CORE, "heap", """
        void *malloc(unsigned long); void *sotto_heap(void);
        void *sotto_heap(void) { return malloc(7); }""", ["malloc"]),
    (CORE, "clock", """
        long time(long *); long sotto_clock(void);
        long sotto_clock(void) { return time(0); }""", ["time"]),
    (CORE, "library", """
        int mbedtls_thing(int); int sotto_library(int);
        int sotto_library(int a) { return mbedtls_thing(a); }""",
     ["mbedtls_thing"]),
    (CORE, "counter", """
        int sotto_count(void);
        int sotto_count(void) { static int mutable_count;
            return ++mutable_count; }""", ["mutable_count"]),
    (CORE, "initialised", """
        int sotto_next(void); extern int mutable_next; int mutable_next = 3;
        int sotto_next(void) { return mutable_next++; }""", ["mutable_next"]),
    (CORE, "keys", """
        int sotto_hands_out_keys(void);
        int sotto_hands_out_keys(void) { return 7; }""",
     ["sotto_hands_out_keys"]),
    (CORE, "user_of_keys", """
        int sotto_hands_out_keys(void); int sotto_uses_keys(void);
        int sotto_uses_keys(void) { return sotto_hands_out_keys(); }""", []),
    (BACK_END, "back", """
        int mbedtls_thing(int); int sotto_of_back_end(int);
        int sotto_of_back_end(int a) { return mbedtls_thing(a); }""", []),
    (BACK_END, "print", """
        int puts(const char *); int sotto_print(void);
        int sotto_print(void) { return puts("x"); }""", ["puts"]),
    (OPENSSL, "other_back", """
        int EVP_thing(int); int sotto_other(int); static int kept_once;
        int sotto_other(int a) { return EVP_thing(kept_once += a); }""", []),
    (OPENSSL, "random", """
        int RAND_bytes(int); int sotto_random(int);
        int sotto_random(int a) { return RAND_bytes(a); }""", ["RAND_bytes"]),
    (OPENSSL, "foreign", """
        int mbedtls_other(int); int sotto_foreign(int);
        int sotto_foreign(int a) { return mbedtls_other(a); }""",
     ["mbedtls_other"]),
    (OPENSSL, "kept", """
        int sotto_kept_count(void);
        int sotto_kept_count(void) { static int other_count;
            return ++other_count; }""", ["other_count"]),
]


def write(root, path, text):
    os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
    with open(os.path.join(root, path), "w", encoding="utf-8") as file:
        file.write(text)


def compare(what, expected, found, findings):
    if expected == found:
        return 0
    print("%s: expected %s, found %s" % (what, expected, found))
    print("".join("    %s\n" % finding for finding in findings), end="")
    return 1


def test_tree():
    failures = 0
    with tempfile.TemporaryDirectory() as root:
        for path, _, text in TREE:
            write(root, path, text)
        findings = list(check.check_tree(root))
    for path, expected, _ in TREE:
        about = [finding for finding in findings
                 if finding.startswith(path + ":")]
        failures += compare(path, expected, len(about), about)
    total = sum(expected for _, expected, _ in TREE)
    return failures + compare("all files", total, len(findings), findings)


def plain(name):
    """What the source calls a static variable of a function: NAME.1234 by GCC,
    FUNCTION.NAME by clang."""
    return [part for part in name.split(".") if not part.isdigit()][-1]


def test_symbols(cc, ar, nm):
    with tempfile.TemporaryDirectory() as folder:
        archives = [os.path.join(folder, name) 
                    for name in (CORE, BACK_END, OPENSSL)]
        for archive, name, text, _ in OBJECTS:
            source = os.path.join(folder, name + ".c")
            write(folder, name + ".c", text)
            subprocess.run(cc + ["-w", "-O1", "-ffreestanding", "-c", source,
                                 "-o", source + ".o"], check=True)
            subprocess.run([ar, "qc", os.path.join(folder, archive),
                            source + ".o"], check=True)
        findings = list(check.check_symbols(nm, archives,
                                            {"sotto_hands_out_keys"}))
    failures = 0
    for archive, name, _, symbols in OBJECTS:
        start = "%s(%s.c.o): " % (archive, name)
        about = [finding for finding in findings if finding.startswith(start)]
        found = [plain(finding[len(start):].split(":")[0])
                 for finding in about]
        failures += compare(name, symbols, found, about)
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cc", default="cc", type=shlex.split)
    parser.add_argument("--ar", default="ar")
    parser.add_argument("--nm", default="nm", type=shlex.split)
    arguments = parser.parse_args()
    failures = test_tree()
    failures += test_symbols(arguments.cc, arguments.ar, arguments.nm)
    print("self test: %d planted files and objects, %d failures"
          % (len(TREE) + len(OBJECTS), failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
