"""Memory that is known to the byte."""

import os
import signal
import unittest

from anonmem import MIB, Live, run
from helper import Helper, wait_for_state


class Memory(Live):
	def test_touched(self):
		with Helper("memory") as h:
			private = self.mapping(h.pid, h.ranges["private"])
			self.assertEqual(private["file"], "[anon]")
			self.assertEqual(private["size"], 8 * MIB)
			for name in ("rss", "pss", "uss", "anonymous", "private_dirty"):
				self.assertEqual(private[name], 5 * MIB, name)
			memfd = self.label("[memfd:anonmem live]", "--pid", h.pid)
			self.assertEqual((memfd["size"], memfd["rss"], memfd["pss"]), (4 * MIB, 3 * MIB, 3 * MIB))
			self.assertEqual(memfd["anonymous"], 0)
			shared = self.label("[anon_shmem]", "--pid", h.pid)
			self.assertEqual((shared["rss"], shared["uss"]), (MIB, MIB))

	def test_table(self):
		with Helper("memory") as h:
			text = run("--pid", h.pid, "--by", "kind", "--units", "k").stdout.decode()
			self.assertIn("shmem", text)
			self.assertRegex(text, r"\nshmem +1 +2 +4096K +4096K +4096K +0K ")

	def test_shared_with_a_child(self):
		with Helper("share", 1) as h:
			span, child = h.ranges["private"], h.children[0]
			mine, memfd = self.mapping(h.pid, span), self.mapping(h.pid, h.ranges["memfd"])
			# The child has written to 64 KiB of it.
			own, both = 64 * 1024, 4 * MIB - 64 * 1024
			self.assertEqual((mine["rss"], mine["uss"]), (4 * MIB, own))
			self.assertEqual(mine["pss"], own + both // 2)
			self.assertEqual((memfd["rss"], memfd["pss"], memfd["uss"]), (2 * MIB, MIB, 0))
			# Together, they have the memory once.
			both_pids = self.label("[memfd:pool]", "--pid", f"{h.pid},{child}")
			self.assertEqual((both_pids["rss"], both_pids["pss"]), (4 * MIB, 2 * MIB))
			self.assertEqual(both_pids["processes"], 2)
			os.kill(child, signal.SIGKILL)
			wait_for_state(child, "Z")
			alone = self.mapping(h.pid, span)
			self.assertEqual((alone["pss"], alone["uss"]), (4 * MIB, 4 * MIB))

	def test_pss_of_many(self):
		with Helper("share", 8) as h:
			pids = ",".join(map(str, [h.pid, *h.children]))
			memfd = self.label("[memfd:pool]", "--pid", pids)
			self.assertEqual(memfd["rss"], 9 * 2 * MIB)
			# Each share is rounded down to 1 kB.
			self.assertLessEqual(memfd["pss"], 2 * MIB)
			self.assertGreater(memfd["pss"], 2 * MIB - 9 * 1024)

	@unittest.skipIf(len(open("/proc/swaps", encoding="ascii").readlines()) < 2, "no swap here")
	def test_swapped(self):
		with Helper("swap") as h:
			private = self.mapping(h.pid, h.ranges["private"])
			self.assertGreater(private["swap"], 0)
			self.assertEqual(private["swap"] + private["rss"], 4 * MIB)
			self.assertEqual(private["swap_pss"], private["swap"])

	def test_hostile_name(self):
		with Helper("name") as h:
			for form in ("table", "csv"):
				text = run("--pid", h.pid, "--by", "process", "--format", form).stdout
				self.assertIn(rb"a) R 1\n\033[2J\377", text)
				self.assertNotIn(b"\x1b", text)
			self.assertEqual(self.report("--pid", h.pid, "--by", "process")["groups"][0]["name"],
				r"a) R 1\n\033[2J\377")
			# Other tests have such a process, too.
			self.assertEqual(self.report("--name", "^a\\) R", "-p", h.pid, "--by", "name")["coverage"]["read"], 1)
			self.assertEqual(self.report("--name", "^a\\) S", "-p", h.pid, status=1)["coverage"]["read"], 0)
