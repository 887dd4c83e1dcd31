"""Threads that name and unmap without pause. Each name tells the place it was given to."""

import os
import re
import subprocess

import actor
import anonmem
from actor import Actor
from anonmem import COUNTS, ENVIRONMENT, KIB, MIB, Chaos
from proc import field
from size import SIZE


class Names(Chaos):
	THREADS, PLACES, PLACE = 32, 40, 64 * KIB

	def check_names(self, names):
		report = self.report("--pid", names.pid, "--by", "label,mapping")
		self.assertEqual(report["coverage"]["read"], 1)
		self.assertNotIn("could not be read", " ".join(report["notes"]))
		first, constant = names.words["places"][0], 0
		for g in report["groups"]:
			start, end = int(g["start"], 16), int(g["end"], 16)
			named = re.fullmatch(r"\[anon:chaos: (\d+) (\d+) \d\]", g["label"])
			if named:
				number = int(named[1]) * self.PLACES + int(named[2])
				at = first + number * self.PLACE
				self.assertTrue(at <= start < end <= at + self.PLACE, g)
			elif g["label"] == "[anon:chaos: constant]":
				constant += g["rss"]
			else:
				self.assertNotIn("chaos:", g["label"])
			COUNTS["names"] += bool(named)
		self.assertEqual(constant, MIB)

	def check_all(self, names):
		for _ in range(SIZE.changing // 6):
			self.check_names(names)
			constant = self.report("--pid", names.pid, "--fast", "--label", "*constant*")
			self.assertEqual(constant["totals"]["rss"], MIB)

	def test_never_to_an_end(self):
		"""No process can keep a reader busy forever,"""
		with Actor("tease", 1, "tease") as tease:
			with subprocess.Popen([anonmem.PROGRAM, "--pid", str(tease.pid)], stdout=subprocess.DEVNULL,
					env=ENVIRONMENT) as reader:
				os.waitid(os.P_PID, reader.pid, os.WEXITED | os.WNOWAIT)
				looks = int(field(reader.pid, "syscr", "io"))
			self.assertEqual(reader.returncode, 0)
			self.assertLess(looks, 150000, "reads from its memory")

	def test_gone_when_it_is_read(self):
		"""nor by removing what is about to be read."""
		with Actor("trap", 1, "trap") as trap:
			for _ in range(SIZE.changing):
				self.assertEqual(self.report("--pid", trap.pid)["coverage"]["read"], 1)

	def test_library(self):
		with Actor("names", self.THREADS, "names", 2) as names:
			self.check_all(names)

	def test_run(self):
		with Actor("names", self.THREADS, "names", 2, prefix=[anonmem.PROGRAM, "run", "--"],
				program=actor.PROGRAM + "-dynamic") as names:
			self.check_all(names)
