#!/usr/bin/env python3
"""speedscope shows what --format folded writes: each name with its size, whatever the name is.

	speedscope.py ANONMEM [FOLDER]	FOLDER gets pictures
"""

import base64
import collections
import json
import os
import sys
import tempfile
import time

import page
from browser import Browser, find, from_npm

BINARY = os.path.abspath(sys.argv[1])
PICTURES = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
INDEX = "dist/release/index.html"

CASES = {
	"report": ("--root", "fixtures/trees/server", "--by", "name,subsystem,label"),
	"hostile": ("--smaps", "fixtures/smaps/hostile.smaps", "--by", "label,file"),
	"recording": ("--from", page.RECORDING + "@2026-11-29T19:30Z", "--by", "cgroup,name,label"),
	"diff": ("diff", "fixtures/trees/live", "fixtures/trees/server", "--by", "name,subsystem,label"),
}

OPEN_TABLE = """[...document.querySelectorAll('div')].filter(one => one.textContent.endsWith('Sandwich'))
	.pop().click()"""
ROWS = """[...document.querySelectorAll('tr')].slice(1)
	.map(row => [...row.children].map(one => one.textContent))"""


def own_sizes(folded):
	"""What each innermost name has itself."""
	sizes = collections.Counter()
	for line in folded.decode().splitlines():
		stack, _, size = line.rpartition(" ")
		sizes[stack.rpartition(";")[2]] += int(size)
	return sizes


def show(browser, place, folder, name, folded):
	"""The rows of its table: the size of a name itself and the name."""
	script = os.path.join(folder, name + ".js")
	with open(script, "w", encoding="ascii") as file:
		file.write("speedscope.loadFileFromBase64(%s, %s)" % (json.dumps(name + ".folded"),
			json.dumps(base64.b64encode(folded).decode())))
	browser.look(height=4000)
	browser.open("about:blank")
	browser.open("%s#localProfilePath=%s" % (os.path.join(place, INDEX), script))
	for _ in range(300):
		if "Sandwich" in browser.run("document.body.innerText"):
			break
		time.sleep(0.1)
	if PICTURES:
		browser.look(height=600)
		browser.settle()
		browser.picture(os.path.join(PICTURES, "speedscope-%s.png" % name))
		browser.look(height=4000)
	browser.run(OPEN_TABLE)
	browser.settle()
	return [(int(own.split()[0].replace(",", "")), symbol) for _, own, symbol in browser.run(ROWS)]


def check(browser, place, folder, name, arguments):
	command = arguments[:1] if arguments[0] == "diff" else ()
	folded = page.run(BINARY, *command, "--format", "folded", "-q", *arguments[len(command):])
	expected = own_sizes(folded)
	rows = show(browser, place, folder, name, folded)
	own = [row for row in rows if row[0] > 0]
	assert len(own) == sum(size > 0 for size in expected.values()), (name, len(own), len(expected))
	for size, symbol in own:
		assert expected[symbol] == size, (name, symbol, size, expected[symbol])
	errors = [text for text in browser.complaints if "WebGL" not in text and "import" not in text.lower()
		and "speedscope v" not in text]
	assert not errors, (name, errors)


def main():
	if not find():
		return "page.speedscope ... skipped 'chromium is missing'"
	with tempfile.TemporaryDirectory() as folder:
		place = from_npm(folder, "speedscope")
		if not place:
			return "page.speedscope ... skipped 'npm does not give speedscope'"
		browser = Browser()
		try:
			for name, arguments in CASES.items():
				check(browser, place, folder, name, arguments)
		finally:
			browser.close()
	return "page.speedscope: %d cases" % len(CASES)


if __name__ == "__main__":
	print(main())
