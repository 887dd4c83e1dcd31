"""Guesses about unnamed memory. The same on a kernel that keeps names: this memory has none."""

import json
import os
import shutil
import subprocess
import tempfile

import helper
from anonmem import MIB, Live, run
from helper import Helper
from interpreters import BLOCKS, OBJECTS, PHP


class Inferred(Live):
	def mappings(self, pid, *arguments):
		report = self.report("--pid", pid, "--by", "label,mapping", *arguments)
		return [(int(g["start"], 16), int(g["end"], 16), g) for g in report["groups"]]

	def labels(self, h, *arguments):
		"""The label of each address that the helper named."""
		found, mappings = {}, self.mappings(h.pid, *arguments)
		for name, (start, _) in h.ranges.items():
			at = [g for s, e, g in mappings if s <= int(start, 16) < e]
			self.assertEqual(len(at), 1, name)
			label = at[0]["label"]
			self.assertEqual(at[0]["origin"], "inferred" if label[0] == "~" else "kernel")
			self.assertEqual(at[0].get("certainty"),
				None if label[0] != "~" else "likely" if label[-1] == "?" else "certain")
			found[name] = at[0]["label"]
		return found

	WANTED = {
		"in-bss": "~.bss",
		"on-stack": "~thread stack",
		"in-arena": "~malloc arena",
		"reserved": "~reserved",
		"jit": "~jit?",
		"go": "~go heap?",
		"go-rest": "~reserved",
		"java": "~java heap?",
		"java-rest": "~reserved",
		"v8": "~v8 heap?",
		"spidermonkey": "~spidermonkey heap?",
	}
	BY_PLACE = {**WANTED, "in-bss": "~.bss?", "on-stack": "~thread stack?", "in-arena": "~malloc arena?"}

	def test_told(self):
		with Helper("inferred") as h:
			self.assertEqual(self.labels(h), self.WANTED)
			self.assertEqual(self.labels(h, "--infer=place"), self.BY_PLACE)
			self.assertEqual(set(self.labels(h, "--no-infer").values()), {"[anon]"})
			self.assertEqual(set(self.labels(h, "--infer=none").values()), {"[anon]"})
			with open(f"/proc/{h.pid}/smaps", "rb") as f:
				done = run("--smaps", "-", "--by", "label", "--json", stdin=f)
			here = self.report("--pid", h.pid, "--infer=place")
			# Their order depends on how many processes have the libraries at the moment.
			self.assertEqual(*(sorted(g["label"] for g in r["groups"]) for r in (json.loads(done.stdout), here)))

	def test_told_fast(self):
		with Helper("inferred") as h:
			self.assertEqual(self.labels(h, "--fast"), self.BY_PLACE)

	def test_looks_like_it(self):
		with Helper("lookalikes") as h:
			found = self.labels(h)
			self.assertEqual(found, dict.fromkeys(found, "[anon]"))
			self.assertEqual(len(found), 14)

	def test_program(self):
		"""The same memory in programs known to allocate it like that."""
		programs = {"redis-server": "~redis heap?", "php8.2": "~php heap?", "python3.11":
			"~python objects?", "firefox-esr": "~firefox heap?", "libredis-server": "[anon]", "perl": "[anon]"}
		with tempfile.TemporaryDirectory() as folder:
			for name, label in programs.items():
				copy = shutil.copy(helper.PROGRAM, os.path.join(folder, name))
				with Helper("lookalikes", program=copy) as h:
					self.assertEqual(self.labels(h, "--infer=place")["false-pieces"], label)
					if name == "python3.11":  # objects would show
						self.assertEqual(self.labels(h)["false-pieces"], "[anon]")

	def test_nothing_is_lost(self):
		"""A guess only moves memory to another row."""
		for command in ("inferred", "lookalikes"):
			with Helper(command) as h:
				with_guess, without = (json.loads(self.agrees("--pid", h.pid, "--json", *more).stdout)
					for more in ((), ("--no-infer",)))
				self.assertEqual(with_guess["totals"]["rss"], without["totals"]["rss"])
				self.assertEqual(with_guess["totals"]["mappings"], without["totals"]["mappings"])
				self.assertFalse([g for g in without["groups"] if g["label"].startswith("~")])

	def test_selected(self):
		with Helper("inferred") as h:
			report = self.report("--pid", h.pid, "--label", "~go*", "--by", "subsystem", "--no-rules")
			self.assertEqual([g["subsystem"] for g in report["groups"]], ["~go/heap"])

	def interpreter(self, command, *arguments):
		"""The unnamed memory of a program: {label: [RSS of each mapping]}."""
		with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
			self.assertEqual(p.stdout.readline(), b"ready\n")
			found = {}
			for start, end, g in self.mappings(p.pid, "--kind", "anon", *arguments):
				found.setdefault(g["label"], []).append((start, end, g["rss"]))
			p.stdin.close()
		return found

	def test_python(self):
		found = self.interpreter(("/usr/bin/python3", "-c", OBJECTS), "--infer=place")
		self.assertGreater(sum(rss for *_, rss in found["~python objects?"]), 10 * MIB)
		for start, end, _ in found["~python objects?"]:
			self.assertEqual((end - start) % MIB, 0)

	def test_python_from_malloc(self):
		found = self.interpreter(("/usr/bin/python3", "-c", BLOCKS))
		self.assertGreater(sum(rss for *_, rss in found["~malloc"]), 20 * MIB)

	def test_php(self):
		found = self.interpreter(("/usr/bin/php", "-n", "-r", PHP), "--infer=place")
		if "[anon:zend_alloc]" not in found:
			self.assertGreater(sum(rss for *_, rss in found["~php heap?"]), 4 * MIB)
