#!/usr/bin/env python3
"""Malicious names in all output of anonmem: hostile.py ANONMEM [CLASS...]

The output is parsed independently, and must tell the bytes of the names.
"""

import contextlib
import csv
import io
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
import unittest

ANONMEM = ""
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("LANGUAGE", "COLUMNS", "NO_COLOR")}
ENVIRONMENT.update(HOME="/nonexistent", XDG_CONFIG_HOME="/nonexistent")

# As names of processes or memfds, and of files without a slash.
NAMES = [
	b"plain", b"\x1b]0;owned\x07", b"\x1b[2J\x1b[1;1H", b"a\nTOTAL  1  1  9.9G", b"two\r\nlines", b"tab\t,",
	b") R 1 (x) S 2", b"  blanks  ", b"TOTAL", b" TOTAL", b"TOTAL  ", b"-", b"*", b"x*", b"~go heap",
	b"[heap]", b"[anon:fake]", b"[anon]*", b"=cmd|' /C calc'!A0", b"+1+1", b"-2+3", b"@SUM(A1)", b"a,b;c",
	b'say "x"', b"back\\slash", b"\\012", b"\\377", b"%s%n", b"</script>&amp;",
	b"{\"groups\":[]}", b"(deleted)", b"x (deleted)",
	b"\xff\xfe", b"cut \xe6\xb8", b"\xc0\xaf", b"\xed\xa0\x80", b"\xc2\x9b31m", b"\xc3\x9b31m",
	b"\x7f", b"\x01\x08",
	"exe.\u202etxt".encode(), "zero\u200bwidth".encode(), "\u0338struck".encode(), "e\u0301".encode(),
	"no\u00a0break".encode(), "tag\U000e0041".encode(), "\ufeffbom".encode(), "soft\u00adhyphen".encode(),
	"private\ue000".encode(), "\U000f0000plane".encode(), "\U00100000".encode(), "\u0600number".encode(),
	"\ufdd0nothing".encode(), "\U000e007ftag".encode(), "\ufff9between".encode(), "\u061carabic".encode(),
	"\uff1d1+1".encode(), "\uff0b1".encode(), "\uff0d1".encode(), "\uff20SUM(A1)".encode(), "\ufe66 1".encode(),
	"\u22121".encode(), "\uff1d".encode(),
	"größe 測試 🐘".encode(), "\u2028line".encode(), "\u2800".encode(), b"x" * 255, "測".encode() * 85,
]
FORMULA = "=+-@\t\r\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
LOCALES = ("C.UTF-8", "C", "en_US.ISO-8859-1")
KEYS = ("process", "name", "cgroup", "file", "label", "subsystem", "process,label")
BOTH = re.compile(rb"\\(?:([0-7]{3})|(.))|([^\\])", re.S)
PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a", b"v": b"\v", b"f": b"\f",
	b"0": b"\0", b"\\": b"\\"}


def undo(text):
	"""The bytes that vis(3) escaped."""
	return b"".join(bytes([int(octal, 8)]) if octal else PLAIN[letter] if letter else other
		for octal, letter, other in BOTH.findall(text.encode()))


def entry(start, name, perms=b"r--p", inode=5):
	return b"%08x-%08x %s 00000000 %s %d %s\nSize: 4 kB\nRss: 4 kB\nPss: 4 kB\nPrivate_Dirty: 4 kB\n" % (
		start, start + 4096, perms, b"08:01" if inode else b"00:00", inode, name)


def smaps(name):
	"""As the kernel would print it, which escapes only newlines."""
	line = name.replace(b"\n", b"\\012")
	return entry(0x1000, b"/x/" + line) + entry(0x3000, b"/memfd:" + line + b" (deleted)", b"rw-s") + \
		entry(0x5000, b"[anon:" + line + b"]", b"rw-p", 0)


