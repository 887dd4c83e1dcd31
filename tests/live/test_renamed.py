"""Memory that is renamed or mapped differently, or whose owner changes, in less than a clock tick; and
shares of memory that others begin or end to share: `anonmem top` sees it within two refreshes."""

import json
import os
import select
import signal
import subprocess
import unittest

import anonmem
from anonmem import ENVIRONMENT, IS_ROOT, Live
from helper import Helper, wait_for_state
from test_record import memory_groups, write

CHANGES = 6


class Top:
	"""anonmem top of the processes of a name, which it does not read again but for a reason."""

	def __init__(self, h, keys):
		with open(f"/proc/{h.pid}/comm", encoding="ascii") as f:
			name = f.read().strip()
		self.process = subprocess.Popen(
			[anonmem.PROGRAM, "top", "-b", "-d", "0.3", "--json", "--by", keys, "--name", f"^{name}$"],
			stdout=subprocess.PIPE, env=ENVIRONMENT)
		self.written = b""

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.process.kill()
		self.process.communicate()

	def read(self):
		part = os.read(self.process.stdout.fileno(), 1 << 20)
		if not part:
			raise AssertionError("top has ended")
		self.written += part

	def report(self):
		while b"\n" not in self.written:
			self.read()
		line, _, self.written = self.written.partition(b"\n")
		return json.loads(line)

	def discard_written(self):
		"""Leaves out the reports written before now. The next one may be in the making."""
		while select.select([self.process.stdout], [], [], 0)[0]:
			self.read()
		self.written = self.written.rpartition(b"\n")[2]


class Renamed(Live):
	def refreshes_until(self, seen, top, what):
		"""The number of refreshes until a report shows it."""
		for refresh in range(1, 6):
			report = top.report()
			if seen(report):
				return refresh
		self.fail(f"{what} is not seen after {refresh} refreshes: {report}")
		return 0

	def watch(self, command, seen, keys="label"):
		with Helper(command) as h, Top(h, keys) as top:
			for n in range(CHANGES):
				self.assertLessEqual(self.refreshes_until(lambda report, n=n: seen(report, n), top, n), 2)
				os.kill(h.pid, signal.SIGUSR1)
				self.assertEqual(h.process.stdout.readline(), "changed\n")
				top.discard_written()

	def test_names(self):
		self.watch("renames", lambda report, n: any(g["label"] == f"[anon:live: phase {n}]"
			for g in report["groups"]))

	def test_maps(self):
		first = []

		def seen(report, n):
			mappings = report["totals"]["mappings"]
			first.append(mappings)
			return mappings == first[0] + n % 2

		self.watch("splits", seen)

	@unittest.skipUnless(IS_ROOT, "only root may change its user")
	def test_users(self):
		"""Within privileged and unprivileged users, nothing else changes."""
		found = []

		def seen(report, _):
			users = {g["user"] for g in report["groups"] if g["state"] != "gone"}
			found.append(users)
			return len(users) == 1 and (len(found) < 2 or users != found[-2])

		self.watch("users", seen, "user")

	def test_command_lines(self):
		self.watch("titles", lambda report, n: any(g["command"].startswith(str(n))
			for g in report["groups"] if g["state"] != "gone"), "command")

	def test_control_groups(self):
		"""A process that sleeps is moved."""
		top = memory_groups()
		if not top:
			self.skipTest("no control groups of memory")
		folders = [f"{top}/anonmem-live-{os.getpid()}-{n}" for n in range(2)]
		for folder in folders:
			os.mkdir(folder)
			self.addCleanup(os.rmdir, folder)
		with Helper("memory") as h, Top(h, "cgroup") as reports:
			reports.report()
			for n in range(CHANGES):
				write(f"{folders[n % 2]}/cgroup.procs", str(h.pid))
				reports.discard_written()
				reports.report()  # may have been made before that
				now = [g["cgroup"] for g in reports.report()["groups"] if g["state"] != "gone"]
				self.assertEqual(now, [f"/{os.path.basename(folders[n % 2])}"])

	def test_shares(self):
		"""Processes that sleep share less, or nothing any more, when a relative ends."""
		with Helper("share", 3) as h, Top(h, "process,label") as reports:
			pids = [h.pid, *h.children]
			for child in h.children:
				wait_for_state(child, "S")
			reports.report()
			while pids[1:]:
				os.kill(pids[-1], signal.SIGKILL)
				wait_for_state(pids.pop(), "Z")
				reports.discard_written()
				reports.report()  # may have been made before that
				top = {g["pid"]: g["pss"] for g in reports.report()["groups"]
					if g["label"] == "[anon]" and g["state"] != "gone"}
				now = {g["pid"]: g["pss"] for g in
					self.report("--pid", ",".join(map(str, pids)), "--by", "process,label")["groups"]
					if g["label"] == "[anon]"}
				self.assertEqual(top, now)
