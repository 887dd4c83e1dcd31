"""Processes that end."""

import os
import unittest

from anonmem import IS_ROOT, Live
from helper import Helper


class Gone(Live):
	def test_no_such_process(self):
		with Helper("zombie") as h:
			pid = h.pid
		done = self.fails(1, "--pid", pid, words=f"process {pid}: no such process")
		self.assertEqual(done.stdout, b"")  # no table without a process

	def test_zombie(self):
		with Helper("zombie") as h:
			report = self.report("--pid", h.children[0])
			self.assertEqual(report["coverage"]["no_memory"], 1)
			self.assertEqual(report["groups"], [])
			self.assertEqual(self.report("--strict", "--pid", h.children[0])["coverage"]["seen"], 1)

	@unittest.skipUnless(os.path.exists("/proc/2/smaps"), "no kernel threads are seen from here")
	def test_kernel_thread(self):
		with open("/proc/2/comm", encoding="latin-1") as f:
			if f.read() != "kthreadd\n" or not IS_ROOT:
				self.skipTest("process 2 is no kernel thread that may be read")
		self.assertEqual(self.report("--pid", 2)["coverage"]["no_memory"], 1)

	def test_coming_and_going(self):
		"""Programs that execute others and exit while they are read: never a wrong outcome."""
		self.read = 0
		with Helper("churn", 3) as h:
			group = ["--name", "^(helper|exe)$"]
			for i in range(200):
				report = self.report(*(group if i % 10 else []), "--by", "process")
				self.assertEqual(report["coverage"]["malformed"], 0)
				self.assertEqual(len(report["groups"]), report["totals"]["processes"])
				self.assertLessEqual(report["totals"]["processes"], report["coverage"]["read"])
				self.read += report["coverage"]["read"]
			self.assertGreater(self.read, 200)
			for pid in h.children:
				self.assertTrue(os.path.exists(f"/proc/{pid}"))
