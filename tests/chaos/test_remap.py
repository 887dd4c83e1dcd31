"""A process that maps and unmaps without pause."""

import os
import signal
import time

from actor import Actor
from anonmem import COUNTS, MIB, Chaos
from size import SIZE


class Remap(Chaos):
	def test_without_pause(self):
		"""Unchanged memory is the same in every reading, whatever else changes."""
		with Actor("remap", 1, "remap") as actor:
			begun = time.monotonic()
			for i in range(SIZE.changing):
				report = self.report("--pid", actor.pid, "--by", "label", *(["--fast"] if i % 2 else []))
				self.assertEqual(report["coverage"]["read"], 1)
				constant = [g for g in report["groups"] if g["label"] == "[memfd:constant]"]
				self.assertEqual([(g["rss"], g["size"], g["mappings"]) for g in constant],
					[(2 * MIB, 2 * MIB, 1)])
			os.kill(actor.pid, signal.SIGTERM)
			rounds = int(actor.hear()[1])
			COUNTS["remappings"] += 4 * rounds
			COUNTS["remappings a second"] = int(4 * rounds / (time.monotonic() - begun))
