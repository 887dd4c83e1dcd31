#!/usr/bin/env python3
"""The table on a terminal: terminal.py ANONMEM

The table must fit the width, keep numbers whole, shorten long labels in the middle, and respect
colour settings and the environment.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
import unicodedata
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = ""
END = b"\0the end"
LABELS = ["--smaps", "fixtures/smaps/labels.smaps"]
HOSTILE = ["--smaps", "fixtures/smaps/hostile.smaps"]
NUMBERS = re.compile(r"\s+(?:(?:-|[0-9.]+[KMGT]?)\s+)*(?:-|[0-9.]+[KMGT]?)$")
COLOUR = re.compile(r"\x1b\[[012]m")


def read_until_end(fd):
	text = b""
	while not text.endswith(END):
		text += os.read(fd, 65536)
	return text[: -len(END)]


def on_terminal(width, arguments, **variables):
	"""What anonmem writes to a terminal of this width, line by line."""
	keep = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
	environment = {**keep, "LC_ALL": "C.UTF-8", "TERM": "xterm", **variables}
	ours, theirs = pty.openpty()
	fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
	with subprocess.Popen([BINARY, *arguments], stdin=subprocess.DEVNULL, stdout=theirs,
			stderr=theirs, env=environment, cwd=TOP) as process:
		# The kernel may discard unread output when the last writer closes, so we keep the
		# terminal open.
		def end():
			process.wait()
			os.write(theirs, END)
		waiter = threading.Thread(target=end)
		waiter.start()
		text = read_until_end(ours)
		waiter.join()
	os.close(ours)
	os.close(theirs)
	assert process.returncode == 0, f"anonmem ended with {process.returncode}: {text!r}"
	return text.decode("utf-8").replace("\r\n", "\n").splitlines()


def plain(lines):
	return [COLOUR.sub("", line) for line in lines]


def table(lines):
	"""The lines up to the totals; the sentences below may wrap."""
	lines = plain(lines)
	last = next(i for i, line in enumerate(lines) if line.startswith("TOTAL"))
	return lines[: last + 1]


def width_of(line):
	return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
		for c in line)


def headings(lines):
	return lines[0].split()[1:]


def numbers(lines, columns):
	"""The cells of each row under these headings."""
	heads = lines[0].split()
	rows = [NUMBERS.search(line).group().split() for line in lines[1:]]
	return [[n for head, n in zip(heads[-len(row):], row) if head in columns] for row in rows]


class Terminal(unittest.TestCase):
	def check_width(self, width, arguments, **variables):
		whole = table(on_terminal(1000, arguments))
		lines = table(on_terminal(width, arguments, **variables))
		for line in lines:
			self.assertLessEqual(width_of(line), width, line)
		self.assertEqual(numbers(lines, headings(lines)), numbers(whole, headings(lines)))
		return lines

	def test_80(self):
		lines = self.check_width(80, LABELS)
		self.assertTrue(any("…" in line for line in lines))
		# Both ends of the label are kept: the longest has 79 bytes and brackets.
		self.assertTrue(any(re.match(r"\[anon:x+…x+\] ", line) for line in lines))

	def test_60(self):
		self.check_width(60, LABELS)

	def test_60_columns(self):
		self.check_width(60, LABELS + ["--columns", "rss,pss,swap"])

	def test_40(self):
		"""Columns are left out before labels get unreadable, and a sentence names them."""
		lines = self.check_width(40, LABELS)
		self.assertEqual(headings(lines), ["RSS", "PSS", "USS", "SWAP"])
		self.assertTrue(any(line.startswith("[anon: Go…servation] ") for line in lines))
		self.assertIn("no room for MAPS, ANON, SWAPPSS, HUGETLB, %PSS; -o chooses columns",
			[line.replace("PROCS, ", "") for line in plain(on_terminal(40, LABELS))])
		self.assertNotIn("no room", "".join(on_terminal(200, LABELS)))
		self.assertNotIn("no room", "".join(on_terminal(40, LABELS + ["-q"])))

	def test_narrower(self):
		for width, columns in ((30, ["PSS"]), (25, ["PSS"]), (12, ["PSS"])):
			lines = self.check_width(width, LABELS)
			self.assertEqual(lines[0].split()[-len(columns):], columns)
			self.assertTrue(any(re.match(r"\[a.*…", line) for line in lines))

	def test_what_is_asked_for_stays(self):
		lines = table(on_terminal(40, LABELS + ["-o", "mappings,swap_pss,pss"]))
		self.assertEqual(headings(lines), ["MAPS", "SWAPPSS", "PSS"])
		lines = table(on_terminal(40, LABELS + ["-s", "-swap_pss"]))
		self.assertIn("SWAPPSS", headings(lines))

	def test_wide(self):
		whole = table(on_terminal(1000, LABELS))
		self.assertEqual(table(on_terminal(40, LABELS + ["--wide"])), whole)
		longest = ["--smaps", "fixtures/smaps/long.smaps", "--by", "file"]
		self.assertGreater(max(map(len, table(on_terminal(40, longest + ["-w"])))), 4000)

	def test_batch_of_top(self):
		top = ["top", "-b", "--root", "fixtures/trees/server", "-q"]
		lines = table(on_terminal(40, top))
		self.assertLessEqual(max(map(width_of, lines)), 40)
		self.assertIn("PSS", headings(lines))
		self.assertIn("CHANGE", headings(lines))
		self.assertNotIn("MAPS", headings(lines))

	def test_200(self):
		lines = self.check_width(200, LABELS)
		self.assertFalse(any("…" in line for line in lines))

	def test_two_texts(self):
		self.check_width(100, LABELS + ["--by", "subsystem,label", "--no-rules"])

	def test_wide_characters(self):
		for width in range(90, 110):
			self.check_width(width, HOSTILE + ["--by", "file"])

	def test_longest_path(self):
		lines = self.check_width(80, ["--smaps", "fixtures/smaps/long.smaps", "--by", "file"])
		self.assertTrue(any(line.startswith("/d") and "…e" in line for line in lines))

	def test_columns_variable(self):
		self.check_width(90, LABELS, COLUMNS="90")
		whole = table(on_terminal(80, LABELS, COLUMNS="1000"))
		self.assertTrue(any("x" * 79 in line for line in whole))

	def test_columns_variable_nonsense(self):
		self.assertEqual(on_terminal(80, LABELS, COLUMNS="many"), on_terminal(80, LABELS))

	def test_no_width(self):
		self.assertEqual(table(on_terminal(0, LABELS)), table(on_terminal(1000, LABELS)))

	def test_ascii(self):
		lines = on_terminal(90, HOSTILE + ["--by", "file"], LC_ALL="C")
		self.assertTrue(all(line.isascii() for line in plain(lines)))
		self.assertLessEqual(max(map(len, table(lines))), 90)

	def test_nothing_raw(self):
		for arguments in (HOSTILE, HOSTILE + ["--by", "file"]):
			text = "".join(plain(on_terminal(100, arguments)))
			self.assertTrue(text.isprintable(), text)

	def test_color(self):
		self.assertRegex("".join(on_terminal(80, LABELS)), COLOUR)
		for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
			self.assertNotIn("\x1b", "".join(on_terminal(80, LABELS, **variables)))
		self.assertRegex("".join(on_terminal(80, LABELS, NO_COLOR="")), COLOUR)

	def test_color_option(self):
		self.assertNotIn("\x1b", "".join(on_terminal(80, LABELS + ["--color", "never"])))
		always = on_terminal(80, LABELS + ["--color", "always"], NO_COLOR="1", TERM="dumb")
		self.assertRegex("".join(always), COLOUR)


if __name__ == "__main__":
	BINARY = os.path.abspath(sys.argv.pop(1))
	unittest.main()
