"""The processes to read; see programs/workload.c."""

import os
import subprocess
from pathlib import Path

from bench.program import PROGRAMS, installed, progress
from bench.running import Held, run

TITLES = {
	"all": "whole workload",
	"sleepers": "300 sleepers",
	"mappings": "60,000 mappings",
	"resident": "4 GiB in small pages",
	"bare": "300 bare processes",
}


class Workload(Held):
	"""Runs commands inside, where these are the only processes."""

	def __init__(self, *parts):
		progress("\tstarting the workload: " + " ".join(parts))
		super().__init__(PROGRAMS / "workload", installed("sleep"), PROGRAMS / "bare", *parts)
		said = {words[0]: words[1:] for words in self.said}
		self.inside = said.pop("inside")[0]
		self.pids = said

	def all_pids(self):
		return [pid for pids in self.pids.values() for pid in pids]

	def cost(self, command, fussy=True):
		return run(command, inside=self.inside, fussy=fussy)[0]

	def write(self, command, path=os.devnull):
		run(command, path, self.inside)

	def capture(self, program, tree, pids):
		"""Makes a captured tree of some of the processes."""
		archive = f"{tree}.tar"
		self.write([program.path, "capture", "-q", "--output", archive, "-p", ",".join(pids)])
		os.mkdir(tree)
		subprocess.run(["tar", "-xf", archive, "-C", tree], check=True)

	def output(self, command, folder):
		path = Path(folder) / "output"
		self.write(command, path)
		return path.read_text()
