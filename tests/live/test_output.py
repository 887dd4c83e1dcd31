"""--output of reports: the file is what standard output would have been, or is not there."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import anonmem
from anonmem import ENVIRONMENT, IS_ROOT, NOBODY, Live, run
from interpreters import AWAIT

TREES = os.path.join(os.path.dirname(__file__), "../../fixtures/trees")
SHARED = ("--root", os.path.join(TREES, "shared"))


class Output(Live):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.folder = folder.name
		self.path = os.path.join(self.folder, "x")

	def written(self, *arguments, status=0):
		words = list(arguments)
		at = 0 if words[0].startswith("-") else 1
		words[at:at] = ["--output", self.path]
		done = run(*words)
		self.assertEqual(done.returncode, status, done.stderr)
		self.assertEqual(done.stdout, b"")
		self.assertEqual(os.listdir(self.folder), ["x"])
		with open(self.path, "rb") as f:
			return f.read()

	def test_progress(self):
		"""On a terminal, after a second; it is gone at the end. Nowhere else, and not with -q."""
		mappings = [b"%x-%x rw-p 00000000 00:00 0 \nSize: 4 kB\nRss: 4 kB\nPss: 4 kB\n" % (at, at + 4096)
			for at in range(0x10000000, 0x10000000 + 8192 * 4000, 8192)]
		for more, wanted in (((), True), (("-q",), False)):
			ours, its = pty.openpty()
			self.addCleanup(os.close, ours)
			with subprocess.Popen([anonmem.PROGRAM, "--smaps", "-", "--output", self.path, *more],
					stdin=subprocess.PIPE, stderr=its, env=ENVIRONMENT) as p:
				os.close(its)
				# More than a pipe holds, so it has begun to read when this is written.
				p.stdin.write(b"".join(mappings[:-1]))
				p.stdin.flush()
				time.sleep(1.1)
				p.stdin.write(mappings[-1])
				p.stdin.close()
				said = ""
				with contextlib.suppress(OSError):
					while True:
						said += os.read(ours, 65536).decode()
			self.assertEqual(p.returncode, 0, said)
			self.assertEqual("\r1 of 1 processes \r" in said, wanted, said)
			self.assertEqual(said.rpartition("\r")[2], "", said)

	def test_all_commands(self):
		tree = os.path.join(TREES, "shared")
		for status, arguments in (
				(0, SHARED), (0, (*SHARED, "--json")), (0, (*SHARED, "--csv", "--by", "process")),
				(0, ("diff", tree, tree, "--all")), (0, ("machine", *SHARED)),
				(0, ("check", "--from", tree, "--max", "pss=100G", "--json")),
				(4, ("check", "--from", tree, "--max", "pss=1K", "-l", "*")),
				(0, ("--from", os.path.join(TREES, "../recordings/version-1.db@first")))):
			with self.subTest(arguments):
				plain = run(*arguments)
				self.assertEqual(plain.returncode, status, plain.stderr)
				self.assertEqual(self.written(*arguments, status=status), plain.stdout)

	def test_standard_output(self):
		self.assertEqual(run(*SHARED, "--output", "-").stdout, run(*SHARED).stdout)

	def test_of_a_program(self):
		"""What a program writes is not in the file."""
		program = AWAIT + "import os; print('mine'); await_readings(os.getppid())"
		text = self.written("check", "--max", "pss=10G", "--", sys.executable, "-c", program)
		self.assertNotIn(b"mine", text)
		self.assertIn(b"pss", text)

	def test_a_report_with_a_problem_is_whole(self):
		text = self.written("-p", f"{os.getpid()},4194304", "--by", "process", status=1)
		self.assertIn(b"TOTAL", text)

	def test_nothing_is_left_of_a_failure(self):
		for status, words, arguments in (
				(1, b"cannot open", ("--root", "/nonexistent")),
				(2, b"the key user", ("--from", os.path.join(TREES, "../recordings/version-1.db"), "--user", "root")),
				(2, b"missing rule", ("check",))):
			with self.subTest(arguments):
				done = run(*arguments, "--output", self.path)
				self.assertEqual((done.returncode, os.listdir(self.folder)), (status, []), done.stderr)
				self.assertIn(words, done.stderr)

	def test_what_may_be_replaced(self):
		old = os.umask(0o027)
		try:
			self.written(*SHARED)
			self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o640)
			os.chmod(self.path, 0o604)
			self.written(*SHARED)
			self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o604)
		finally:
			os.umask(old)
		with open(self.path, "w", encoding="ascii") as f:
			f.write("old")
		self.assertEqual(run("--root", "/nonexistent", "--output", self.path).returncode, 1)
		with open(self.path, encoding="ascii") as f:
			self.assertEqual(f.read(), "old")
		link, fifo = (os.path.join(self.folder, name) for name in ("link", "fifo"))
		os.symlink("x", link)
		os.mkfifo(fifo)
		for path in (link, fifo, self.folder):
			done = run(*SHARED, "--output", path)
			self.assertEqual(done.returncode, 2)
			self.assertIn(b"is not a regular file", done.stderr)
		self.assertTrue(os.path.islink(link))

	def test_signals(self):
		for i in range(6):
			with subprocess.Popen([anonmem.PROGRAM, "--output", self.path], env=ENVIRONMENT,
					stderr=subprocess.DEVNULL) as process:
				time.sleep(0.015 * i)
				process.send_signal((signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[i % 3])
				process.wait(120)
			left = os.listdir(self.folder)
			self.assertIn(left, ([], ["x"]))
			if left:
				with open(self.path, encoding="utf-8") as f:
					self.assertIn("TOTAL", f.read())
				os.remove(self.path)

	@unittest.skipUnless(IS_ROOT, "mounts a small file system")
	def test_full(self):
		script = ('mount -t tmpfs -o size=4k none "$1" && shift && "$@"; echo "status $?"; ls -A "$MOUNTED"')
		done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", self.folder, anonmem.PROGRAM,
			*SHARED, "--by", "process,mapping", "--json", "--name", ".", "--output", self.path],
			capture_output=True, text=True, env=dict(ENVIRONMENT, MOUNTED=self.folder), check=False)
		self.assertEqual(done.stdout, "status 1\n", done.stderr)
		self.assertIn("No space left on device", done.stderr)

	@unittest.skipUnless(IS_ROOT, "becomes another user")
	def test_no_right(self):
		os.chmod(self.folder, 0o755)
		done = run(*SHARED, "--output", self.path, prefix=NOBODY)
		self.assertEqual((done.returncode, os.listdir(self.folder)), (1, []))
		self.assertIn(b"Permission denied", done.stderr)
