"""Processes that fork, execute programs and exit, next to some that do not change."""

import json
import os
import shutil

import actor
from actor import Actor
from anonmem import WORK, Chaos, outcomes, run
from size import SIZE


class Storm(Chaos):
	def test_storm(self):
		copy = shutil.copy(actor.PROGRAM, os.path.join(WORK, "still"))  # whose pages nobody else has
		with Actor("still", SIZE.still, "still", SIZE.still, program=copy) as still, \
				Actor("storm", SIZE.storm), Actor("vfork", 2, "parent", 2), \
				Actor("exec", 2, "exec", 2):
			ways = ([], ["--fast"], ["--jobs", 4], ["--max-stall", "1ms"], ["--fast", "-o", "rss"])
			for i in range(SIZE.readings):
				report = self.report("--by", "process,label", *ways[i % len(ways)])
				self.check_processes(report)
				self.assertLessEqual(set(still.pids), {g["pid"] for g in report["groups"]})
				self.check_still(still.pids)
				if i % 10 == 5:
					found = json.loads(run("doctor", "--json").stdout)["coverage"]
					self.assertEqual(found["seen"], outcomes(found))
