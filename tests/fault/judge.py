"""Checks that the output of a disturbed run is right for what it says was read.

A captured tree does not change, so a run that lost a process must show the same as an undisturbed
run on the tree without that process, except for what is unknown. The counts do not tell which process
it is: any will do.
"""

import itertools
import json
import os
import re
import shutil
import tempfile

KEYS = {
	"label", "origin", "certainty", "subsystem", "kind", "pid", "process", "name", "user", "cgroup", "refresh"
}


def known(cell):
	"""In top, a process whose activity cannot be determined is read again."""
	return {"": None, "-": None, "kept": "read"}.get(cell, cell)


# Rows: the name of each, and its cells by column name

def rows_of_table(text):
	rows, names = [], None
	for line in text.splitlines():
		if re.match(r" *[A-Z]+ .*\bPSS\b", line):
			names = line.lower().split()
			keys = names.index("procs")
		elif names:
			numbers = line.split()[keys - len(names):]
			said = re.split(r"\s{2,}", re.sub(r"(\s+\S+){%d}$" % len(numbers), "", line).strip())
			rows.append(dict(zip(names, map(known, said + [None] * (keys - len(said)) + numbers))))
			if line.startswith("TOTAL"):
				names = None  # sentences follow
	return rows


def rows_of_csv(text):
	names, *lines = [line.split(",") for line in text.splitlines()]
	return [dict(zip(names, map(known, line))) for line in lines]


def rows_of_json(text):
	rows = []
	for report in reports(text):
		about = {name: value for name, value in report.items() if name not in ABOUT_THE_RUN}
		rows += [flat(about), report["totals"], *report["groups"]]
	return [{name: known(str(v) if isinstance(v, (str, list)) else v) for name, v in row.items()}
		for row in rows]


# The last one is known only if a page can be allocated to test it.
ABOUT_THE_RUN = ("totals", "groups", "coverage", "notes", "kept", "kernel_labels")


def reports(text):
	"""Several reports are on one line each."""
	return [json.loads(part) for part in ([text] if text.startswith("{\n") else text.splitlines())]


def flat(o):
	return {f"{name}.{n}": v for name, value in o.items()
		for n, v in (value.items() if isinstance(value, dict) else [("", value)])}


def rows_of(form, text):
	return {"json": rows_of_json, "csv": rows_of_csv, "table": rows_of_table}[form](text)


# Comparing

def agrees(after, row):
	"""Whether they agree, except for unknown values; a whole object may be unknown."""
	for name in row.keys() - after.keys():
		whole = name.split(".")[0] + "."
		if after.get(whole, name) is not None:
			return False
	return all(after[name] in (None, row.get(name, "")) for name in after)


def number(cell):
	return float(cell or 0)


def regroups(after, before):
	"""Whether rows with an unknown key form a group of their own, and are missing in the right ones."""
	names = [name for name in before[0] if name not in KEYS and is_number(before[0][name])]
	if not any(row.get(name) is None for row in after for name in KEYS & row.keys()):
		return False
	for row in after:
		same_keys = [b for b in before if all(row[k] in (None, b[k]) for k in KEYS & b.keys())]
		if not any(number(row[name]) <= number(b[name]) for b in same_keys for name in names):
			return False
	return all(abs(sum(number(row[name]) for row in after) - sum(number(b[name]) for b in before)) <= 0.2
		for name in names if not any(row[name] is None for row in after))


def is_number(cell):
	return isinstance(cell, (int, float)) or bool(re.fullmatch(r"[0-9.]+", cell or ""))


def shows(after, before):
	if len(after) == len(before) and all(map(agrees, after, before)):
		return True
	rest_after, rest_before = list(after), list(before)
	for row in before:
		if row in rest_after:
			rest_after.remove(row)
			rest_before.remove(row)
	return bool(rest_after) and bool(rest_before) and regroups(rest_after, rest_before)


def lacks_names(after, before):
	"""Whether only the names that processes keep are missing."""
	named = [row for row in before if row["origin"] == "process"]
	expected = [dict(row) for row in before if row["origin"] != "process"]
	for row in expected:
		if row["label"] == "[anon]":
			for name in row.keys() - KEYS:
				row[name] = str(int(row[name]) + sum(int(n[name]) for n in named))
	return sorted(after, key=by_label) == sorted(expected, key=by_label)


def by_label(row):
	return row["label"]


# What was lost

def counts(form, out, err):
	"""The number of processes that each report lacks; None if not every report has counts."""
	if form == "json":
		return [c["seen"] - c["read"] - c["no_memory"] for c in (r["coverage"] for r in reports(out))]
	text = err if form == "csv" else out
	found = re.findall(r"^(?:anonmem: )?(\d+) of (\d+) process(?:es)? read", text, re.M)
	left_out = sum(map(int, re.findall(r"^(\d+) process(?:es)? skipped", text, re.M)))
	if form == "csv":
		return None if found else []
	return [int(of) - int(n) + left_out for n, of in found]


class References:
	"""Undisturbed runs of a command on its trees without some processes; each is run once."""

	def __init__(self, tree, run):
		"""run(path) returns the output of the command for the trees there."""
		self.tree, self.run, self.made = tree, run, {}
		inside = sorted(os.listdir(tree))
		self.trees = [""] if "meminfo" in inside else inside
		self.pids = [sorted(p for p in os.listdir(os.path.join(tree, t)) if p.isdigit()) for t in self.trees]

	def all(self, lacking):
		"""Combinations of lost processes in each tree, smallest first."""
		sizes = lacking if lacking is not None else [range(len(p) + 1) for p in self.pids]
		each = [[c for n in ([size] if isinstance(size, int) else size) for c in itertools.combinations(pids, n)]
			for pids, size in zip(self.pids, sizes)]
		return sorted(itertools.product(*each), key=lambda lost: sum(map(len, lost)))

	def get(self, lost, whole):
		"""The output without the memory of the lost processes, or without the `whole` processes."""
		if (lost, whole) not in self.made:
			with tempfile.TemporaryDirectory() as folder:
				copy = os.path.join(folder, "tree")
				shutil.copytree(self.tree, copy, symlinks=True)
				for tree, pids in zip(self.trees, lost):
					for pid in pids:
						path = os.path.join(copy, tree, pid)
						shutil.rmtree(path) if whole else os.remove(os.path.join(path, "smaps"))
				self.made[lost, whole] = self.run(copy).replace(copy, self.tree)
		return self.made[lost, whole]


def is_accounted_for(form, out, err, references):
	"""Whether an undisturbed run without some processes shows the same."""
	after, lacking = rows_of(form, out), counts(form, out, err)
	if lacking == [] and form == "csv":
		lacking = [0] * len(references.trees)
	for lost in references.all(lacking):
		for whole in (False, True) if any(lost) else (False,):
			if shows(after, rows_of(form, references.get(lost, whole))):
				return True
	return False


def adds_up(form, out):
	"""For output that varies: whether the total is the sum of the rows."""
	if form == "json":
		return all(is_sum(r["totals"], r["groups"]) for r in reports(out) if "totals" in r)
	rows = rows_of(form, out)
	return is_sum(rows[-1], rows[:-1])


def is_sum(total, rows):
	names = [name for name in total if name not in KEYS | NO_SUMS and
		None not in (total[name], *(row[name] for row in rows))]
	return all(int(total[name]) == sum(int(row[name]) for row in rows) for name in names)


NO_SUMS = {"processes", "procs", "%pss"}