def make_tree(folder):
	for number, name in enumerate(NAMES, 1):
		process = os.path.join(folder, str(number))
		os.makedirs(process)
		for file, text in (("smaps", smaps(name)), ("cgroup", b"0::/" + name.replace(b"\n", b"_") + b"\n"),
				("stat", b"%d (%s) S 1" % (number, name[:60]) + b" 0" * 17 + b" 7" + b" 0" * 30 + b"\n"),
				("status", b"Uid:\t1\t1\t1\t1\n")):
			with open(os.path.join(process, file), "wb") as f:
				f.write(text)
	for file, text in (("hostname", b"\x1b]0;owned\x07\xc3\x9b\xff\n"), ("osrelease", b"6.1\x1b[2J\n")):
		os.makedirs(os.path.join(folder, "sys/kernel"), exist_ok=True)
		with open(os.path.join(folder, "sys/kernel", file), "wb") as f:
			f.write(text)


def width_of(line):
	return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


class Hostile(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.stack = contextlib.ExitStack()
		cls.folder = cls.stack.enter_context(tempfile.TemporaryDirectory())
		cls.tree = os.path.join(cls.folder, "tree")
		make_tree(cls.tree)
		cls.locales = os.path.join(cls.folder, "locales")
		os.makedirs(cls.locales)
		# localedef reports on standard error what this charset cannot represent.
		subprocess.run(["localedef", "-i", "en_US", "-f", "ISO-8859-1", "--no-archive",
			os.path.join(cls.locales, "en_US.ISO-8859-1")], capture_output=True, check=False)
		assert os.listdir(cls.locales), "there is no such locale"

	@classmethod
	def tearDownClass(cls):
		cls.stack.close()

	def variables(self, locale="C.UTF-8", **more):
		return {**ENVIRONMENT, "LC_ALL": locale, "LOCPATH": self.locales + ":/usr/lib/locale", **more}

	def run_it(self, *arguments, locale="C.UTF-8", status=0, prefix=(), **variables):
		done = subprocess.run([*prefix, ANONMEM, *arguments], capture_output=True, check=False, timeout=120,
			env=self.variables(locale, **variables))
		if status is not None:
			self.assertEqual(done.returncode, status, done.stderr)
		for text in (done.stdout, done.stderr):
			self.check_bytes(text, locale)
		return done

	def check_bytes(self, text, locale="C.UTF-8"):
		"""There may be only lines of characters that take up columns."""
		if locale != "C.UTF-8":
			self.assertNotRegex(text, rb"[\x80-\xff]", locale)
		for c in text.decode("utf-8").replace("\r\n", "\n"):
			bad = unicodedata.category(c) in ("Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Me", "Zl", "Zp") or \
				(c != " " and unicodedata.category(c) == "Zs") or c == "\u2800"
			self.assertFalse(bad and c != "\n", f"a raw {c!r}")


class Captured(Hostile):
	"""Names in a captured tree."""

	def rows(self, key, locale, *command):
		text = self.run_it(*command, "--root", self.tree, "--by", key, "--no-rules", "--csv", locale=locale).stdout
		self.assertEqual(text.count(b"\n"), text.count(b"\r\n"))
		rows = list(csv.DictReader(io.StringIO(text.decode(), newline=""), strict=True))
		for row in rows:
			self.assertFalse(None in row or None in row.values(), "another number of fields")
			for column, field in row.items():
				formula = len(field) > 1 and field[0] in FORMULA and column not in ("perms", "change", "growth")
				self.assertFalse(formula, f"a formula: {field}")
		return rows

	def groups(self, key, locale, *command):
		text = self.run_it(*command, "--root", self.tree, "--by", key, "--no-rules", "--json", locale=locale).stdout
		report = json.loads(text)
		self.assertEqual(report["coverage"]["read"], len(NAMES))
		return report["groups"]

	def test_names_come_back(self):
		"""Names can be recovered from CSV exactly; from JSON if they are text."""
		wanted = {"name": [n[:60] for n in NAMES], "cgroup": [b"/" + n.replace(b"\n", b"_") for n in NAMES]}
		for key, names in wanted.items():
			for locale in LOCALES:
				self.assertEqual({undo(row[key]) for row in self.rows(key, locale)}, set(names), locale)
				said = {group[key] for group in self.groups(key, locale)}
				for name in names:
					if name.isascii() or name.decode(errors="ignore").encode() == name:
						self.assertIn(name.decode(), said)
						said.remove(name.decode())
				self.assertLessEqual({undo(text) for text in said}, set(names))

	def test_files(self):
		for locale in LOCALES:
			found = {undo(row["file"]) for row in self.rows("file", locale)}
			for name in NAMES:
				line = name.replace(b"\n", b"\\012")
				for file in (b"/x/" + line, b"[memfd:" + line + b"]", b"[anon:" + line + b"]"):
					self.assertIn(file, found)

	def test_the_same_numbers(self):
		for key in KEYS:
			for command in ((), ("top", "-b", "-n", "1")):
				rows, groups = self.rows(key, "C.UTF-8", *command), self.groups(key, "C.UTF-8", *command)
				self.assertEqual([int(r["rss"]) for r in rows], [g["rss"] for g in groups])
				self.assertEqual(sum(g["rss"] for g in groups), 3 * 4096 * len(NAMES))

	def test_table(self):
		"""There is one line per row, one of them for totals, all of the same width."""
		for key in KEYS:
			for locale in LOCALES:
				count = len(self.rows(key, locale))
				lines = self.run_it("--root", self.tree, "--by", key, "--no-rules", "-o", "rss", "-q",
					locale=locale).stdout.decode().splitlines()
				self.assertEqual(len(lines), count + 2, f"{key} {locale}")
				self.assertEqual(len({width_of(line) for line in lines}), 1, key)
				self.assertEqual([i for i, line in enumerate(lines) if re.match(r"\s*TOTAL ", line)],
					[len(lines) - 1])
				for line in lines[1:]:
					self.assertRegex(line, r" [0-9.]+[KM]$")

	def test_notes_and_batch(self):
		for locale in LOCALES:
			for arguments in ((), ("--verify",), ("--limit", "3"), ("--no-infer",), ("--color", "never")):
				self.run_it("--root", self.tree, *arguments, locale=locale, status=None)
			for form in ("table", "csv", "json", "markdown", "folded"):
				self.run_it("top", "-b", "--root", self.tree, "-n", "1", "--by", "process,label", "-f", form,
					locale=locale)

	def test_diff_and_check(self):
		for locale in LOCALES:
			for form in ("table", "csv", "json", "markdown", "folded", "html"):
				self.run_it("diff", "fixtures/trees/live", self.tree, "--by", "process,label", "-f", form,
					locale=locale, status=None)
			for form in ("text", "json", "junit", "markdown"):
				for key in ("label", "name", "cgroup"):
					self.run_it("check", "--from", self.tree, "--by", key, "--max", "pss=1", "-f", form,
						locale=locale, status=None)

	def test_nobody_passes_for_another(self):
		"""A name that a process chose passes for neither a guess nor the kernel's."""
		groups = {g["subsystem"] for g in self.groups("subsystem", "C.UTF-8")}
		self.assertFalse({g for g in groups if g.startswith("~")})
		self.assertFalse({"[heap]", "[anon]", "[stack]"} & groups)
		self.assertEqual({g["origin"] for g in self.groups("label", "C.UTF-8")}, {"kernel"})


class Screen(Hostile):
	"""Names on a terminal, byte for byte."""

	def show(self, *arguments, keys=b"", locale="C.UTF-8", **variables):
		pid, terminal = pty.fork()
		if pid == 0:
			os.execve(ANONMEM, [ANONMEM, *arguments], self.variables(locale, **{"TERM": "xterm", **variables}))
		seen, begun = b"", time.monotonic()
		# Until it has ended: then nothing has the terminal any more.
		while time.monotonic() < begun + 120:
			if not select.select([terminal], [], [], 0.3)[0]:
				if seen and keys:
					os.write(terminal, keys[:1])
					keys = keys[1:]
				continue
			try:
				part = os.read(terminal, 65536)
			except OSError:
				break
			if not part:
				break
			seen += part
		os.close(terminal)
		os.waitpid(pid, 0)
		return seen

	def test_screen(self):
		for locale in LOCALES:
			for key in ("name", "file"):
				seen = self.show("top", "--root", self.tree, "--no-rules", "--by", key, "-d", "3600",
					keys=b"\r\rq", locale=locale)
				self.assertGreater(len(seen), 1000)
				for bad in (b"owned\x07", b"]0;owned\x07", b"\xff", "\u202e".encode(), "\u200b".encode(), b"\x01\x08"):
					self.assertNotIn(bad, seen)
				if locale != "C.UTF-8":
					self.assertNotRegex(seen, rb"[\x80-\xff]")

	def test_table(self):
		for locale in LOCALES:
			seen = self.show("--root", self.tree, "--no-rules", "--by", "name,file", locale=locale)
			seen = re.sub(rb"\x1b\[[012]m", b"", seen).replace(b"\r\n", b"\n")
			self.check_bytes(seen, locale)

	def test_term(self):
		"""The user controls TERM, too."""
		# curses leaks some memory if it does not know the terminal.
		options = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "detect_leaks=0"]))
		for term in ("\x1b]0;owned\x07", "../../../etc/passwd", "x" * 5000, "%s%n", "\n"):
			seen = self.show("top", "--root", self.tree, TERM=term, ASAN_OPTIONS=options)
			seen = seen.replace(b"\r\n", b"\n")
			self.check_bytes(seen)
			self.assertEqual(seen.count(b"\n"), 1)


