"""Names of memory, kept by the kernel or else by the process."""

import json
import os
import subprocess

import helper
from anonmem import MIB, Live, run
from helper import Helper, wait_for_state


class Names(Live):
	def rows(self, *arguments):
		report = self.report(*arguments)
		self.origin = "kernel" if report["kernel_labels"] else "process"
		self.notes = " ".join(report["notes"])
		return {g["label"]: g for g in report["groups"]}

	def test_known_bytes(self):
		page = os.sysconf("SC_PAGESIZE")
		labelled = os.path.join(os.path.dirname(os.path.realpath(helper.PROGRAM)), "../kernel/labelled")
		with subprocess.Popen([labelled], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
			child = int(p.stdout.readline().split()[1])
			wait_for_state(child, "S")
			rows, both = self.rows("--pid", p.pid), self.rows("--pid", f"{p.pid},{child}")
			fast = self.rows("--pid", p.pid, "--fast")
			self.agrees("--pid", p.pid)
			p.stdin.close()
		for label, size, touched in (
			("[anon:test: cache]", 256, 128),
			("[anon: Test: leading blank]", 16, 16),
			("[anon:]", 8, 8),
			("[anon:a (deleted) /usr/lib/x.so]", 8, 4),
			("[anon:test: untouched]", 64, 0),
		):
			row = rows[label]
			self.assertEqual(row["size"], size * page, label)
			for name in ("rss", "pss", "uss", "anonymous", "private_dirty"):
				self.assertEqual(row[name], touched * page, f"{label} {name}")
			self.assertEqual((row["swap"], row["origin"]), (0, self.origin), label)
			self.assertEqual((fast[label]["rss"], fast[label]["size"]), (row["rss"], row["size"]))
		inherited, shared = rows["[anon:test: inherited]"], rows["[anon_shmem:test: shared]"]
		self.assertEqual((inherited["rss"], inherited["pss"], inherited["uss"]),
			(64 * page, 32 * page, 0))
		self.assertEqual((shared["pss"], shared["anonymous"]), (16 * page, 0))
		self.assertEqual(both["[anon:test: inherited]"]["processes"], 2)
		self.assertEqual(both["[anon:test: inherited]"]["pss"], 64 * page)

	def test_table(self):
		with Helper("names") as h:
			text = run("--pid", h.pid, "--by", "label").stdout.decode()
			self.rows("--pid", h.pid)
			mark = r"\*" if self.origin == "process" else ""
			self.assertRegex(text, r"\n\[anon:live: low\]" + mark + " +1 +1 +1.0M")
			for keys in ("file", "mapping"):
				text = run("--pid", h.pid, "--by", keys).stdout.decode()
				self.assertRegex(text, r"\[anon:live: low\]" + mark + " +1 +1 +1.0M")
			csv = run("--pid", h.pid, "--csv").stdout.decode()
			self.assertIn(f"\n[anon:live: low],{self.origin},,1,1,{MIB}", csv)

	def test_one_mapping(self):
		"""Its parts add up to it."""
		with Helper("names") as h:
			start, end = (int(n, 16) for n in h.ranges["private"])
			groups = self.report("--pid", h.pid, "--by", "mapping")["groups"]
			parts = sorted((int(g["start"], 16), int(g["end"], 16), g["file"], g["rss"], g["uss"])
				for g in groups if start <= int(g["start"], 16) < end)
			self.assertEqual(parts, [
				(start, start + MIB, "[anon:live: low]", MIB, MIB),
				(start + MIB, start + 3 * MIB, "[anon]", 2 * MIB, 2 * MIB),
				(start + 3 * MIB, end, "[anon:live: high]", MIB, MIB),
			])

	def test_changing_without_pause(self):
		with Helper("names", 8) as h:
			for i in range(150):
				rows = self.rows("--pid", h.pid, *(["--fast"] if i % 2 else []))
				self.assertNotIn("could not be read", self.notes)
				for label in ("[anon:live: low]", "[anon:live: high]"):
					self.assertEqual((rows[label]["rss"], rows[label]["mappings"]), (MIB, 1))
				named = [g["rss"] for label, g in rows.items() if label.startswith("[anon:live: ")]
				self.assertLessEqual(sum(named), 4 * MIB)

	def test_of_an_smaps_file(self):
		with Helper("names") as h, open(f"/proc/{h.pid}/smaps", "rb") as smaps:
			done = run("--smaps", "-", "--json", stdin=smaps)
			self.rows("--pid", h.pid)
			report = json.loads(done.stdout)
			labels = [g["label"] for g in report["groups"]]
			self.assertEqual("[anon:live: low]" in labels, self.origin == "kernel")
			self.assertEqual("not in the capture" in " ".join(report["notes"]),
				self.origin == "process")
