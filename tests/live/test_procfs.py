"""What /proc shows, and what it hides."""

import json
import os
import shlex
import shutil
import subprocess
import tempfile
import unittest

import anonmem
from anonmem import ENVIRONMENT, IS_ROOT, NOBODY, Live, run
from helper import Helper, wait_for_state, wait_until


@unittest.skipUnless(IS_ROOT, "only root may mount")
class Procfs(Live):
	def setUp(self):
		self.folder = tempfile.TemporaryDirectory()
		self.addCleanup(self.folder.cleanup)
		os.chmod(self.folder.name, 0o755)
		self.program = shutil.copy(anonmem.PROGRAM, self.folder.name)
		os.chmod(self.program, 0o755)

	def with_proc(self, mount, *arguments, user=()):
		"""Runs anonmem with something mounted on /proc."""
		command = shlex.join([*user, self.program, *map(str, arguments)])
		done = subprocess.run(["unshare", "-m", "sh", "-c", f"{mount} /proc && exec {command}"],
			capture_output=True, check=False, env=ENVIRONMENT, timeout=120, cwd="/")
		self.assertNotIn(b"mount:", done.stderr)
		return done

	def verified(self, read):
		"""Processes that come and go change how pages are shared: ten readings must not all fail."""
		for _ in range(10):
			done = read()
			if done.returncode == 0:
				break
		self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
		return done

	def test_something_else(self):
		for arguments in ((), ("--pid", 1), ("--json",), ("top", "-b", "-n", 1), ("doctor",)):
			done = self.with_proc("mount -t tmpfs none", *arguments)
			self.assertEqual((done.returncode, done.stdout), (1, b""), arguments)
			self.assertRegex(done.stderr, rb"^anonmem: /proc is not a proc file system; .*\n$")

	def test_hidden(self):
		for option in ("hidepid=2", "hidepid=invisible"):
			mount = f"mount -t proc -o {option} proc"
			done = self.with_proc(mount, "--by", "kind", user=NOBODY)
			self.assertEqual(done.returncode, 0, done.stderr)
			self.assertIn(b"processes of other users are hidden and not counted", done.stdout)
			strict = self.with_proc(mount, "--by", "kind", "--strict", user=NOBODY)
			self.assertEqual(strict.returncode, 3)
			self.assertIn(b"the report is incomplete", strict.stderr)

	def test_hidden_from_others(self):
		done = self.with_proc("mount -t proc -o hidepid=2 proc", "--by", "kind")
		self.assertNotIn(b"hidden", done.stdout)

	def test_asked_for(self):
		"""Hidden processes do not count as missed if processes are given by pid."""
		with subprocess.Popen([*NOBODY, "sleep", "600"]) as sleep:
			wait_until(lambda: os.stat(f"/proc/{sleep.pid}").st_uid != 0, "another user")
			wait_for_state(sleep.pid, "S")
			done = self.with_proc("mount -t proc -o hidepid=2 proc", "--strict", "--pid", sleep.pid,
				user=NOBODY)
			sleep.kill()
		self.assertEqual(done.returncode, 0, done.stderr)

	def test_not_hidden(self):
		done = run("--by", "kind")
		self.assertNotIn(b"hidden", done.stdout)

	def test_verify_hidden(self):
		done = self.verified(lambda: self.with_proc("mount -t proc -o hidepid=2 proc", "--verify", "--by", "kind",
			user=NOBODY))
		self.assertRegex(done.stdout, rb"cannot be compared with AnonPages of meminfo: .*\(hidepid\)")

	def test_subset(self):
		mount = "mount -t proc -o subset=pid proc"
		done = self.verified(lambda: self.with_proc(mount, "--verify", "--by", "kind"))
		self.assertIn(b"cannot be compared with AnonPages", done.stdout)
		self.assertIn(b"(/proc is mounted with subset=pid)", done.stdout)
		self.assertEqual(self.with_proc(mount, "--strict", "--by", "kind").returncode, 3)

	def test_pid_namespace(self):
		done = self.verified(lambda: subprocess.run(["unshare", "-pf", "--mount-proc", self.program, "--verify",
			"--by", "kind"], capture_output=True, check=False, env=ENVIRONMENT, timeout=120))
		self.assertEqual(done.stderr, b"")
		self.assertIn(b"AnonPages of meminfo: AnonPages includes processes outside this PID namespace",
			done.stdout)

	def test_user_namespace(self):
		done = run("--pid", 1, prefix=["unshare", "-Ur"])
		self.assertEqual(done.returncode, 1)
		self.assertIn(b"anonmem is root only in a user namespace", done.stderr)
		self.assertNotIn(b"sandbox", done.stderr + done.stdout)

	def test_more_than_there_is(self):
		"""More anonymous memory than the kernel counts is a failure, even if processes are missing."""
		meminfo = os.path.join(self.folder.name, "meminfo")
		with open("/proc/meminfo", encoding="ascii") as f:
			lines = f.read().splitlines(keepends=True)
		with open(meminfo, "w", encoding="ascii") as f:
			f.writelines("AnonPages:             0 kB\n" if n.startswith("AnonPages") else n for n in lines)
		with Helper("clone", 64) as h:
			done = subprocess.run(["unshare", "-m", "sh", "-c", f"mount --bind {meminfo} /proc/meminfo && "
				f"exec {self.program} --verify --pid {h.pid}"], capture_output=True, check=False,
				env=ENVIRONMENT, timeout=120)
		self.assertEqual(done.returncode, 1, done.stdout)
		self.assertRegex(done.stdout, rb"more than AnonPages of meminfo: .* is counted twice")


class Strict(Live):
	def test_ended_before_matched(self):
		"""A process that exited before it could be identified does not count as missed."""
		name = f"strict{os.getpid()}"  # nobody else's
		folder = self.enterContext(tempfile.TemporaryDirectory())
		program = shutil.copy(anonmem.PROGRAM, os.path.join(folder, name))
		with Helper("churn", 4):
			for _ in range(100):
				done = subprocess.run([program, "--strict", "--name", f"^{name}$", "--user", str(os.geteuid()),
					"--cgroup", "*", "--json"], capture_output=True, check=False, env=ENVIRONMENT, timeout=120)
				coverage = json.loads(done.stdout)["coverage"]
				self.assertEqual((done.returncode, coverage["unmatched"]), (0, 0), coverage)
