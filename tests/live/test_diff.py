"""anonmem diff against the running system: what a process gains, and what was there before."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import anonmem
from anonmem import ENVIRONMENT, IS_ROOT, MIB, NOBODY, Live, run
from helper import wait_for_state

SIZE = 48 * MIB
# The pages of Python's program and libraries, of which a process has more or less if others come or go.
SHARED = 8 * MIB

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
		wait_for_state(self.process.pid, "S")

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
			self.assertLess(abs(found["totals"]["change"] - SIZE), SHARED)
			self.assertLess(abs(largest["change"] - SIZE), MIB if keys == "kind" else SHARED)
			self.assertEqual(largest["state"], "same")
			self.assertEqual(sum(g["change"] for g in found["groups"]), found["totals"]["change"])
			self.assertEqual(found["before"]["kind"], "report")
			self.assertEqual(found["after"]["kind"], "proc")
			self.assertEqual(found["after"]["path"], None)

	def capture(self, *arguments):
		"""The path of a capture of now."""
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		path = os.path.join(folder.name, "before.tar")
		done = run("capture", "-p", str(self.process.pid), "--output", path, "-q", *arguments)
		self.assertEqual(done.returncode, 0, done.stderr)
		return path

	def test_capture_and_now(self):
		"""Guesses are by content if the capture has it, else by place: labels differ in neither case."""
		for arguments, is_content in (((), True), (("--redact",), False)):
			found = diff(self.capture(*arguments), "-p", str(self.process.pid), "--by", "label")
			self.assertEqual([g for g in found["groups"] if g["state"] != "same"], [])
			self.assertLess(abs(found["totals"]["change"]), SHARED)
			labels = {g["label"] for g in found["groups"]}
			self.assertEqual("~python objects" in labels, is_content, labels)
			notes = " ".join(found["notes"])
			self.assertEqual("the names of before are hashed (--redact)" in notes, not is_content, notes)
			self.assertNotIn("two machines", notes)

	def test_recording_and_now(self):
		with tempfile.TemporaryDirectory() as folder:
			path = os.path.join(folder, "r.db")
			done = run("record", "-p", str(self.process.pid), "--by", "process,label", "--for", "300ms",
				"-d", "100ms", "--output", path)
			self.assertEqual(done.returncode, 0, done.stderr)
			self.grow()
			for source in (path, f"{path}@first"):
				found = diff(source, "-p", str(self.process.pid), "--by", "name")
				self.assertEqual([g["state"] for g in found["groups"]], ["same"])
				self.assertLess(abs(found["totals"]["change"] - SIZE), SHARED)
				self.assertEqual((found["before"]["kind"], found["before"]["path"]), ("recording", source))
			found = diff(path, "-p", str(self.process.pid), "--by", "label")
			self.assertEqual([g["label"] for g in found["groups"] if g["state"] != "same"], [])

	def test_for(self):
		found = diff("--for", "50ms", str(self.process.pid), "--by", "process", "-o", "rss")
		self.assertEqual(found["column"], "rss")
		self.assertEqual([g["pid"] for g in found["groups"]], [self.process.pid])
		self.assertGreaterEqual(found["totals"]["before"], SIZE)
		self.assertLess(abs(found["totals"]["change"]), MIB)

	def test_ended(self):
		"""The process has ended, and nothing else is selected: that is a failure, and no change."""
		before = self.remember()
		self.process.communicate()
		done = run("diff", before, "-p", str(self.process.pid), "--json")
		self.assertEqual(done.returncode, 1)
		self.assertIn(str(self.process.pid), str(done.stderr))
		self.assertTrue(os.path.exists(before))

	def refuses(self, path, reason, **more):
		"""Each way to name a side says which it cannot read, and writes nothing."""
		good = self.capture()
		for arguments in (("diff", path, good), ("diff", good, path), ("diff", path),
				("check", "--max", "1G", "--from", path),
				("check", "--growth", "5%", "--baseline", path, "--from", good)):
			done = run(*arguments, **more)
			self.assertEqual((done.returncode, done.stdout), (1, b""), (arguments, done.stderr))
			self.assertIn(path.encode(), done.stderr, arguments)
			self.assertIn(reason, done.stderr, arguments)

	def cut(self, path, size):
		folder = self.enterContext(tempfile.TemporaryDirectory())
		cut = os.path.join(folder, "cut" + os.path.basename(path))
		with open(path, "rb") as whole, open(cut, "wb") as part:
			part.write(whole.read()[:size])
		return cut

	def test_cut_archive(self):
		whole = self.capture()
		self.refuses(self.cut(whole, os.path.getsize(whole) // 2), b"cannot be unpacked")

	def test_cut_report(self):
		self.refuses(self.cut(self.remember(), 2000), b"is not JSON, or it is cut short")

	def test_cut_recording(self):
		with tempfile.TemporaryDirectory() as folder:
			path = os.path.join(folder, "r.db")
			done = run("record", "-p", str(self.process.pid), "--for", "200ms", "-d", "100ms", "--output", path)
			self.assertEqual(done.returncode, 0, done.stderr)
			self.refuses(self.cut(path, 8192), b"is damaged")

	@unittest.skipUnless(IS_ROOT, "needs to become another user")
	def test_unreadable(self):
		with tempfile.NamedTemporaryFile(suffix=".json") as file:
			os.chmod(file.name, 0)
			for arguments in (("diff", file.name), ("check", "--max", "1G", "--from", file.name),
					("check", "--growth", "1M", "--baseline", file.name, "--", "true")):
				done = run(*arguments, prefix=NOBODY)
				self.assertEqual((done.returncode, done.stdout), (1, b""), done.stderr)
				self.assertIn(file.name.encode() + b": Permission denied", done.stderr)

	def test_full_and_closed(self):
		before = self.remember("--by", "kind")
		for arguments in (("diff", "--by", "kind"), ("diff", "--by", "kind", "--json"),
				("check", "--max", "1G", "--from"), ("check", "--max", "1G", "--json", "--from")):
			paths = [before, before] if arguments[0] == "diff" else [self.capture()]
			for to in (">/dev/full", ">&-"):
				done = subprocess.run(["bash", "-c", f'exec "$@" {to}', "bash", anonmem.PROGRAM, *arguments,
					*paths], stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=120, check=False)
				self.assertEqual((done.returncode, done.stderr.count(b"\n")), (1, 1), done.stderr)
				self.assertIn(b"cannot write to standard output", done.stderr)


if __name__ == "__main__":
	unittest.main()
