#!/usr/bin/env python3
"""Adds captures up in another way and compares: captures.py ANONMEM

A capture is decoded, and everything but fields ignored, so lines are not parsed as anonmem does.
If not all lines of a capture count, LINES gives the part that does.
"""

import json
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = "fixtures/captures"
ENCODINGS = {"utf16": "utf-16", "utf16-swapped": "utf-16", "utf16-unmarked": "utf-16-le"}
# Which lines count: those of self and thread-self, of a repeated mapping and of a process that
# exited do not.
LINES = {
	"tail-self": lambda lines: lines[:lines.index("==> /proc/self/smaps <==")],
	"repeated": lambda lines: lines[:len(lines) - 15],
	"ended-meanwhile": lambda lines: lines[:100] + lines[151:],
}
# showmap prints its own sums: of RSS, PSS and swap.
TOTAL = re.compile(r" +(?:\d+) +(\d+) +(\d+) +\d+ +\d+ +\d+ +\d+ +(\d+) .* TOTAL")
PIDS = [77, 310, 1042]
# Numbers of processes that are read, have no memory, are denied and vanished; and their pids.
COVERAGE = {
	"tail": (3, 1, 0, 0, PIDS), "tail-self": (3, 0, 0, 0, PIDS), "tail-denied": (2, 0, 1, 1, [77, 310]),
	"endurance": (3, 0, 0, 0, PIDS), "endurance-old": (3, 1, 0, 0, PIDS), "loop": (3, 0, 0, 0, PIDS),
	"loop-numbers": (3, 0, 0, 0, PIDS), "loop-titles": (3, 0, 0, 0, PIDS), "grep": (3, 0, 0, 0, PIDS),
	"cat-errors": (3, 0, 3, 2, [None] * 3), "ended-meanwhile": (2, 0, 0, 1, [None] * 2),
	"above": (2, 0, 0, 0, [None] * 2), "self": (1, 0, 0, 0, [None]), "repeated": (1, 0, 0, 0, [None]),
	"showmap": (1, 0, 0, 0, [None]), "showmap-13": (1, 0, 0, 0, [None]), "showmap-crlf": (1, 0, 0, 0, [None]),
	"showmap-addresses": (1, 0, 0, 0, [None]), "showmap-verbose": (1, 0, 0, 0, [None]),
	"showmap-loop": (3, 0, 0, 0, PIDS), "showmap-several": (3, 0, 1, 0, [None] * 3),
	"bugreport": (2, 1, 1, 2, [1, 620]),
	"nonlinear": (1, 0, 0, 0, [None]), "nonlinear-last": (1, 0, 0, 0, [None]),
}
OTHERS = (3, 0, 0, 0, [None] * 3)


def sums(name):
	"""RSS, PSS and swap in bytes."""
	with open(os.path.join(FOLDER, name), "rb") as f:
		text = f.read().decode(ENCODINGS.get(name, "utf-8-sig"))
	lines = LINES.get(name, list)(re.split(r"\r*\n", text))
	totals = [[int(n) for n in total.groups()] for total in map(TOTAL.fullmatch, lines) if total]
	if totals:
		return {key: 1024 * sum(column) for key, column in zip(("rss", "pss", "swap"), zip(*totals))}
	return {key: 1024 * sum(int(n) for line in lines for n in re.findall(field + r": +(\d+) kB", line))
		for key, field in (("rss", "Rss"), ("pss", r"\bPss"), ("swap", r"\bSwap"))}


def report(binary, name, by):
	done = subprocess.run([binary, "--smaps", os.path.join(FOLDER, name), "--by", by, "--json"],
		capture_output=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
	assert done.returncode == 0 and not done.stderr, f"status {done.returncode}, {done.stderr}"
	return json.loads(done.stdout)


def check(binary, name):
	read, without, denied, vanished, pids = COVERAGE.get(name, OTHERS)
	whole = report(binary, name, "process")
	for key, value in sums(name).items():
		assert whole["totals"][key] == value, f"{key} is {whole['totals'][key]}, not {value}"
	want = {"read": read, "no_memory": without, "denied": denied, "vanished": vanished,
		"seen": read + without + denied + vanished}
	for key, value in want.items():
		assert whole["coverage"][key] == value, f"{key}: {whole['coverage'][key]}, not {value}"
	got = sorted((group.get("pid") for group in whole["groups"]), key=lambda pid: pid or 0)
	assert got == pids, f"pids {got}, not {pids}"
	names = {group["label"] for group in report(binary, name, "label")["groups"]}
	assert not any(re.search(r"\r| $", label) for label in names), f"labels {names}"


def main():
	binary = os.path.abspath(sys.argv[1])
	os.chdir(TOP)
	failed, names = 0, sorted(n for n in os.listdir(FOLDER) if not n.startswith("bad-"))
	for name in names:
		try:
			check(binary, name)
		except (AssertionError, ValueError) as e:
			failed += 1
			print(f"{name}: {e}")
	print(f"captures: {len(names) - failed} of {len(names)} add up to the same")
	return failed > 0 or not names


if __name__ == "__main__":
	sys.exit(main())
