#!/usr/bin/env python3
"""axe-core finds nothing serious in the page, light and dark, wide and narrow.

	accessible.py ANONMEM
"""

import os
import sys
import tempfile

import page
from browser import Browser, find, from_npm

BINARY = os.path.abspath(sys.argv[1])
PAGES = {"moment": ("--root", "fixtures/trees/server"), "time": ("--from", page.SERVICES),
	"comparison": ("diff", "fixtures/trees/live", "fixtures/trees/server"),
	"hostile": ("--smaps", "fixtures/smaps/hostile.smaps", "--by", "label")}
REPORT = """axe.run(document).then(found => found.violations.map(one =>
	[one.impact, one.id, one.help, one.nodes.slice(0, 3).map(node => node.html.slice(0, 200))]))"""


def install(folder):
	"""The text of axe-core, or None."""
	place = from_npm(folder, "axe-core")
	if not place:
		return None
	with open(os.path.join(place, "axe.min.js"), encoding="utf-8") as file:
		return file.read()


def main():
	if not find():
		return "page.accessible ... skipped 'chromium is missing'"
	failed = 0
	with tempfile.TemporaryDirectory() as folder:
		axe = install(folder)
		if not axe:
			return "page.accessible ... skipped 'npm does not give axe-core'"
		browser = Browser()
		for name, arguments in PAGES.items():
			path = os.path.join(folder, name + ".html")
			with open(path, "wb") as file:
				file.write(page.make(BINARY, *arguments))
			for scheme in ("light", "dark"):
				for width in (1200, 390):
					browser.look(scheme, width)
					browser.open(path)
					browser.run(axe + ";0")
					for impact, rule, help_text, nodes in browser.run(REPORT):
						print(name, scheme, width, impact, rule, help_text, nodes)
						failed += impact in ("serious", "critical")
		browser.close()
	return 1 if failed else 0


if __name__ == "__main__":
	result = main()
	if isinstance(result, str):
		print(result)
		result = 0
	sys.exit(result)
