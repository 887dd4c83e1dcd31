"""Detecting that too much is read of a process: more than it has, not more than the system allows."""

import os
import subprocess
import tempfile
import time
import unittest

import anonmem
from anonmem import ENVIRONMENT, IS_ROOT, Live
from helper import Helper

LIMIT = "/proc/sys/vm/max_map_count"
MOVES = "it moved its memory during the reading"


def read_limit():
	with open(LIMIT, encoding="ascii") as f:
		return int(f.read())


def write_limit(mappings):
	with open(LIMIT, "w", encoding="ascii") as f:
		f.write(str(mappings))


class Limits(Live):
	@unittest.skipUnless(IS_ROOT, "only root may raise vm.max_map_count")
	def test_a_lowered_limit(self):
		"""150,000 mappings of a process that started when they were allowed; also if the limit
		cannot be read."""
		before = read_limit()
		try:
			write_limit(max(before, 160000))
			with Helper("too-many-mappings") as h:
				write_limit(before)
				for option in ((), ("--fast",)):
					report = self.report("--pid", h.pid, *option)
					self.assertEqual(report["coverage"]["read"], 1, report)
					self.assertGreater(report["totals"]["mappings"], 150000)
				with tempfile.TemporaryDirectory() as folder:
					command = f"mount -t proc -o subset=pid proc {folder} && exec {anonmem.PROGRAM} --root {folder}"
					done = subprocess.run(["unshare", "--mount", "sh", "-c", f"{command} --pid {h.pid} --csv"],
						capture_output=True, env=ENVIRONMENT, check=False)
					self.assertEqual(done.returncode, 0, done.stderr)
					self.assertNotIn(MOVES.encode(), done.stderr)
					self.assertIn(b"[anon]", done.stdout)
		finally:
			write_limit(before)

	@unittest.skipIf(os.cpu_count() == 1, "a process cannot run ahead on one processor")
	def test_a_runaway(self):
		"""Memory that moves ahead of the reader neither keeps it busy forever nor is counted."""
		with Helper("runaway", state="RS") as h:
			for option in ((), ("--fast",)):
				begun = time.monotonic()
				done = anonmem.run("--pid", h.pid, *option, "--csv")
				self.assertLess(time.monotonic() - begun, 120)
				if done.returncode != 0:
					self.assertIn(MOVES, done.stderr.decode())
				else:
					rows = done.stdout.decode().splitlines()
					mappings = rows[0].split(",").index("mappings")
					self.assertLess(sum(int(row.split(",")[mappings]) for row in rows[1:]), 20000)
