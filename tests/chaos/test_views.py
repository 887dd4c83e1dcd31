"""Environments in which not everything is visible."""

import json
import os
import shutil

import anonmem
from actor import Actor
from anonmem import MIB, NOBODY, WORK, Chaos, run


class Views(Chaos):
	def test_hidepid(self):
		program = shutil.copy(anonmem.PROGRAM, os.path.join(WORK, "anonmem"))
		with Actor("still", 2, "still", 2) as others:
			for option in ("hidepid=2", "hidepid=1", "hidepid=4", "subset=pid"):
				prefix = ["unshare", "--mount", "sh", "-ec",
					f'mount -t proc -o {option} proc /proc; exec "$@"', "sh", *NOBODY, "env",
					f"GCOV_PREFIX={WORK}"]
				report = self.report("--by", "process", prefix=prefix, program=program)
				seen = {g["pid"] for g in report["groups"]}
				self.assertFalse(seen & set(others.pids), option)
				self.assertGreaterEqual(report["coverage"]["read"], 1, "itself")
				done = run("--pid", others.pid, prefix=prefix, program=program)
				self.assertEqual(done.returncode, 1, (option, done))
				self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
				done = run("doctor", prefix=prefix, program=program)
				self.assertEqual((done.returncode, done.stderr), (0, b""), option)
				done = run("top", "-b", "-n", 2, "-d", "0.1", prefix=prefix, program=program)
				self.assertEqual((done.returncode, done.stderr), (0, b""), option)

	def test_container(self):
		"""In a pid namespace, with the outer namespace's /proc mounted."""
		host = os.path.join(WORK, "host")
		os.makedirs(host, exist_ok=True)
		prefix = ["unshare", "--mount", "--pid", "--fork", "sh", "-ec",
			f'mount --bind /proc {host}; mount -t proc proc /proc; exec "$@"', "sh"]
		with Actor("still", 5, "still", 5) as still, Actor("storm", 20), \
				Actor("names", 4, "names", 2) as names:
			pids = ",".join(map(str, still.pids))
			outside = self.report("--pid", pids, "--by", "process,label", "--label", "*memfd*")
			for more in ([], ["--fast"]):
				inside = self.report("--root", host, "--pid", pids, "--by", "process,label",
					"--label", "*memfd*", *more, prefix=prefix)
				self.assertEqual([(g["pid"], g["start_time"], g["rss"]) for g in inside["groups"]],
					[(g["pid"], g["start_time"], g["rss"]) for g in outside["groups"]])
			report = self.report("--root", host, "--by", "process,label", prefix=prefix)
			self.check_processes(report)
			self.assertLessEqual(set(still.pids), {g["pid"] for g in report["groups"]})
			report = self.report("--root", host, "--pid", names.pid, "--label", "*constant*",
				prefix=prefix)
			self.assertEqual(report["totals"]["rss"], MIB)
			report = self.report("--by", "process", prefix=prefix)
			self.assertFalse({g["name"] for g in report["groups"]} & {"still", "eye", "names"})
			done = run("top", "-b", "-n", 1, "--root", host, "--json", "--by", "process",
				prefix=prefix)
			self.assertEqual(done.returncode, 0, done.stderr)
			seen = {g["pid"] for g in json.loads(done.stdout)["groups"]}
			self.assertLessEqual(set(still.pids), seen)
