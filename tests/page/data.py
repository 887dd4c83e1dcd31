#!/usr/bin/env python3
"""What is in a page: as expected, byte for byte; and the same figures as in reports.

	data.py ANONMEM [--update]
"""

import json
import os
import re
import sys
import tempfile
import time
import unittest

import page

HERE = os.path.dirname(os.path.abspath(__file__))
BINARY = os.path.abspath(sys.argv[1])
UPDATE = "--update" in sys.argv

EXPECTED = {
	"recording": ("--from", page.SERVICES),
	"moment": ("--from", page.RECORDING + "@2026-11-29T19:30Z"),
	"tree": ("--root", "fixtures/trees/labelled"),
	"hostile": ("--smaps", "fixtures/smaps/hostile.smaps", "--by", "label"),
}


def mapping(start, label, kib):
	return (b"%x-%x rw-p 00000000 00:00 0 %s\nSize: %d kB\nRss: %d kB\nPss: %d kB\nSwap: 0 kB\nSwapPss: 0 kB\n"
		% (start, start + kib * 1024, label, kib, kib, kib))


class Data(unittest.TestCase):
	def test_expected(self):
		for name, arguments in EXPECTED.items():
			path = os.path.join(HERE, "expected", name + ".json")
			text = page.data_text(page.make(BINARY, *arguments))
			if UPDATE:
				with open(path, "wb") as file:
					file.write(text)
			with open(path, "rb") as file:
				self.assertEqual(text.decode(), file.read().decode(), name)

	def test_from(self):
		"""However the source is named, without --by too."""
		for option, path in (("--root", "fixtures/trees/server"), ("--smaps", "fixtures/smaps/labels.smaps")):
			named, found = (page.data(page.make(BINARY, one, path)) for one in (option, "--from"))
			self.assertGreater(len(found["rows"]), 3)
			self.assertEqual((found["by"], found["rows"]), (named["by"], named["rows"]))

	def test_figures_of_a_moment(self):
		for arguments in (("--root", "fixtures/trees/server"), ("--root", "fixtures/trees/swapped"),
				("--from", page.RECORDING + "@2026-11-29T19:30Z"), ("--smaps", "fixtures/smaps/labels.smaps")):
			data = page.data(page.make(BINARY, *arguments, "--by", "kind,label"))
			report = json.loads(page.run(BINARY, *arguments, "--by", "kind,label", "--json"))
			names = [column["name"] for column in data["columns"]]
			self.assertEqual(len(data["rows"]), len(report["groups"]))
			for row, group in zip(data["rows"], report["groups"]):
				for name, cell in zip(names, row):
					if name not in group:
						continue
					expected = group[name]
					if isinstance(cell, list) and name not in ("label", "subsystem"):
						self.assertEqual(cell[0], group[name + "_min"])
					elif name in ("label", "subsystem"):
						self.assertTrue(cell.startswith(expected), (cell, expected))
					else:
						self.assertEqual(cell, expected, name)

	def test_figures_over_time(self):
		"""At any instant that is drawn, rows and totals are those of a report of it."""
		data = page.data(page.make(BINARY, "--from", page.SERVICES, "--by", "name,label"))
		line = data["timeline"]
		times, total = page.decode(line["times"]), page.decode(line["total"])
		tracks = {tuple(track["row"][:2]): page.decode(track["values"]) for track in line["tracks"]}
		for at in range(0, len(times), 13):
			when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(times[at] // 1000))
			report = json.loads(page.run(BINARY, "--from", page.RECORDING + "@" + when, "--by", "name,label",
				"--json", "-a"))
			self.assertEqual(total[at], report["totals"]["pss"])
			here = {key: values[at] for key, values in tracks.items() if values[at]}
			self.assertEqual(sorted(here.values()), sorted(group["pss"] for group in report["groups"]))
			self.assertEqual(here[("postgres", "[anon]")], [group["pss"] for group in report["groups"]
				if group["name"] == "postgres" and group["label"] == "[anon]"][0])

	def test_stacks(self):
		"""What is stacked by a key is all that has it, in rows of the page or not."""
		arguments = ("--from", page.SERVICES, "--by", "name,label")
		line = page.data(page.make(BINARY, *arguments, "--limit", "1"))["timeline"]
		rows = page.data(page.make(BINARY, *arguments))["timeline"]["tracks"]
		self.assertEqual([len(line["tracks"]), len(rows)], [1, 6])
		for key in (0, 1):
			self.assertEqual({one["names"][0] for one in line["stacks"][key]}, {row["row"][key] for row in rows})
			for one in line["stacks"][key]:
				same = [page.decode(row["values"]) for row in rows if row["row"][key] == one["names"][0]]
				self.assertEqual(page.decode(one["values"]), [sum(values) for values in zip(*same)])

	def test_peaks(self):
		"""The most of each row is drawn, and so is when it was."""
		line = page.data(page.make(BINARY, "--from", page.SERVICES))["timeline"]
		times = page.decode(line["times"])
		for track in line["tracks"]:
			values = page.decode(track["values"])
			self.assertEqual(max(values), track["peak"])
			self.assertEqual(values[times.index(track["peak_time"])], track["peak"])

	def test_spans(self):
		def times(span):
			found = page.decode(page.data(page.make(BINARY, "--from", page.RECORDING + span))["timeline"]["times"])
			return [time.strftime("%d-%H:%M", time.gmtime(found[i] // 1000)) for i in (0, -1)]

		self.assertEqual(times("@2026-11-29T17:20Z..2026-11-29T17:40Z"), ["29-17:20", "29-17:39"])
		self.assertEqual(times("@..2026-11-29T17:40Z")[1], "29-17:39")
		self.assertEqual(times("@2026-11-29T19:58Z..")[0], "29-19:58")
		self.assertEqual(times(""), times("@first..last"))
		# It may begin and end where nothing was recorded.
		self.assertEqual(times("@2026-11-29T19:00Z..2026-11-29T19:40Z")[1], "29-19:40")
		for span in ("@2026-11-29T17:40Z..2026-11-29T17:20Z", "@x..", "@..x", "@2027-01-01T10:00Z.."):
			page.make(BINARY, "--from", page.RECORDING + span, status=2)
		page.run(BINARY, "--from", page.RECORDING + "@first..last", status=2)

	def test_column(self):
		line = page.data(page.make(BINARY, "--from", page.SERVICES, "-o", "swap"))["timeline"]
		self.assertEqual(line["column"], "swap")
		page.make(BINARY, "--from", page.SERVICES, "-o", "mappings", status=2)
		page.run(BINARY, "top", "-b", "-f", "html", "-n", "1", status=2)

	def test_comparison(self):
		text = page.run(BINARY, "diff", "fixtures/trees/live", "fixtures/trees/labelled", "-f", "html")
		data = page.data(text)
		self.assertEqual(data["source"], "diff")
		self.assertEqual(data["paths"], ["fixtures/trees/live", "fixtures/trees/labelled"])
		self.assertEqual([column["name"] for column in data["columns"] if column["key"] is None],
			["before", "after", "change", "state"])

	def test_nothing_is_markup(self):
		for name, arguments in EXPECTED.items():
			self.assertNotRegex(page.data_text(page.make(BINARY, *arguments)), rb"[<>&]", name)

	def test_size(self):
		"""At most 1 MiB, whatever there is; names are shortened."""
		with tempfile.NamedTemporaryFile(suffix=".smaps") as file:
			for i in range(20000):
				file.write(mapping(0x10000000 + i * 0x100000, b"[anon:" + b"<&\\" * 25 + b"%d]" % i, 4))
			file.write(mapping(0x7f0000000000, b"/" + b"\xe2\x82\xac" * 300000, 4000))
			file.flush()
			text = page.make(BINARY, "--smaps", file.name, "--by", "file,label,mapping")
		data = page.data(text)
		self.assertLess(len(text), 1 << 20)
		self.assertGreater(data["left_out"], 0)
		self.assertEqual(data["rows"][-1], None)
		for row in data["rows"][:-1]:
			for cell in row:
				self.assertTrue(cell is None or not isinstance(cell, str) or len(cell.encode()) <= 250)

	def test_policy(self):
		text = page.make(BINARY, "--root", "fixtures/trees/labelled").decode()
		policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1)
		self.assertIn("default-src 'none'", policy)
		self.assertNotIn("unsafe", policy)
		self.assertNotRegex(text, r'(src|href)="(?!#)')


if __name__ == "__main__":
	unittest.main(argv=sys.argv[:1])
