"""anonmem diff against the running system: what a process gains, and what was there before."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from anonmem import MIB, Live, run

SIZE = 48 * MIB

PROGRAM = f"""
import mmap, sys
held = []
for line in sys.stdin:
	held.append(mmap.mmap(-1, {SIZE}, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
	for i in range(0, {SIZE}, 4096):
		held[-1][i] = 1
	print("grown", flush=True)
"""


def diff(*arguments):
	done = run("diff", "--json", *arguments)
	assert done.returncode == 0, done.stderr
	return json.loads(done.stdout)


class Diff(Live):
	def setUp(self):
		self.process = subprocess.Popen([sys.executable, "-c", PROGRAM], text=True,
			stdin=subprocess.PIPE, stdout=subprocess.PIPE)
		self.addCleanup(self.process.communicate)
		self.grow()

	def grow(self):
		self.process.stdin.write("\n")
		self.process.stdin.flush()
		self.assertEqual(self.process.stdout.readline(), "grown\n")

	def remember(self, *arguments):
		"""The path of a report of now."""
		file = tempfile.NamedTemporaryFile(suffix=".json")
		self.addCleanup(file.close)
		done = run(str(self.process.pid), "--json", "--no-infer", *arguments)
		file.write(done.stdout.encode() if isinstance(done.stdout, str) else done.stdout)
		file.flush()
		return file.name

	def test_report_and_now(self):
		before = self.remember("--by", "process,kind")
		self.grow()
		for keys in ("process", "name", "kind"):
			found = diff(before, "-p", str(self.process.pid), "--by", keys, "--no-infer")
			largest = found["groups"][0]
			self.assertLess(abs(found["totals"]["change"] - SIZE), MIB)
			self.assertLess(abs(largest["change"] - SIZE), MIB)
			self.assertEqual(largest["state"], "same")
			self.assertEqual(sum(g["change"] for g in found["groups"]), found["totals"]["change"])
			self.assertEqual(found["before"]["kind"], "report")
			self.assertEqual(found["after"]["kind"], "proc")
			self.assertEqual(found["after"]["path"], None)

	def test_capture_and_now(self):
		"""A capture has no contents, by which guesses are made: they differ on neither side for that."""
		with tempfile.TemporaryDirectory() as folder:
			path = os.path.join(folder, "before.tar")
			done = run("capture", "-p", str(self.process.pid), "--output", path, "-q")
			self.assertEqual(done.returncode, 0, done.stderr)
			found = diff(path, "-p", str(self.process.pid), "--by", "label")
		self.assertEqual([g for g in found["groups"] if g["state"] != "same"], [])
		self.assertLess(abs(found["totals"]["change"]), MIB)  # pages are shared with others

	def test_for(self):
		found = diff("--for", "50ms", str(self.process.pid), "--by", "process", "-o", "rss")
		self.assertEqual(found["column"], "rss")
		self.assertEqual([g["pid"] for g in found["groups"]], [self.process.pid])
		self.assertGreaterEqual(found["totals"]["before"], SIZE)
		self.assertLess(abs(found["totals"]["change"]), MIB)  # pages are shared with others

	def test_ended(self):
		"""The process has ended, and nothing else is selected: that is a failure, and no change."""
		before = self.remember()
		self.process.communicate()
		done = run("diff", before, "-p", str(self.process.pid), "--json")
		self.assertEqual(done.returncode, 1)
		self.assertIn(str(self.process.pid), str(done.stderr))
		self.assertTrue(os.path.exists(before))


if __name__ == "__main__":
	unittest.main()
