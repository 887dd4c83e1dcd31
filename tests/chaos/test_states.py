"""Processes that are blocked for various reasons are read like others."""

import contextlib
import json
import os
import signal
import subprocess
import time

from actor import Actor
from anonmem import KIB, MIB, WORK, Chaos, run
from proc import state, wait_for_state


class States(Chaos):
	def check(self, pid, name, wanted):
		wait_for_state(pid, wanted)
		for more in ([], ["--fast"], ["--max-stall", "1ms"]):
			report = self.report("--pid", pid, "--by", "process,label", *more)
			self.assertEqual(report["coverage"]["read"], 1, (name, report["coverage"]))
			found = [g for g in report["groups"] if g["label"] == f"[memfd:{name}]"]
			self.assertEqual([(g["rss"], g["name"]) for g in found],
				[(MIB if name != "still" else 256 * KIB, name)])
		self.assertEqual(state(pid), wanted)

	def test_uninterruptible(self):
		with Actor("states", 1, "vfork", 3) as actor:
			self.check(actor.words["vfork"][0], "vfork", "D")

	def test_waiting_for_a_page(self):
		with Actor("states", 1, "page", 3) as actor:
			self.check(actor.words["page"][0], "page", "S")

	def test_main_thread_ended(self):
		with Actor("states", 1, "leaderless", 3) as actor:
			pid = actor.words["leaderless"][0]
			self.check(pid, "leaderless", "Z")
			self.assertIn("[memfd:leaderless]", {g["label"] for g in self.report()["groups"]})
			done = run("top", "-b", "-n", 3, "-d", "0.1", "--by", "process,label", "--json")
			for line in done.stdout.splitlines():
				found = [g["rss"] for g in json.loads(line)["groups"] if g["pid"] == pid
					and g["label"] == "[memfd:leaderless]"]
				self.assertEqual(found, [MIB])

	def test_stopped(self):
		with Actor("still", 1, "still") as actor:
			os.kill(actor.pid, signal.SIGSTOP)
			self.check(actor.pid, "still", "T")
			os.kill(actor.pid, signal.SIGCONT)

	def test_frozen(self):
		mount = os.path.join(WORK, "cgroup")
		os.mkdir(mount)
		subprocess.run(["mount", "-t", "cgroup2", "cgroup2", mount], check=True)
		self.addCleanup(subprocess.run, ["umount", mount], check=True)
		group = os.path.join(mount, "anonmem-chaos")
		with contextlib.suppress(FileExistsError):
			os.mkdir(group)
		self.addCleanup(self.remove, group)
		with Actor("still", 1, "still") as actor:
			self.write(group, "cgroup.procs", actor.pid)
			self.write(group, "cgroup.freeze", 1)
			for _ in range(12000):
				with open(os.path.join(group, "cgroup.events"), encoding="ascii") as f:
					if "frozen 1" in f.read():
						break
				time.sleep(0.01)
			self.check(actor.pid, "still", "S")

	def write(self, group, name, what):
		with open(os.path.join(group, name), "w", encoding="ascii") as f:
			f.write(f"{what}\n")

	def remove(self, group):
		for _ in range(6000):
			with contextlib.suppress(OSError):
				os.rmdir(group)
				return
			time.sleep(0.01)
