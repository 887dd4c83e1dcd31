"""A pid that belongs to one process after the other."""

import collections
import json

from actor import Actor
from anonmem import Chaos, run
from size import SIZE


class Reuse(Chaos):
	def test_pid(self):
		with Actor("reuse", 1, "pid") as actor:
			names = collections.Counter()
			for i in range(SIZE.changing * 3):
				done = run("--pid", actor.pid, "--by", "process,label", "--json",
					*(["--fast"] if i % 2 else []))
				report = self.parse(done, 1 if b"there is no such" in done.stderr else done.returncode)
				self.check_processes(report)
				names.update({g["name"] for g in report["groups"]})
			self.assertTrue(names["odd"] and names["even"], names)
			self.assertIsNone(actor.process.poll())

	def test_watched(self):
		"""In top, each is a separate process, as far as start times differ."""
		with Actor("reuse", 1, "pid"):
			done = run("top", "-b", "-n", SIZE.refreshes, "-d", "0.01", "--by", "process,label", "--json",
				"--name", "^(odd|even)$")
			self.assertEqual(done.returncode, 0, done.stderr)
			for line in done.stdout.splitlines():
				there = [g for g in json.loads(line)["groups"] if g["state"] != "gone"]
				for g in there:
					for mark in ("odd", "even"):
						if g["label"] == f"[memfd:{mark}]":
							self.assertEqual(g["name"], mark)
