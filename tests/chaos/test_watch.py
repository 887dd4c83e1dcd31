"""top while hundreds of processes come and go."""

import json
import subprocess

import anonmem
from actor import Actor
from anonmem import COUNTS, ENVIRONMENT, KIB, MIB, Chaos, outcomes
from proc import rollup
from screen import on_screen
from size import SIZE


class Watch(Chaos):
	def test_batch(self):
		measured = {}
		with Actor("storm", SIZE.storm // 2), Actor("still", 5, "still", 5) as still:
			# It has some refreshes left, more than fit into a pipe, when it is measured
			# for the last time.
			with subprocess.Popen([anonmem.PROGRAM, "top", "-b", "-n", str(SIZE.refreshes + 20),
					"-d", "0.02", "--by", "process,label", "--json"], stdout=subprocess.PIPE,
					env=ENVIRONMENT) as top:
				for number, line in enumerate(top.stdout, 1):
					report = json.loads(line)
					coverage = report["coverage"]
					self.assertEqual(coverage["seen"], outcomes(coverage))
					there = dict(report, groups=[g for g in report["groups"] if g["state"] != "gone"])
					self.check_processes(there)
					self.assertEqual(sum(g["rss"] for g in there["groups"]), report["totals"]["rss"])
					self.assertLessEqual(set(still.pids), {g["pid"] for g in there["groups"]})
					COUNTS["refreshes"] += 1
					COUNTS["processes"] += coverage["read"]
					if number in (SIZE.refreshes // 2, SIZE.refreshes):
						measured[number] = rollup(top.pid)["Private_Dirty"]
		self.assertEqual(top.returncode, 0)
		early, late = measured.values()
		COUNTS["growth of the watch, KiB"] = (late - early) // KIB
		self.assertLess(late, early + 2 * MIB)

	def test_terminal(self):
		with Actor("storm", SIZE.storm // 2):
			seen = on_screen([b"\r", b"\x1b[B\r", b"b", b"\x1b", b"s", b"\x1b", b"h", b"\x1b", b"z",
				b"/storm\r", b"\x1b[B", b"\x1b", b"q"])
		self.assertIn(b"anonmem top", seen)
		self.assertIn(b"\x1b[?1049l", seen)
