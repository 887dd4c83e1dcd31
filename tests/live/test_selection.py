"""Which processes are read, and what is said of the machine."""

import os

import helper
from anonmem import Live, lasting
from helper import Helper


class Selection(Live):
	def test_several_pids(self):
		with Helper("sleepers", 3) as h:
			report = self.report("-p", f"{h.pid},{h.children[0]}", "-p", h.children[1],
				"--by", "process")
			self.assertEqual([g["pid"] for g in sorted(report["groups"], key=lambda g: g["pid"])],
				sorted([h.pid, *h.children[:2]]))
			self.assertEqual(report["coverage"]["seen"], 3)
			self.assertTrue(all(g["start_time"] > 0 for g in report["groups"]))

	def test_several_hundred(self):
		with Helper("sleepers", 302) as h:
			pids = ",".join(map(str, h.children))
			report = self.report("--pid", pids, "--by", "process")
			self.assertEqual((report["coverage"]["read"], len(report["groups"])), (302, 302))
			self.assertEqual(report["totals"]["processes"], 302)
			self.assertEqual(self.report("--name", f"^{os.path.basename(helper.PROGRAM)}$")["coverage"]["read"], 303)
			everything = self.report("--by", "process")
			self.assertLessEqual(set(h.children), {g["pid"] for g in everything["groups"]})

	def test_by_name_and_user(self):
		with Helper("sleepers", 2) as h:
			program = os.path.basename(helper.PROGRAM)
			report = self.report("--name", f"^{program}$", "--user", os.geteuid(), "--by", "user,name")
			self.assertEqual(len(report["groups"]), 1)
			self.assertEqual(report["groups"][0]["processes"], 1 + len(h.children))
			self.assertEqual(self.report("--user", 4242424)["coverage"]["seen"], 0)

	def test_the_machine(self):
		report = self.report("--by", "kind")
		self.assertEqual(report["host"], os.uname().nodename)
		self.assertEqual(report["kernel"], os.uname().release)
		self.assertEqual(report["page_size"], os.sysconf("SC_PAGESIZE"))
		self.assertIsInstance(report["kernel_labels"], bool)
		self.assertEqual(report["kernel_labels"], not any("keeps no names" in n for n in report["notes"]))
		self.assertEqual(report["source"], {"kind": "proc", "paths": ["/proc"]})
		with open("/proc/meminfo", encoding="ascii") as f:
			total = int(f.readline().split()[1]) * 1024
		self.assertEqual(report["meminfo"]["mem_total"], total)

	def test_mounted_elsewhere(self):
		with Helper("memory") as h:
			here = self.report("--pid", h.pid)
			there = self.report("--root", "/proc", "--pid", h.pid)
			self.assertEqual(lasting(here), lasting(there))
			self.assertEqual(there["source"]["kind"], "tree")
