"""Processes that may not be read."""

import json
import os
import shutil
import subprocess
import tempfile

import anonmem
from anonmem import ENVIRONMENT, IS_ROOT, NOBODY, Live, outcomes
from helper import Helper


class Denied(Live):
	"""The reader is an ordinary user; gcov needs a directory to which it may write."""

	def setUp(self):
		self.folder = tempfile.TemporaryDirectory()
		self.addCleanup(self.folder.cleanup)
		os.chmod(self.folder.name, 0o777)
		copy = shutil.copy(anonmem.PROGRAM, self.folder.name)
		os.chmod(copy, 0o755)
		user = NOBODY if IS_ROOT else []
		self.prefix = [*user, "env", f"GCOV_PREFIX={self.folder.name}", copy]
		helper = Helper("sleepers", 1)
		self.addCleanup(helper.__exit__)
		self.pid = helper.pid if IS_ROOT else 1

	def as_nobody(self, *arguments):
		return subprocess.run([*self.prefix, *map(str, arguments)], capture_output=True, check=False,
			env=ENVIRONMENT, timeout=120, cwd="/")

	def test_counted(self):
		done = self.as_nobody("--json")
		coverage = json.loads(done.stdout)["coverage"]
		self.assertEqual((done.returncode, done.stderr), (0, b""))
		self.assertGreater(coverage["denied"], 0)
		self.assertGreater(coverage["read"], 0)  # itself
		self.assertEqual(coverage["seen"], outcomes(coverage))

	def test_said(self):
		text = self.as_nobody("--by", "kind").stdout.decode()
		self.assertRegex(text, r"\d+ could not be read: run as root or grant cap_sys_ptrace")

	def test_said_even_if_quiet(self):
		for form in ("table", "csv"):
			done = self.as_nobody("--by", "kind", "-q", "--format", form)
			self.assertRegex(done.stderr.decode(),
				r"\Aanonmem: .* could not be read: run as root or grant cap_sys_ptrace.*\n\Z")
			self.assertNotIn(b"could not be read", done.stdout)
		self.assertEqual(self.as_nobody("--by", "kind", "-q", "--json").stderr, b"")

	def test_named(self):
		done = self.as_nobody("--pid", self.pid, "--json")
		self.assertEqual(done.returncode, 1)
		self.assertRegex(done.stderr.decode(),
			rf"^anonmem: process {self.pid}: .*run as root or grant cap_sys_ptrace\n$")
		report = json.loads(done.stdout)
		self.assertEqual(report["coverage"]["denied"], 1)
		self.assertIsNone(report["totals"]["rss"])

	def test_listed(self):
		coverage = json.loads(self.as_nobody("--pid", self.pid, "--json").stdout)["coverage"]
		with open(f"/proc/{self.pid}/comm", encoding="latin-1") as f:
			self.assertEqual(coverage["denied_processes"], [{"pid": self.pid, "name": f.read()[:-1]}])
		with open(f"/proc/{self.pid}/status", encoding="latin-1") as f:
			rss = next(line.split()[1] for line in f if line.startswith("VmRSS:"))
		self.assertEqual(coverage["denied_rss"], 1024 * int(rss))
		table = self.as_nobody("--pid", self.pid, "--units", "k", "-o", "processes,rss").stdout.decode()
		self.assertRegex(table, rf"\nTOTAL .*\n\(not readable\) +1 +{rss}K\n")

	def test_many_are_listed(self):
		coverage = json.loads(self.as_nobody("--json").stdout)["coverage"]
		pids = [p["pid"] for p in coverage["denied_processes"]]
		self.assertEqual(len(pids), min(coverage["denied"], 100))
		self.assertEqual(pids, sorted(pids))

	def test_strict(self):
		done = self.as_nobody("--strict", "--by", "kind")
		self.assertEqual(done.returncode, 3)
		self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)

	def test_verify(self):
		# Unreadable processes must not make --verify fail.
		for _ in range(10):  # others change how pages are shared
			done = self.as_nobody("--verify", "--by", "kind")
			if done.returncode == 0:
				break
		self.assertEqual(done.returncode, 0, done.stderr)
