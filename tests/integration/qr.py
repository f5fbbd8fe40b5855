"""qr.py - reads QR codes that a client printed on a terminal.

They are drawn as a terminal would, and read by zbarimg (package zbar-tools).
"""

import os
import re
import shutil
import subprocess

ROW = re.compile(r"\x1b\[30;47m([ \u2580\u2584\u2588]+)\x1b\[0m")
UPPER, LOWER = "\u2580\u2588", "\u2584\u2588"  # characters that are dark there
SCALE = 4   # pixels for a module
AROUND = 8  # modules of the terminal's own colour


class Picture:
    def __init__(self, out):
        """From what a client wrote."""
        self.rows = ROW.findall(out.decode(errors="replace"))

    @staticmethod
    def need(case):
        """Skips a test for which something is missing."""
        if os.environ.get("SOTTO_QR") == "OFF":
            case.skipTest("this program was built without libqrencode")
        if shutil.which("zbarimg") is None:
            case.skipTest("there is no zbarimg (package zbar-tools)")

    def modules(self, around):
        """Rows of booleans: dark? On a terminal that is dark, or light."""
        frame = around == "dark"
        width = len(self.rows[0]) + 2 * AROUND
        ends = [[frame] * width] * AROUND
        side = [frame] * AROUND
        inner = [side + [char in half for char in row] + side
                 for row in self.rows for half in (UPPER, LOWER)]
        return ends + inner + ends

    def read(self, around):
        """What zbarimg reads in it: texts."""
        rows = self.modules(around)
        lines = [" ".join("01"[dark] for dark in row for _ in range(SCALE))
                 for row in rows for _ in range(SCALE)]
        image = "P1\n%d %d\n%s\n" % (len(rows[0]) * SCALE, len(lines),
                                     "\n".join(lines))
        done = subprocess.run(["zbarimg", "--quiet", "--raw", "-Sdisable",
                               "-Sqrcode.enable", "pbm:-"],
                              input=image.encode(), capture_output=True)
        return done.stdout.decode().splitlines()
