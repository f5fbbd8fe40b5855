#!/usr/bin/env python3
"""The rules of the house, checked on the source tree and on built archives.

    check.py tree ROOT                 includes, file sizes, layout, paths
    check.py symbols --nm NM [--without SYMBOL…] -- ARCHIVE…
                                       external symbols and mutable globals

Each finding is one line; the exit code is 1 when there is any. The rules are
the tables below. self_test.py plants violations and expects them to be found.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys

# --- The rules for includes -------------------------------------------------

# Headers of C11 that core may use: types, limits and memory functions only.
CORE_C = {"stdalign.h", "stdbool.h", "stddef.h", "stdint.h", "stdnoreturn.h",
          "limits.h", "string.h", "inttypes.h"}
# Our own headers that every layer may use: errors, and what a port fills.
BASICS = {"sotto/err.h", "sotto/env.h"}
# And what all layers of core may use of core's public headers.
CORE_BASICS = BASICS | {"sotto/limits.h", "sotto/secret.h", "sotto/span.h"}
# Which layers of core a layer may include beside itself. A public header
# <sotto/NAME.h> counts as part of core/NAME, or of what stands here for it.
PUBLIC_LAYERS = {"fingerprint": "channel", "device": "chat",
                 "mls_types": "mls", "mls_x509": "mls"}
CORE_LAYERS = {
    "base": set(),
    "crypto": {"base"},
    "channel": {"crypto", "base"},
    "auth": {"crypto", "base"},
    "store": {"crypto", "base"},
    "mls": {"crypto", "base"},
    "chat": {"mls", "channel", "auth", "store", "crypto", "base"},
}
# Single includes that are allowed against the table, with the reason:
# (folder, header).
EXCEPTIONS = set()
# Which folders of port a folder of port may include beside itself.
PORT_LAYERS = {
    "posix": set(),
    "lwip": set(),
    "sim": set(),
    "flash": set(),
    "boards": {"lwip", "flash"},
}
# What port/sim, which runs on a host only, may use beside: heap and threads.
SIM_C = {"pthread.h", "semaphore.h", "stdio.h", "stdlib.h"}
# A program that stands for those that others write: public headers only.
OUTSIDER = "apps/firmware/device_demo/"
OUTSIDER_PORT = {"port/port.h", "port/boards/board.h"}
# Headers that hand out secrets, and who alone may include them; tests may.
RESERVED = {
    "core/channel/link_keys.h": {"core/channel/link_keys.c",
                                 "apps/sotto/client_keylog.c"},
}
CRYPTO_LIBRARY = ("mbedtls/", "psa/", "everest/", "openssl/")

# --- The other rules --------------------------------------------------------

MAX_LINES = 600
TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE",
             "core", "port", "apps", "tests", "toolchains"}
# Folders of somebody's machine; written so that this line does not match.
MACHINE_PATH = re.compile(
    r"(?<![\w.~${}()>/-])/(?:home|root|Users|work|farm)/[\w.]|/bash[_]jobs")

# Symbols that core may leave to its surroundings.
LIBC = set("""memcpy memmove memset memcmp memchr bcmp strlen strcmp strncmp
    strchr strrchr strspn strcspn strstr""".split())
COMPILER = re.compile(
    r"__aeabi_\w+|__stack_chk_(fail|guard)|_GLOBAL_OFFSET_TABLE_"
    r"|__(mem|str)\w+_chk|__gnu_thumb1_case_\w+"
    r"|__(u?div|u?mod|u?divmod|mul|ashl|ashr|lshr|u?cmp|clz|ctz|popcount"
    r"|parity|bswap)[sdt]i[234]")
SANITIZER = re.compile(r"__(asan|ubsan|tsan|msan|sanitizer|lsan)_\w+")
OURS = {"sotto_panic"}
# Those that a back end may leave to its library: of OpenSSL neither input and
# output nor random numbers.
BACK_ENDS = {
    "libsotto_crypto_mbedtls.a": re.compile(r"mbedtls_\w+|Hacl_\w+"),
    "libsotto_crypto_openssl.a": re.compile(
        r"(ASN1|BN|CRYPTO|EC|ECDSA|ERR|EVP|GENERAL_NAMES?|OBJ|OPENSSL|OSSL"
        r"|SHA256|X509|a2i|d2i)_\w+"),
}
# Mutable globals that are allowed: through these a thread finds what is its own
# (core/crypto/openssl/kept.h).
GLOBALS = {
    "libsotto_crypto_openssl.a": {"kept_once", "kept_of_thread", "kept_works"},
}


# --- Includes ---------------------------------------------------------------

COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|("(?:\\.|[^"\\\n])*")', re.S)
INCLUDE = re.compile(
    r"^[ \t]*(?:#|%:)[ \t]*(?:include|include_next|import)\b[ \t]*(.*)$", re.M)


def includes(text):
    """Yields (line number, '<' or '"' or 'macro', name) of each include."""
    def blank(match):  # a comment; a string stays
        return match.group(1) or re.sub(r"[^\n]", " ", match.group(0)) or " "
    text = COMMENT.sub(blank, text)
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        target = re.match(r'<([^>]+)>|"([^"]+)"', match.group(1))
        if target is None:
            yield line, "macro", match.group(1).strip()
        elif target.group(1):
            yield line, "<", target.group(1)
        else:
            yield line, '"', target.group(2)


def core_layer(path):
    """The layer of core that a file or an include belongs to, or None."""
    match = re.match(r"(?:core/include/)?sotto/(\w+)\.h$|core/(\w+)/", path)
    if match is None:
        return None
    return PUBLIC_LAYERS.get(match.group(1), match.group(1)) or match.group(2)


def check_core_include(path, kind, name):
    layer = core_layer(path)
    if name in CORE_C and kind == "<" or name in CORE_BASICS:
        return None
    if name.startswith(CRYPTO_LIBRARY):
        library = "openssl" if name.startswith("openssl/") else "mbedtls"
        if path.startswith("core/crypto/" + library + "/"):
            return None
        return "only core/crypto/%s may include this" % library
    if (os.path.dirname(path), name) in EXCEPTIONS:
        return None
    target = core_layer(name)
    if target is None:
        return "core may not include this"
    if target in CORE_LAYERS:
        if target == layer or target in CORE_LAYERS.get(layer, set()):
            return None
        return "core/%s may not include core/%s" % (layer, target)
    return "this layer of core is not in the table of check.py"


def check_port_include(path, kind, name):
    if name in BASICS or name == "port/port.h":
        return None
    if name.startswith(("core/", "sotto/")):
        return "port may include only %s of core" % " and ".join(sorted(BASICS))
    if name.startswith("apps/"):
        return "port may not include apps"
    if name.startswith(CRYPTO_LIBRARY):
        return "port may not include a crypto library"
    folder = path.split("/")[1] if path.count("/") > 1 else None
    if name.startswith("port/"):
        target = name.split("/")[1]
        if target == folder or target in PORT_LAYERS.get(folder, set()):
            return None
        return "port/%s may not include port/%s" % (folder, target)
    if name.startswith(("lwip/", "netif/")):
        if folder in ("lwip", "boards"):
            return None
        return "only port/lwip and port/boards may include lwIP"
    allowed = CORE_C | SIM_C if folder == "sim" else CORE_C
    if folder in (None, "sim", "flash") and name not in allowed:
        return "this part of port is free of any platform"
    return None


def check_apps_include(path, kind, name):
    if path.startswith(OUTSIDER) and not (
            name.startswith(("sotto/", OUTSIDER)) or name in OUTSIDER_PORT or
            kind == "<" and "/" not in name):
        return "the device is written against public headers only"
    if name.startswith(CRYPTO_LIBRARY) and not path.startswith("apps/bench/"):
        return "only apps/bench may include a crypto library"
    if name.startswith(("lwip/", "netif/")):
        return "apps may not include lwIP"
    return None


def check_unit_include(path, kind, name):
    """The unit tests will run on a board."""
    if kind == '"' or name == "cmocka.h" or name.startswith("sotto/"):
        if name.startswith("port/"):
            return "unit tests may not include port"
        return None
    if name in CORE_C | {"setjmp.h", "stdarg.h", "stdio.h", "stdlib.h"}:
        return None
    return "unit tests include C headers, CMocka and core only"


AREAS = (("core/", check_core_include), ("port/", check_port_include),
         ("apps/", check_apps_include), ("tests/unit/", check_unit_include))


def check_includes(root, path, text):
    rule = next((rule for area, rule in AREAS if path.startswith(area)), None)
    if rule is None:
        return
    for line, kind, name in includes(text):
        where = "%s:%d: #include %s: " % (path, line, name)
        if kind == "macro":
            yield where + "the name must be written out"
            continue
        why = rule(path, kind, name)
        if not path.startswith("tests/") and path not in RESERVED.get(
                name, {path}):
            why = "it hands out secrets, and is not for this file"
        if why:
            yield where + why
        elif (kind == '"' and path.startswith(("core/", "port/", "apps/"))
              and not os.path.exists(os.path.join(root, name))):
            yield where + "not a path from the top folder"


# --- The tree ---------------------------------------------------------------

def tree_files(root):
    """The files under version control; without git, all but build/."""
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if listed.returncode == 0:
        paths = listed.stdout.decode().split("\0")
        return sorted(path for path in set(paths)
                      if path and os.path.isfile(os.path.join(root, path)))
    found = []
    for folder, dirs, names in os.walk(root):
        if folder == root:
            dirs[:] = [name for name in dirs if name not in ("build", ".git")]
        found += [os.path.relpath(os.path.join(folder, name), root)
                  for name in names]
    return sorted(found)


def check_tree(root):
    files = tree_files(root)
    for entry in sorted({path.split("/")[0] for path in files}):
        if entry not in TOP_LEVEL and not entry.startswith("."):
            yield "%s: not part of the agreed top level" % entry
    for path in files:
        with open(os.path.join(root, path), "rb") as file:
            data = file.read()
        if b"\0" in data:
            continue
        text = data.decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATH.search(line):
                yield "%s:%d: a path of one machine" % (path, number)
        if not path.endswith((".c", ".h")):
            continue
        lines = text.count("\n")
        if lines > MAX_LINES:
            yield "%s: %d lines, more than %d" % (path, lines, MAX_LINES)
        yield from check_includes(root, path, text)


# --- Symbols ----------------------------------------------------------------

def read_symbols(nm, archive):
    """Yields (object, name, class, section) from the table that nm prints."""
    output = subprocess.run([*nm, "-f", "sysv", archive], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    member = "?"
    for line in output.splitlines():
        # GNU's says ARCHIVE[MEMBER] there, LLVM's MEMBER.
        heading = re.match(r"Symbols from (?:.*\[)?(.*?)\]?:$", line)
        if heading:
            member = heading.group(1)
        fields = [field.strip() for field in line.split("|")]
        if len(fields) == 7 and fields[0] != "Name":
            yield member, fields[0], fields[2], fields[6]


def is_mutable(section):
    # Constants that the loader relocates once stand in .data.rel.ro.
    return (section.startswith((".data", ".bss", ".tdata", ".tbss", "*COM*"))
            and not section.startswith(".data.rel.ro"))


def check_symbols(nm, archives, unwanted=()):
    tables = [(os.path.basename(archive), list(read_symbols(nm, archive)))
              for archive in archives]
    defined = {name for _, table in tables for _, name, kind, section in table
               if section != "*UND*" and kind.isupper()}
    for archive, table in tables:
        sanitized = any(SANITIZER.fullmatch(row[1]) for row in table)
        back_end = BACK_ENDS.get(archive)
        for member, name, _, section in table:
            where = "%s(%s): %s: " % (archive, member, name)
            if section == "*UND*":
                allowed = (name in LIBC or name in OURS or name in defined
                           or COMPILER.fullmatch(name)
                           or SANITIZER.fullmatch(name)
                           or back_end and back_end.fullmatch(name))
                if not allowed:
                    yield where + "core may not call this"
            elif name in unwanted:
                yield where + "not to be part of this build"
            elif (is_mutable(section) and not sanitized
                  and name not in GLOBALS.get(archive, ())):
                yield where + "a mutable global in " + section


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    modes = parser.add_subparsers(dest="mode", required=True)
    tree = modes.add_parser("tree")
    tree.add_argument("root")
    symbols = modes.add_parser("symbols")
    symbols.add_argument("--nm", default="nm", type=shlex.split)
    symbols.add_argument("--without", nargs="*", default=[],
                         help="what the archives may not define")
    symbols.add_argument("archives", nargs="+")
    arguments = parser.parse_args()
    if arguments.mode == "tree":
        findings = list(check_tree(arguments.root))
    else:
        findings = list(check_symbols(arguments.nm, arguments.archives,
                                      arguments.without))
    for finding in findings:
        print(finding)
    print("architecture: %d findings" % len(findings))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
