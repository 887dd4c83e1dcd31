#!/usr/bin/env python3
"""The examples for continuous integration in anonmem-check(1): ci.py ANONMEM SOURCE.

They are taken out of the page, parsed as YAML and run as GitHub and GitLab run them, but for what is on
their side: checking out and uploading. JUnit XML is held against what readers of it expect, and markdown is
rendered; so is what tests/golden expects of both.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import yaml

ANONMEM, SOURCE = (Path(word).resolve() for word in sys.argv[1:3])
EXPECTED = SOURCE / "tests/golden/expected/check"
ESCAPES = {r"\-": "-", r"\e": "\\", r"\(dq": '"', r"\(aq": "'", r"\&": ""}


def blocks():
	"""Literal blocks of the page, as a reader sees them."""
	page = (SOURCE / "man/anonmem-check.1").read_text(encoding="utf-8")
	for block in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", page, re.M | re.S):
		yield re.sub(r"\\(?:\(..|.)", lambda found: ESCAPES[found.group()], block)


def example(first):
	"""The one that begins with this line, parsed."""
	return yaml.safe_load(next(block for block in blocks() if block.startswith(first + "\n")))


# Its self-test lasts until anonmem has read it, and read nothing for a while.
SERVER = """#!/bin/sh
[ "$1" = --self-test ] || exit
how_much() { read -r _ n </proc/$PPID/io; }
how_much; before=$n
while how_much; [ "$n" = "$before" ]; do sleep 0.02; done
while [ "$n" != "$before" ]; do before=$n; sleep 0.05; how_much; done
"""


class Table(HTMLParser):
	"""The rows of the tables of a page, and every other element in it."""

	def __init__(self, text):
		super().__init__()
		self.rows, self.others = [], set()
		self.feed(text)

	def handle_starttag(self, tag, attrs):
		if tag == "tr":
			self.rows.append([])
		elif tag in ("td", "th"):
			self.rows[-1].append("")
		elif tag not in ("table", "thead", "tbody"):
			self.others.add(tag)

	def handle_data(self, data):
		if self.rows and self.rows[-1]:
			self.rows[-1][-1] += data


class Examples(unittest.TestCase):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.folder = Path(folder.name)
		self.summary = self.folder / "summary.md"
		server = self.folder / "server"
		server.write_text(SERVER, encoding="utf-8")
		server.chmod(0o755)
		(self.folder / "Makefile").write_text("server:\n", encoding="utf-8")

	def budget(self, size):
		(self.folder / "memory.budget").write_text(f"# all of it\n--max rss={size}\n", encoding="utf-8")

	def run_script(self, script, shell):
		"""Its exit status."""
		environment = {**os.environ, "PATH": f"{ANONMEM.parent}:{os.environ['PATH']}",
			"LC_ALL": "C.UTF-8", "GITHUB_STEP_SUMMARY": str(self.summary)}
		return subprocess.run([*shell, script], cwd=self.folder, env=environment, check=False, timeout=300,
			stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode

	def check_markdown(self, text, results):
		"""A table with the results in its first column, and nothing that a name has made."""
		if not shutil.which("cmark-gfm"):
			self.skipTest("cmark-gfm is missing")
		table = Table(subprocess.run(["cmark-gfm", "-e", "table", "--unsafe"], input=text, text=True,
			check=True, stdout=subprocess.PIPE).stdout)
		table.rows = [[cell.strip() for cell in row] for row in table.rows]
		self.assertEqual(table.rows[0], ["RESULT", "RULE", "WHAT"])
		self.assertEqual([row[0] for row in table.rows[1:]], results)
		self.assertEqual({len(row) for row in table.rows}, {3})
		self.assertLessEqual(table.others, {"code", "strong", "br", "p"})

	def check_junit(self, text):
		"""What readers of JUnit XML expect. Returns what became of each test."""
		root = ElementTree.fromstring(text)
		self.assertEqual((root.tag, [e.tag for e in root]), ("testsuites", ["testsuite"]))
		suite, results = root[0], []
		for case in suite:
			self.assertEqual(case.tag, "testcase")
			self.assertTrue(case.get("name") and case.get("classname"))
			self.assertLessEqual(len(case), 1)
			results.append(case[0].tag if len(case) else "passed")
			if results[-1] in ("failure", "error", "skipped"):
				self.assertTrue(case[0].get("message"))
		self.assertLessEqual(set(results), {"passed", "failure", "error", "skipped", "system-out"})
		self.assertTrue(suite.get("name"))
		counts = {"tests": len(suite), "failures": results.count("failure"),
			"errors": results.count("error"), "skipped": results.count("skipped")}
		self.assertEqual({name: int(suite.get(name)) for name in counts}, counts)
		return results

	def test_github(self):
		jobs = example("jobs:")["jobs"]
		steps = [step for job in jobs.values() for step in job["steps"]]
		self.assertTrue(all(job["runs-on"] for job in jobs.values()))
		self.assertTrue(all(len(step.keys() & {"uses", "run"}) == 1 for step in steps))
		for size, result, status in (("1G", "within", 0), ("4K", "over", 4)):
			self.budget(size)
			self.summary.write_text("", encoding="utf-8")
			done = [self.run_script(step["run"], ["bash", "-e", "-c"]) for step in steps if "run" in step]
			self.assertEqual(done, [0, status])
			self.check_markdown(self.summary.read_text(encoding="utf-8"), [result])

	def test_gitlab(self):
		job = example("memory:")["memory"]
		self.assertEqual(job["artifacts"]["when"], "always")
		report = self.folder / job["artifacts"]["reports"]["junit"]
		for size, result, status in (("1G", "passed", 0), ("4K", "failure", 4)):
			self.budget(size)
			self.assertEqual([self.run_script(line, ["sh", "-e", "-c"]) for line in job["script"]], [status])
			self.assertEqual(self.check_junit(report.read_text(encoding="utf-8")), [result])

	def test_expected(self):
		"""Hostile names and noise, too."""
		junit, markdown = (sorted(EXPECTED.glob(f"*-{form}.out")) for form in ("junit", "markdown"))
		self.assertGreater(min(len(junit), len(markdown)), 3)
		for path in junit:
			with self.subTest(path=path.name):
				self.check_junit(path.read_text(encoding="utf-8"))
		for path in markdown:
			with self.subTest(path=path.name):
				text = path.read_text(encoding="utf-8")
				results = [line.split("|")[1].strip(" *") for line in text.splitlines()[2:] if line[:1] == "|"]
				self.check_markdown(text, results)


if __name__ == "__main__":
	unittest.main(argv=sys.argv[:1])
