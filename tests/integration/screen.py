"""screen.py - what a person sees: a small terminal for tests.

Bytes that a program writes to a pseudo-terminal go in with feed(); rows()
gives what stands on the screen, history what has scrolled away above it. It
knows what the line editor may send and no more: anything else is kept in
`strange`, and the tests want that empty. That is how a control sequence in
somebody's message would be noticed.
"""

import unicodedata


def width(char):
    """Columns of a character: 0 for marks, 2 for wide ones."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


class Screen:
    def __init__(self, columns=80, rows=24):
        self.columns = columns
        self.height = rows
        self.cells = [self.blank() for _ in range(rows)]
        self.history = []  # rows that scrolled away, as text
        self.row = 0
        self.column = 0
        self.bells = 0
        self.colors = 0  # how often the colour was set
        self.paste_mode = False
        self.strange = []  # sequences that no program of ours may send
        self.pending = b""  # bytes that are not a whole character or sequence

    def blank(self):
        return [" "] * self.columns

    def resize(self, columns, rows):
        """As terminals do that do not wrap anew: cut, or filled up."""
        self.cells = [(row + [" "] * columns)[:columns] for row in self.cells]
        while len(self.cells) > rows and not "".join(self.cells[-1]).strip():
            self.cells.pop()
        while len(self.cells) > rows:
            self.history.append("".join(self.cells.pop(0)).rstrip())
            self.row = max(0, self.row - 1)
        self.columns, self.height = columns, rows
        self.cells += [self.blank() for _ in range(rows - len(self.cells))]
        self.column = min(self.column, columns - 1)

    # ---- looking ----

    def rows(self):
        return ["".join(cells).rstrip() for cells in self.cells]

    def text(self):
        """Everything that was ever shown and not erased, row by row."""
        return "\n".join(self.history + self.rows()).rstrip()

    # ---- drawing ----

    def feed(self, data):
        data = self.pending + data
        at = 0
        while at < len(data):
            used = self.take(data, at)
            if used == 0:
                break
            at += used
        self.pending = data[at:]

    def take(self, data, at):
        """Takes one character or sequence; 0 when it is not all there."""
        byte = data[at]
        if byte == 0x1B:
            return self.take_escape(data, at)
        if byte < 0x20 or byte == 0x7F:
            self.control(byte)
            return 1
        if 0x80 <= byte < 0xC2 or byte > 0xF4:
            self.strange.append(data[at : at + 1])
            return 1
        need = 1 + (byte >= 0x80) + (byte >= 0xE0) + (byte >= 0xF0)
        if at + need > len(data):
            return 0
        try:
            self.put(data[at : at + need].decode())
        except UnicodeDecodeError:
            self.strange.append(data[at : at + need])
            return 1
        return need

    def control(self, byte):
        if byte == 0x0D:
            self.column = 0
        elif byte == 0x0A:
            self.line_feed()
        elif byte == 0x08:
            self.column = max(0, self.column - 1)
        elif byte == 0x07:
            self.bells += 1
        else:
            self.strange.append(bytes([byte]))

    def line_feed(self):
        if self.row + 1 < self.height:
            self.row += 1
        else:
            self.history.append(self.rows()[0])
            self.cells = self.cells[1:] + [self.blank()]

    def put(self, char):
        if unicodedata.category(char) == "Cc":  # C1 controls
            self.strange.append(char.encode())
            return
        wide = width(char)
        if wide == 0:
            at = max(0, self.column - 1)
            self.cells[self.row][at] += char
            return
        if self.column + wide > self.columns:  # a terminal's own wrapping
            self.column = 0
            self.line_feed()
        self.cells[self.row][self.column] = char
        if wide == 2:
            self.cells[self.row][self.column + 1] = ""
        self.column += wide

    # ---- sequences ----

    def take_escape(self, data, at):
        if at + 1 >= len(data):
            return 0
        if data[at + 1 : at + 2] != b"[":
            self.strange.append(data[at : at + 2])
            return 2
        end = at + 2
        while end < len(data) and not 0x40 <= data[end] <= 0x7E:
            end += 1
        if end == len(data):
            return 0
        sequence = data[at : end + 1]
        if not self.csi(sequence[2:-1].decode("latin-1"), chr(sequence[-1])):
            self.strange.append(sequence)
        return len(sequence)

    def csi(self, text, final):
        """Carries out a sequence; False for one that is not known."""
        if text.startswith("?"):
            if text == "?2004" and final in "hl":
                self.paste_mode = final == "h"
                return True
            return False
        if not all(c.isdigit() or c == ";" for c in text):
            return False
        numbers = [int(n) if n else 0 for n in text.split(";")]
        count = max(1, numbers[0])
        if final == "A":
            self.row = max(0, self.row - count)
        elif final == "B":
            self.row = min(self.height - 1, self.row + count)
        elif final == "C":
            self.column = min(self.columns - 1, self.column + count)
        elif final == "D":
            self.column = max(0, self.column - count)
        elif final == "G":
            self.column = min(self.columns - 1, count - 1)
        elif final == "H":
            second = max(1, numbers[1]) if len(numbers) > 1 else 1
            self.row = min(self.height - 1, count - 1)
            self.column = min(self.columns - 1, second - 1)
        elif final == "J":
            self.erase_screen(numbers[0])
        elif final == "K":
            self.erase_line(numbers[0])
        elif final == "m":
            self.colors += 1
        else:
            return False
        return True

    def erase_line(self, what):
        first = 0 if what else self.column
        last = self.column + 1 if what == 1 else self.columns
        self.cells[self.row][first:last] = [" "] * (last - first)

    def erase_screen(self, what):
        if what == 0:
            self.erase_line(0)
            for row in range(self.row + 1, self.height):
                self.cells[row] = self.blank()
        else:
            self.cells = [self.blank() for _ in range(self.height)]
