#!/usr/bin/env python3
"""The page in a headless Chromium: what it shows, by mouse and by keyboard, and that names are text.

	shown.py ANONMEM [FOLDER]	FOLDER gets pictures
"""

import os
import sys
import tempfile
import unittest

import page
from browser import Browser, find

BINARY = os.path.abspath(sys.argv[1])
PICTURES = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None

HOSTILE = [b"</script><script>owned=1</script>", b"<img src=x onerror=owned=1>", b"<!--<script>", b"]]>",
	b"&lt;b&gt;&amp;", b"\"'`${owned=1}", b"__proto__", b"constructor", b"\xe2\x80\xae.gpj\xe2\x81\xa6",
	"\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627".encode(), b"\x1b]0;owned\x07", b"\xff\xfe",
	b"javascript:owned=1",
	b"\\u003cscript>", b"%3Cscript%3E"]


def hostile_smaps():
	names = HOSTILE + [b"label %d" % i for i in range(500 - len(HOSTILE))]
	lines = [b"%x-%x rw-p 00000000 00:00 0 [anon:%s]\nSize: %d kB\nRss: %d kB\nPss: %d kB\n"
		% (0x10000000 + i * 0x1000000, 0x10000000 + i * 0x1000000 + 4096 * 1024, name, 4096, 2000 - i, 2000 - i)
		for i, name in enumerate(names)]
	lines.append(b"7f0000000000-7f0000400000 rw-p 00000000 00:00 0 /%s\nSize: 4096 kB\nRss: 4 kB\nPss: 4 kB\n"
		% (b"x<b>" * 250000))
	return b"".join(lines)


