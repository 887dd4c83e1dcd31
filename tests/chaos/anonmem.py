"""Runs anonmem, and checks what must be true of every report."""

import collections
import json
import os
import re
import subprocess
import unittest

from proc import rollup

PROGRAM = ""  # chaos.py sets it
KIB, MIB = 1024, 1024 * 1024
PAGE = os.sysconf("SC_PAGESIZE")
WORK = "/mnt"  # a file system of ours is mounted there
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("LANGUAGE", "COLUMNS", "NO_COLOR")}
ENVIRONMENT.update(LC_ALL="C.UTF-8", HOME="/nonexistent", XDG_CONFIG_HOME="/nonexistent", TERM="xterm")
# AddressSanitizer delays freeing memory; disabled here, where memory is measured.
ENVIRONMENT["ASAN_OPTIONS"] = ":".join(
	filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=1"]))
COUNTS = collections.Counter()


def run(*arguments, prefix=(), timeout=300, program=None, **more):
	"""Hanging is a failure."""
	done = subprocess.run([*prefix, program or PROGRAM, *map(str, arguments)], capture_output=True,
		check=False, env=ENVIRONMENT, timeout=timeout, **more)
	COUNTS["readings"] += 1
	return done


def outcomes(coverage):
	"""Every process seen must have exactly one outcome."""
	return sum(coverage[n] for n in
		("read", "no_memory", "denied", "vanished", "truncated", "malformed"))


class Chaos(unittest.TestCase):
	def parse(self, done, status=0):
		self.assertEqual(done.returncode, status, done.stderr.decode(errors="replace")[-3000:])
		report = json.loads(done.stdout)
		coverage = report["coverage"]
		self.assertEqual(coverage["seen"], outcomes(coverage))
		self.assertEqual(coverage["malformed"], 0)
		COUNTS["processes"] += coverage["read"]
		for outcome in ("vanished", "truncated", "denied", "no_memory"):
			COUNTS[outcome] += coverage[outcome]
		return report

	def report(self, *arguments, status=0, **more):
		return self.parse(run(*arguments, "--json", **more), status)

	# The names of actors' memory, which tell its owner, and the names that a process may have
	# that owns it.
	OWNERS = {"storm": r"storm-\d+|eye", "again": "again", "still": "still|chaos", "one": "one",
		"two": "two", "parent": "parent|chaos", "kid": "kid", "odd": "odd|chaos", "even": "even|chaos"}
	# For these, the memory exists before the name does.
	WHOLE = {"storm-": ("storm", 64 * KIB), "still": ("still", 256 * KIB), "parent": ("parent", MIB),
		"odd": ("odd", 256 * KIB), "even": ("even", 512 * KIB)}

	def check_processes(self, report):
		"""A report by process and label: no process may appear twice or have another's memory."""
		start, name, marks, borrowers = {}, {}, collections.defaultdict(dict), set()
		for g in report["groups"]:
			pid, label = g["pid"], g["label"]
			self.assertEqual(start.setdefault(pid, g["start_time"]), g["start_time"], g)
			self.assertEqual(name.setdefault(pid, g["name"]), g["name"])
			self.assertNotIn(label, marks[pid])
			marks[pid][label] = g["rss"]
			if "shares_memory_with" in g:  # a child of vfork() before its exec; it counts none of that
				borrowers.add(pid)
				self.assertEqual(g["rss"], 0, g)
		self.assertEqual(len(name), report["totals"]["processes"])
		for pid, labels in marks.items():
			self.assertIsNotNone(name[pid], labels)
			self.assertIsNotNone(start[pid])
			for mark, owner in self.OWNERS.items():
				if f"[memfd:{mark}]" in labels:
					self.assertRegex(name[pid], f"^({owner})$", f"memory of {mark}")
			for begin, (mark, size) in self.WHOLE.items():
				if re.match(begin + r"(\d|$)", name[pid]) and pid not in borrowers:
					self.assertEqual(labels.get(f"[memfd:{mark}]"), size, (name[pid], labels))

	def check_still(self, pids):
		"""Uses --verify, and checks processes that nothing else changes by hand."""
		text = ",".join(map(str, pids))
		before = [rollup(pid) for pid in pids]
		report = self.report("--pid", text, "--by", "process", "--verify")
		after = [rollup(pid) for pid in pids]
		found = {g["pid"]: g for g in report["groups"]}
		self.assertEqual(set(found), set(pids))
		names = {"rss": "Rss", "anonymous": "Anonymous", "private_dirty": "Private_Dirty",
			"private_clean": "Private_Clean", "swap": "Swap", "pss": "Pss"}
		for pid, b, a in zip(pids, before, after):
			COUNTS["compared"] += 1
			for ours, theirs in names.items():
				slack = found[pid]["mappings"] * KIB if ours == "pss" else 1
				low, high = sorted((b[theirs], a[theirs]))
				self.assertTrue(low - slack < found[pid][ours] <= high,
					f"{ours} of {pid}: {found[pid][ours]}, {low} to {high}")
