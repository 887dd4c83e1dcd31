"""Many processes, and many mappings of one."""

import contextlib
import os
import shutil
import subprocess

import actor
from actor import Actor
from anonmem import COUNTS, PAGE, WORK, Chaos, run
from size import SIZE


class Many(Chaos):
	def test_processes(self):
		copy = shutil.copy(actor.PROGRAM, os.path.join(WORK, "alike"))  # whose pages nobody else has
		with Actor("sleepers", SIZE.sleepers, "still", SIZE.sleepers, program=copy) as still:
			for more in ([], ["--fast"]):
				report = self.report("--name", "^still$", "--by", "process", *more)
				self.assertEqual({g["pid"] for g in report["groups"]}, set(still.pids))
				self.assertEqual(report["coverage"]["read"], SIZE.sleepers)
			report = self.report("--name", "^still$", "--verify", "--by", "kind")
			self.assertIn(f"{SIZE.sleepers} of {SIZE.sleepers} processes agree with smaps_rollup",
				" ".join(report["checks"]))
			COUNTS["compared"] += SIZE.sleepers
			done = run("top", "-b", "-n", 3, "-d", "0.1", "--json")
			self.assertEqual(done.returncode, 0)
			done = run("doctor")
			self.assertEqual(done.returncode, 0)

	@staticmethod
	@contextlib.contextmanager
	def room_for(mappings):
		"""The system's limit for one process; raised, if it must be, only while it is needed."""
		path = "/proc/sys/vm/max_map_count"
		with open(path, encoding="ascii") as f:
			limit = int(f.read())
		if limit > mappings + 100:
			yield
			return
		subprocess.run(["sysctl", "-q", f"vm.max_map_count={mappings + 1000}"], check=True)
		try:
			yield
		finally:
			subprocess.run(["sysctl", "-q", f"vm.max_map_count={limit}"], check=True)

	def test_mappings(self):
		count = SIZE.mappings
		with self.room_for(count), Actor("mappings", count, "mappings") as many:
			for more in ([], ["--verify"], ["--fast"], ["--max-stall", "1ms"]):
				report = self.report("--pid", many.pid, "--no-infer", "--label", "[[]anon]", *more)
				group = report["groups"][0]
				self.assertGreaterEqual(group["mappings"], count)
				self.assertLess(group["mappings"], count + 10)
				self.assertGreaterEqual(group["rss"], count // 4 * PAGE)
				self.assertLess(group["rss"], (count // 4 + 16) * PAGE)
			report = self.report("--pid", many.pid, "--by", "mapping")
			self.assertGreaterEqual(len(report["groups"]), count)
