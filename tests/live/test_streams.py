"""Files, pipes and standard streams."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

import anonmem
from anonmem import ENVIRONMENT, IS_ROOT, MIB, NOBODY, Live, run
from helper import Helper


def smaps(path=b"/bin/x"):
	return b"00400000-00401000 r-xp 00000000 08:01 5 " + path + b"\nSize: 4 kB\nRss: 4 kB\n"


class Streams(Live):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.folder = folder.name
		self.good = self.write("good", smaps())

	def write(self, name, text):
		path = os.path.join(self.folder, name)
		with open(path, "wb") as f:
			f.write(text)
		return path

	def shell(self, script, *arguments):
		return subprocess.run(["bash", "-c", script, "bash", anonmem.PROGRAM, *arguments],
			capture_output=True, check=False, env=ENVIRONMENT, timeout=120, cwd=self.folder)

	def test_full(self):
		for form in ("table", "json", "csv"):
			with open("/dev/full", "wb") as full:
				done = subprocess.run([anonmem.PROGRAM, "-q", "--smaps", self.good, "--format", form],
					stdout=full, stderr=subprocess.PIPE, check=False, env=ENVIRONMENT)
			self.assertEqual(done.returncode, 1)
			self.assertEqual(done.stderr, b"anonmem: cannot write to standard output: "
				b"No space left on device\n")

	def test_full_help(self):
		done = self.shell('"$1" --help >/dev/full')
		self.assertEqual((done.returncode, done.stderr.count(b"\n")), (1, 1), done.stderr)

	def test_closed(self):
		for script in ('"$1" --smaps good >&-', '"$1" --pid $$ >&-', '"$1" --version >&-'):
			done = self.shell(script)
			self.assertEqual((done.returncode, done.stderr.count(b"\n")), (1, 1), done.stderr)
			self.assertIn(b"cannot write to standard output", done.stderr)

	def test_closed_input_and_errors(self):
		self.assertEqual(self.shell('"$1" --smaps good <&-').returncode, 0)
		self.assertEqual(self.shell('"$1" --smaps good 2>&-').returncode, 0)
		self.assertEqual(self.shell('"$1" --smaps - <&-').returncode, 1)

	def test_pipe_closes(self):
		self.write("many", b"".join(b"%08x-%08x r--p 00000000 08:01 5 /%d\nRss: 4 kB\n" %
			(n << 12, (n + 1) << 12, n) for n in range(1, 5000)))
		done = self.shell('set -o pipefail; "$1" --smaps many --by mapping | head -1')
		self.assertEqual(done.returncode, 128 + signal.SIGPIPE)
		self.assertEqual((done.stdout.count(b"\n"), done.stderr), (1, b""))

	def test_standard_input(self):
		done = self.shell('cat good | "$1" --smaps - --by process')
		self.assertEqual((done.returncode, done.stderr), (0, b""))
		self.assertIn(b"1 of 1 process read", done.stdout)

	def test_process_substitution(self):
		done = self.shell('"$1" --smaps <(cat good) <(cat good)')
		self.assertEqual(done.returncode, 0, done.stderr)
		self.assertIn(b"2 of 2 processes read", done.stdout)

	def test_own_smaps(self):
		done = self.shell('"$1" --smaps /proc/$$/smaps /proc/self/smaps --json')
		self.assertEqual(done.returncode, 0, done.stderr)
		self.assertEqual(json.loads(done.stdout)["coverage"]["read"], 2)

	def test_cat_of_all(self):
		"""Several processes one after the other, as printed by cat."""
		with Helper("sleepers", 5) as h:
			files = [f"/proc/{pid}/smaps" for pid in [h.pid, *h.children]]
			done = self.shell('shift; cat "$@" >all', *files)
			self.assertEqual(done.returncode, 0, done.stderr)
			report = self.report("--smaps", os.path.join(self.folder, "all"), "--by", "process")
			self.assertEqual((report["coverage"]["read"], len(report["groups"])), (6, 6))

	def test_directory(self):
		self.fails(1, "--smaps", self.folder, words="is a directory")

	def test_missing_among_good(self):
		missing = os.path.join(self.folder, "missing")
		done = self.fails(1, "--smaps", self.good, missing, self.good, words=missing)
		self.assertIn(b"2 of 3 processes read", done.stdout)

	@unittest.skipUnless(IS_ROOT, "needs root to become another user")
	def test_denied_file(self):
		os.chmod(self.folder, 0o755)
		os.chmod(self.good, 0)
		copy = shutil.copy(anonmem.PROGRAM, self.folder)
		os.chmod(copy, 0o755)
		done = subprocess.run([*NOBODY, "env", "GCOV_PREFIX=/dev/null", copy, "--smaps", self.good],
			capture_output=True, check=False, env=ENVIRONMENT)
		self.assertEqual(done.returncode, 1)
		self.assertIn(b"anonmem: cannot open " + self.good.encode() + b": Permission denied\n", done.stderr)
		self.assertIn(b"1 could not be read: check who may read the files", done.stdout)

	def test_long_line(self):
		path = self.write("long", smaps(b"/" + b"x" * MIB))
		report = self.report("--smaps", path, "--by", "file")
		self.assertEqual(len(report["groups"][0]["file"]), MIB + 1)
		with open(path, "rb") as f:
			done = run("--smaps", "-", "--by", "file", "--quiet", stdin=f)
		self.assertEqual(done.returncode, 0, done.stderr)

	def test_endless_line(self):
		with open("/dev/zero", "rb") as zero:
			done = run("--smaps", "-", stdin=zero)
		self.assertEqual(done.returncode, 1)
		self.assertRegex(done.stderr.decode(), r"^anonmem: standard input: line 1, byte 0: .*\n$")

	def test_slow_input(self):
		"""A pause, or half a line, must not be taken for the end."""
		done = self.shell('{ head -c 30 good; sleep 0.2; tail -c +31 good; } | "$1" --smaps - --json')
		self.assertEqual(json.loads(done.stdout)["totals"]["rss"], 4096, done.stderr)

	def test_many_files(self):
		"""More files than there may be descriptors."""
		done = self.shell('ulimit -n 20; "$1" --smaps $(yes good | head -200) --by kind')
		self.assertEqual(done.returncode, 0, done.stderr)
		self.assertIn(b"200 of 200 processes read", done.stdout)
