"""Memory that is renamed, or mapped differently, in less than a clock tick by a thread other than the
main thread: `anonmem top` sees it within two refreshes."""

import json
import os
import signal
import subprocess

import anonmem
from anonmem import ENVIRONMENT, Live
from helper import Helper

CHANGES = 6


class Renamed(Live):
	def refreshes_until(self, seen, top, what):
		"""The number of refreshes until a report shows it."""
		for refresh in range(1, 6):
			report = json.loads(top.stdout.readline())
			if seen(report):
				return refresh
		self.fail(f"{what} is not seen after {refresh} refreshes: {report}")
		return 0

	def watch(self, command, seen):
		with Helper(command) as h:
			arguments = ["top", "-b", "-d", "0.3", "--json", "--by", "label", "--pid", str(h.pid)]
			with subprocess.Popen([anonmem.PROGRAM, *arguments], stdout=subprocess.PIPE, env=ENVIRONMENT) as top:
				try:
					for n in range(CHANGES):
						self.assertLessEqual(self.refreshes_until(lambda report, n=n: seen(report, n), top, n), 2)
						os.kill(h.pid, signal.SIGUSR1)
				finally:
					top.terminate()

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
