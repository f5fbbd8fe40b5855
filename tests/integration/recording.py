"""recording.py - recordings of the network, and what tshark makes of them.

Recording writes the format pcap: conversations that never were on a network,
cut into segments at will. Dissection is what tshark and apps/wireshark say of
one. capture() records for real, where this machine lets us.
"""

import pathlib
import shutil
import signal
import struct
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
SCRIPT = HERE.parent.parent / "apps" / "wireshark" / "sotto.lua"
PORT = 7688
UP, DOWN = 0, 1
SYN, PUSH, ACK, FIN = 2, 8, 16, 1


class Missing(Exception):
    """A program, or a right, that this machine does not give."""


def tshark():
    path = shutil.which("tshark")
    if path is None:
        raise Missing("no tshark here")
    text = subprocess.run([path, "-v"], capture_output=True, text=True,
                          check=True).stdout
    if "with Lua" not in " ".join(text.split()):
        raise Missing("this tshark has no Lua")
    return path


# ---- recordings that were never on a network ----


class Recording:
    def __init__(self):
        self.packets = []
        self.ports = 40000

    def conversation(self, port=PORT):
        self.ports += 1
        return Conversation(self, self.ports, port)

    def add(self, ports, number, ack, flags, data):
        tcp = struct.pack(">HHIIBBHHH", *ports, number, ack, 5 << 4, flags,
                          65535, 0, 0)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(data), 1, 0, 64, 6,
                         0, b"\x7f\0\0\1", b"\x7f\0\0\1")
        self.packets.append(bytes(12) + b"\x08\0" + ip + tcp + data)

    def write(self, path):
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535,
                                   1))
            for at, packet in enumerate(self.packets):
                file.write(struct.pack("<IIII", 1700000000 + at // 1000,
                                       at % 1000, len(packet), len(packet)))
                file.write(packet)


class Conversation:
    """One TCP connection of a recording."""

    def __init__(self, recording, client, server):
        self.recording = recording
        self.ports = [(client, server), (server, client)]
        self.next = [1000 * len(recording.packets) + 1000, 5000]
        self.packet(UP, SYN)
        self.packet(DOWN, SYN | ACK)
        self.packet(UP, ACK)

    def packet(self, direction, flags, data=b""):
        self.recording.add(self.ports[direction], self.next[direction],
                           self.next[1 - direction], flags, data)
        self.next[direction] += len(data) + (1 if flags & (SYN | FIN) else 0)

    def send(self, direction, data, cut=1400):
        """Segments of at most `cut` bytes."""
        for at in range(0, len(data), cut):
            self.packet(direction, PUSH | ACK, data[at : at + cut])

    def lose(self, direction, data):
        """Was sent, and is missing here."""
        self.next[direction] += len(data)


# ---- what is made of them ----


class Dissection:
    """A recording as apps/wireshark sees it. `keylog` may be None."""

    def __init__(self, path, keylog=None, script=SCRIPT):
        self.args = [tshark(), "-n", "-r", str(path), "-X",
                     "lua_script:%s" % script]
        self.home = pathlib.Path(path).parent  # nobody's settings are there
        if keylog is not None:
            self.args += ["-o", "sotto.keylog:%s" % keylog]

    def run(self, *args):
        done = subprocess.run(
            self.args + list(args), capture_output=True, text=True,
            errors="replace", env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
                                   "HOME": str(self.home), "LC_ALL": "C.UTF-8"})
        if done.returncode != 0 or "Lua:" in done.stderr:
            raise AssertionError("tshark ended with %d:\n%s" % (
                done.returncode, done.stderr))
        return done.stdout

    def fields(self, *names):
        """All values of these fields, in the order of the packets."""
        args = ["-T", "fields", "-E", "aggregator=\x1f", "-E", "separator=\x1e"]
        for name in names:
            args += ["-e", name]
        rows = [line.split("\x1e") for line in self.run(*args).split("\n")[:-1]]
        found = [[value for row in rows for value in row[at].split("\x1f")
                  if value] for at in range(len(names))]
        return found if len(names) > 1 else found[0]

    def text(self):
        """Everything, as a person would read it. An error of the script is one
        of the test."""
        text = self.run("-V")
        if "Lua Error" in text:
            at = text.index("Lua Error")
            raise AssertionError(text[max(0, at - 2000) : at + 500])
        return text


# ---- recordings of a network ----


class Capture:
    """Records a port of the loopback interface until stop()."""

    def __init__(self, port, path):
        if shutil.which("dumpcap") is None:
            raise Missing("no dumpcap here")
        self.path = path
        self.process = subprocess.Popen(
            ["dumpcap", "-q", "-i", "lo", "-f", "tcp port %d" % port, "-w",
             str(path)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        said = ""
        for line in self.process.stderr:
            said += line
            if line.startswith("File:"):  # from here on it records
                return
        self.process.wait()
        raise Missing("dumpcap may not record here: "
                      + " ".join(said.split())[:200])

    def wait_for(self, data, wait=60):
        """Until these bytes were recorded."""
        end = time.monotonic() + wait
        while data not in self.path.read_bytes():
            if time.monotonic() > end:
                raise AssertionError("never recorded: %r" % data)
            time.sleep(0.05)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait()
        self.process.stderr.close()