class Messages(Hostile):
	"""Messages that quote what was typed."""

	def test_values(self):
		for value in (b"\x1b]0;owned\x07", b"a\nanonmem: all is well", b"\xff", "\u202e".encode(), b"%s%n",
				b"x" * 5000, b"", b"/" + b"d" * 200 + b"/x\n" * 900):
			for option in ("--columns", "--by", "--sort", "--pid", "--user", "--rules", "--root", "--format",
					"--kind", "--units", "--color", "--limit", "--jobs", "--max-stall", "--smaps"):
				for locale in LOCALES:
					done = self.run_it(option, value, status=None, locale=locale)
					self.assertIn(done.returncode, (1, 2), option)
					self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
			for command in ((value,), ("--" + "x", value), ("run", value), ("run", "--label", value, "true"),
					("top", "-b", "-d", value), ("top", "-b", "-n", value), ("doctor", "-p", value)):
				done = self.run_it(*command, status=None)
				self.assertEqual((done.returncode == 0, done.stderr.count(b"\n")), (False, 1), done)

	def test_reasons_of_long_paths(self):
		"""The reason is shown, however long the name is."""
		path = "/" + "d/" * 2040 + "rules"
		for option in ("--rules", "--root", "--smaps"):
			done = self.run_it(option, path, status=1)
			self.assertRegex(done.stderr, rb"No such file or directory\n$", option)
		self.assertRegex(self.run_it("x" * 5000, status=2).stderr, rb"; see anonmem --help\n$")

	def test_environment(self):
		for name in ("XDG_CONFIG_HOME", "HOME", "COLUMNS", "NO_COLOR", "TZ", "TERM", "LC_ALL"):
			for value in ("\x1b]0;owned\x07", "/" + "x" * 5000, "%s%n", "/\n", "=\x01"):
				self.run_it("--root", self.tree, "--by", "subsystem", status=None, **{name: value})

	def test_rules(self):
		path = os.path.join(self.folder, "rules")
		for text in (b"^plain$ -> \x1b]0;owned\x07\n", b"^plain$ -> =1+1\n", b"^plain$ -> TOTAL\n", b"\x1b[2J\n",
				b"( -> \x1b\n", b"x" * 100000 + b"( -> y\n", b"^plain$ -> \xff\xe2\x80\xae\n", b"^plain$ -> \\9\x1b\n"):
			with open(path, "wb") as f:
				f.write(text)
			for form in ("table", "csv", "json", "markdown", "folded", "html"):
				done = self.run_it("--rules", path, "--root", self.tree, "--by", "subsystem", "-f", form, status=None)
				self.assertEqual(done.returncode == 0, not done.stderr)
				if form == "json" and not done.returncode:
					json.loads(done.stdout)


