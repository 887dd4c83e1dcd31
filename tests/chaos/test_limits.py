"""Few files, and no second thread."""

import json
import os
import shutil

import anonmem
from actor import Actor
from anonmem import KIB, NOBODY, WORK, run
from scarce import Scarce


class Limits(Scarce):
	def test_files(self):
		for more in ([], ["--fast"], ["--jobs", "3"], ["--verify"]):
			self.sweep("nofile", range(3, 24), *more)

	def test_files_of_the_watch(self):
		with Actor("still", 40, "still", 40):
			for files in range(3, 40):
				prefix = ["prlimit", f"--nofile={files}"]
				if run("--version", prefix=prefix).returncode != 0:
					continue
				done = run("top", "-b", "-n", 3, "-d", "0.01", "--by", "process,label", "--name", "^still$",
					"--label", "*memfd*", "--json", prefix=prefix)
				if done.returncode != 0:
					self.check(done, None, files)
					continue
				for line in done.stdout.splitlines():
					groups = json.loads(line)["groups"]
					self.assertEqual([g["rss"] for g in groups], 40 * [256 * KIB], files)

	def test_processes(self):
		program = shutil.copy(anonmem.PROGRAM, os.path.join(WORK, "anonmem"))
		# The leak check at exit would need another process.
		prefix = [*NOBODY, "env", f"GCOV_PREFIX={WORK}", "ASAN_OPTIONS=detect_leaks=0", "prlimit",
			"--nproc=1"]
		report = self.report("--jobs", 8, "--by", "process,label", prefix=prefix, program=program)
		self.assertGreaterEqual(report["coverage"]["read"], 1)