class Shown(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.folder = tempfile.TemporaryDirectory()
		cls.browser = Browser()

	@classmethod
	def tearDownClass(cls):
		cls.browser.close()
		cls.folder.cleanup()

	def open(self, name, *arguments, scheme="light", width=1200):
		path = os.path.join(self.folder.name, name + ".html")
		with open(path, "wb") as file:
			file.write(page.make(BINARY, *arguments))
		self.browser.look(scheme, width)
		self.browser.open(path)

	def tearDown(self):
		self.assertEqual(self.browser.complaints, [])

	def picture(self, name):
		if PICTURES:
			self.browser.picture(os.path.join(PICTURES, name + ".png"))

	def run_it(self, expression):
		return self.browser.run(expression)

	def texts(self, selector):
		return self.run_it("[...document.querySelectorAll(%r)].map(one => one.textContent)" % selector)

	def column(self, number):
		return self.texts("#rows tbody tr > :nth-child(%d)" % number)

	def test_moment(self):
		for scheme, width in (("light", 1200), ("dark", 1200), ("light", 390), ("dark", 390)):
			self.open("moment", "--root", "fixtures/trees/server", scheme=scheme, width=width)
			self.assertEqual(self.texts("h1"), ["Memory of example"])
			self.assertEqual(self.texts("#rows tfoot th"), ["Total"])
			# Nothing is wider than the window.
			self.assertLessEqual(self.run_it("document.documentElement.scrollWidth"), width)
			back = self.run_it("getComputedStyle(document.body).backgroundColor")
			self.assertEqual(back == "rgb(255, 255, 255)", scheme == "light")
			self.picture("moment-%s-%d" % (scheme, width))

	def test_figures(self):
		"""Sizes are written as in a table of a terminal."""
		arguments = ("--root", "fixtures/trees/server", "--by", "label", "-o", "rss,pss")
		table = page.run(BINARY, *arguments, "-q", "-a", "--no-header").decode().splitlines()[:-1]
		self.open("figures", *arguments)
		self.assertEqual(list(zip(self.column(1), self.column(2), self.column(3))),
			[tuple(line.rsplit(None, 2)) for line in table])

	def test_search_and_sort(self):
		self.open("sort", "--root", "fixtures/trees/server", "--by", "name,label")
		rows = len(self.column(1))
		self.run_it("search = document.getElementById('search'); search.value = 'java';"
			"search.dispatchEvent(new Event('input'))")
		self.assertTrue(self.column(1))
		self.assertTrue(all("java" in name + label for name, label in zip(self.column(1), self.column(2))))
		self.assertLess(len(self.column(1)), rows)
		self.assertEqual(self.texts("#shown"), ["%d of %d rows" % (len(self.column(1)), rows)])
		self.run_it("search.value = ''; search.dispatchEvent(new Event('input'));"
			"document.querySelector('#rows thead button').focus()")
		self.browser.key("Enter")
		self.run_it("document.activeElement.click()")
		names = self.column(1)
		self.assertEqual(self.run_it("document.activeElement.parentNode.getAttribute('aria-sort')"), "ascending")
		self.assertEqual(names, sorted(names, key=lambda name: name.lower()))

	def test_boxes(self):
		self.open("boxes", "--root", "fixtures/trees/server", "--by", "name,label")
		self.run_it("document.querySelector('#icicle [tabindex=\"0\"]').focus()")
		here = "document.activeElement.getAttribute('aria-label')"
		self.assertRegex(self.run_it(here), r"^Everything 1\.5G, 100\.0 %$")
		self.browser.key("ArrowDown")
		self.assertRegex(self.run_it(here), "^java ")
		self.browser.key("ArrowRight")
		self.assertNotRegex(self.run_it(here), "^java")
		self.browser.key("ArrowLeft")
		self.browser.key("Enter")
		self.assertRegex(self.run_it(here), "^java ")
		width = "document.activeElement.querySelector('rect').getBoundingClientRect().width"
		self.assertGreater(self.run_it(width), 1000)
		self.browser.key("Escape")
		self.assertRegex(self.run_it(here), "^Everything ")

	def test_time(self):
		for scheme, width in (("light", 1200), ("dark", 1200), ("light", 390)):
			self.open("time", "--from", page.SERVICES, scheme=scheme, width=width)
			self.assertEqual(self.run_it("document.getElementById('time').hidden"), False)
			self.assertLessEqual(self.run_it("document.documentElement.scrollWidth"), width)
			self.picture("time-%s-%d" % (scheme, width))

	def test_two_moments(self):
		self.open("two", "--from", page.SERVICES)
		box = self.run_it("document.querySelector('#chart svg').getBoundingClientRect().toJSON()")
		middle = box["y"] + box["height"] / 2
		self.browser.drag(box["x"] + 100, middle, box["x"] + box["width"] - 40, middle)
		self.assertRegex(self.texts("#growth")[0],
			r"^From 2026-11-29 17:.*: \+\d+M\. Largest changes: .*shop · \[heap\]")
		self.assertIn("CHANGE", "".join(self.texts("#rows thead th")))
		self.assertEqual(self.column(2)[0], "shop")
		self.picture("two")
		self.run_it("document.getElementById('zoom-in').click()")
		self.browser.drag(box["x"] + 300, middle, box["x"] + 300, middle)
		self.assertEqual(self.texts("#growth"), [""])
		before = self.texts("#moment-text")
		self.run_it("document.getElementById('moment').focus()")
		self.browser.key("ArrowRight")
		self.assertNotEqual(self.texts("#moment-text"), before)
		self.browser.key("Home")
		self.assertRegex(self.texts("#moment-text")[0], "^2026-11-29 17:00:50, ")
		self.assertEqual(self.run_it("document.getElementById('moment').getAttribute('aria-valuetext')"),
			self.texts("#moment-text")[0])

	def test_one_sample(self):
		"""A sample without neighbours is a bar in the middle."""
		self.open("one", "--from", page.RECORDING + "@first..first")
		self.assertRegex(self.texts("#thinning")[0], "^1 sample[.]")
		chart, area = (self.run_it("document.querySelector('#chart %s').getBoundingClientRect().toJSON()" % one)
			for one in ("svg", "path.area"))
		self.assertGreater(area["width"], 4)
		self.assertGreater(area["height"], 4)
		self.assertGreater(area["x"], chart["x"] + chart["width"] / 3)
		self.assertLess(area["x"], chart["x"] + chart["width"] * 2 / 3)
		self.picture("one")

	def test_comparison(self):
		"""What grew is in its boxes, and both sides are named."""
		self.open("comparison", "diff", "fixtures/trees/live", "fixtures/trees/server")
		self.assertEqual(self.texts("#facts dt"), ["BEFORE", "AFTER", "CHANGE"])
		self.assertIn("a comparison of fixtures/trees/live and fixtures/trees/server", self.texts("#subtitle")[0])
		self.assertIn("between the two sides", self.texts("#shape-hint")[0])
		fills = self.run_it("[...document.querySelectorAll('#icicle rect')].map(one => one.getAttribute('fill'))")
		self.assertIn("#ff725c", fills)
		self.picture("comparison")

	def test_keys(self):
		self.open("keys", "--from", page.SERVICES)
		self.assertEqual(self.texts("#stack-by option"), ["cgroup", "name", "subsystem", "label"])
		self.run_it("key = document.getElementById('stack-by'); key.value = '1';"
			"key.dispatchEvent(new Event('change'))")
		self.assertEqual(self.texts("#legend bdi")[:2], ["postgres", "shop"])

	def test_hostile(self):
		path = os.path.join(self.folder.name, "hostile.smaps")
		with open(path, "wb") as file:
			file.write(hostile_smaps())
		for scheme in ("light", "dark"):
			self.open("hostile", "--smaps", path, "--by", "label,file", scheme=scheme)
			self.run_it("document.getElementById('more').click()")
			self.assertEqual(len(self.column(1)), 501)
			self.assertEqual(self.run_it("typeof owned"), "undefined")
			self.assertEqual(self.run_it("document.querySelectorAll('img, iframe, body b, script').length"), 2)
			labels = self.column(1)
			self.assertEqual(labels[0], "[anon:%s]" % HOSTILE[0].decode())
			self.assertEqual(labels[1], "[anon:%s]" % HOSTILE[1].decode())
			self.assertIn("[anon:__proto__]", labels)
			self.assertIn("[anon:\\342\\200\\256.gpj\\342\\201\\246]", labels)
			self.assertIn("[anon:%s]" % HOSTILE[9].decode(), labels)
			self.assertLess(max(len(text) for text in self.column(2)), 250)
		self.picture("hostile")

	def test_few(self):
		self.open("few", "--root", "fixtures/trees/server", "--by", "kind", "--limit", "2")
		self.assertEqual(len(self.column(1)), 2)
		self.picture("few")

	def test_print(self):
		self.open("print", "--from", page.SERVICES)
		path = os.path.join(PICTURES or self.folder.name, "page.pdf")
		self.browser.print(path)
		self.assertGreater(os.path.getsize(path), 10000)


if __name__ == "__main__":
	if not find():
		print("page.browser ... skipped 'chromium is missing'")
		sys.exit()
	unittest.main(argv=sys.argv[:1])