LIVE = r"""
import ctypes, mmap, os, sys
name = os.fsencode(sys.argv[1])
memfd = os.memfd_create(name[:249])
os.ftruncate(memfd, 4096)
kept = [mmap.mmap(memfd, 4096)]
kept[0][0] = 1
file = os.open(sys.argv[2].encode() + b"/" + name, os.O_RDWR | os.O_CREAT)
os.ftruncate(file, 4096)
kept.append(mmap.mmap(file, 4096))
kept[1][0] = 1
ctypes.CDLL(None).prctl(15, ctypes.c_char_p(name[:15]))
print("ready", flush=True)
sys.stdin.read()
"""


class Live(Hostile):
	"""Names of running processes."""

	def rows(self, pids, key):
		text = self.run_it("--pid", pids, "--by", key, "--csv").stdout.decode()
		return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))

	def test_processes(self):
		folder = os.path.join(self.folder, "files")
		names = [name.replace(b"/", b"|") for name in NAMES]
		os.mkdir(folder)
		with contextlib.ExitStack() as stack:
			processes = [stack.enter_context(subprocess.Popen([sys.executable, "-c", LIVE, name, folder],
				stdin=subprocess.PIPE, stdout=subprocess.PIPE)) for name in names]
			for process in processes:
				self.assertEqual(process.stdout.readline(), b"ready\n")
			self.check_processes(dict(zip((p.pid for p in processes), names)), folder.encode())
			for process in processes:
				process.stdin.close()

	def check_processes(self, names, folder):
		pids = ",".join(map(str, names))
		self.assertEqual({int(row["pid"]): undo(row["name"]) for row in self.rows(pids, "process")},
			{pid: name[:15] for pid, name in names.items()})
		found = {undo(row["file"]) for row in self.rows(pids, "file")}
		for name in names.values():
			line = name.replace(b"\n", b"\\012")
			self.assertIn(folder + b"/" + line, found)
			self.assertIn(b"[memfd:" + name[:249].replace(b"\n", b"\\012") + b"]", found)
		for locale in LOCALES:
			for arguments in (("--by", "process,label"), ("doctor",), ("doctor", "--json"),
					("top", "-b", "-n", "1", "--by", "process,file"), ("--by", "process", "--json")):
				done = self.run_it(*arguments, "--pid", pids, locale=locale)
				if "--json" in arguments:
					json.loads(done.stdout)

	def test_programs(self):
		"""Programs whose files have such names, in a directory as deep as possible."""
		deep = os.path.join(self.folder, *["d" * 250] * 14)
		os.makedirs(deep)
		for name in [*NAMES[:8], b"f" * 250]:
			program = os.path.join(deep.encode(), name)
			shutil.copy("/bin/cat", program)
			with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
				process.stdin.write(b"\n")
				process.stdin.flush()
				process.stdout.readline()
				found = {undo(row["file"]) for row in self.rows(str(process.pid), "file")}
				self.assertIn(program.replace(b"\n", b"\\012"), found)
				self.run_it("doctor", "--pid", str(process.pid))
				self.run_it("--name", "^no such$", "--pid", str(process.pid), status=1)
				process.stdin.close()
			os.unlink(program)
			for arguments in (("run", program), ("--rules", program)):
				done = self.run_it(*arguments, status=None)
				self.assertRegex(done.stderr, rb"No such file or directory\n$")

	@unittest.skipUnless(os.geteuid() == 0, "needs root to be another host")
	def test_host_and_users(self):
		passwd = os.path.join(self.folder, "passwd")
		with open(passwd, "wb") as f:
			f.write(b"root\x1b]0;owned\x07\xff:x:0:0:::\n=1+1:x:65534:65534:::\n")
		prefix = ["unshare", "--uts", "--mount", sys.executable, "-c",
			"import os, socket, subprocess, sys; socket.sethostname(b'\\x1b]0;owned\\x07\\xc3\\x9b\\xff');"
			f"subprocess.run(['mount', '--bind', {passwd!r}, '/etc/passwd'], check=True);"
			"os.execv(sys.argv[1], sys.argv[1:])"]
		for arguments in (("--by", "user"), ("--by", "user", "--csv"), ("--by", "user", "--json"),
				("top", "-b", "-n", "1"), ("top", "-b", "-n", "1", "--by", "user", "--csv")):
			done = self.run_it(*arguments, "--pid", str(os.getpid()), prefix=prefix)
			if "user" in arguments:
				self.assertIn(rb"root\033]0;owned\a\377", done.stdout.replace(rb"\\", b"\\"))
			if "--json" in arguments:
				self.assertEqual(undo(json.loads(done.stdout)["host"]), b"\x1b]0;owned\x07\xc3\x9b\xff")


if __name__ == "__main__":
	ANONMEM = os.path.abspath(sys.argv.pop(1))
	os.umask(0o022)  # other users may read what is made
	unittest.main(testRunner=unittest.TextTestRunner(verbosity=2, descriptions=False))
