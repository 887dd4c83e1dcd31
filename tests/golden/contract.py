#!/usr/bin/env python3
"""Checks that the expected output of the golden tests is what the manual promises.

Every JSON must match its schema in man/ and add up, every CSV must be readable by another parser,
and no output may contain a byte that could act on a terminal. Needs python3-jsonschema.
"""

import csv
import io
import json
import os
import re
import sys

try:
	import jsonschema
except ImportError:
	sys.exit("contract: install python3-jsonschema")

import golden

MAX = 2**63 - 1


def counters(schema):
	names = schema["$defs"]["counters"]["required"]
	return [n for n in names if n != "processes"]


def read_schema(name):
	with open(os.path.join(golden.TOP, f"man/{name}.schema.json"), encoding="utf-8") as f:
		return json.load(f)


def read_json(text):
	"""Reads JSON with exact integers, rejecting duplicate members."""
	def once(pairs):
		if len(dict(pairs)) != len(pairs):
			raise ValueError("a member stands there twice")
		return dict(pairs)
	return json.loads(text.decode("utf-8"), object_pairs_hook=once)


def check_sums(report, names):
	"""The groups must add up to the totals; what is unknown in one of them is unknown in the totals."""
	totals, groups = report["totals"], report["groups"]
	for name in names:
		values = [g[name] for g in groups]
		if None in values:
			assert totals[name] is None, f"{name}: the totals know what a group does not"
		elif values:
			assert totals[name] == min(sum(values), MAX), f"{name}: the groups do not add up"
		else:
			assert not totals[name], f"{name}: there are no groups"


def check_coverage(report):
	coverage = dict(report["coverage"])
	outcomes = ("read", "no_memory", "denied", "vanished", "truncated", "malformed")
	assert coverage["seen"] == sum(coverage[o] for o in outcomes), \
		"the outcomes are not as many as were seen"
	assert len(coverage["denied_processes"]) <= min(coverage["denied"], 100)
	assert coverage["denied"] or coverage["denied_rss"] is None
	assert report["totals"]["processes"] <= coverage["read"]


def check_groups(report):
	"""A group must appear once and not exceed the totals; a process must count as one."""
	keys = set(report["groups"][0]) - set(report["totals"]) if report["groups"] else ()
	seen = [tuple(str(g.get(k)) for k in sorted(keys)) for g in report["groups"]]
	# Two processes may map the same addresses; only --by process,mapping tells them apart.
	assert len(set(seen)) == len(seen) or "mapping" in report["by"], "a group is there twice"
	for group in report["groups"]:
		assert 0 < group["processes"] <= report["totals"]["processes"]
		for whole, part in (("rss", "pss"), ("rss", "uss"), ("pss", "uss")):
			if None not in (group[whole], group[part]) and group[whole] != MAX:
				slack = 1024 * group["mappings"]  # Pss is rounded down in each mapping
				assert group[part] <= group[whole] + slack, f"{part} is more than {whole}"
		if report["by"] == ["mapping"] and group["size"] is not None:
			assert "end" not in group or group["size"] == int(group["end"], 16) - int(group["start"], 16) or \
				"bad/" in report["source"]["paths"][0], "the size is not that of the addresses"
		whole = group.get("subsystem", "")
		assert "hostile" in report["source"]["paths"][0] or whole.count("[") == whole.count("]"), \
			f"half a label is no subsystem: {whole}"
	if "process" in report["by"]:
		assert all(g["processes"] == 1 for g in report["groups"]), "processes share a group"


def check_json(case, text, schema):
	report = read_json(text)
	jsonschema.validate(report, schema, cls=jsonschema.Draft202012Validator)
	check_coverage(report)
	# Damaged sums and duplicates have their own cases.
	if not case.name.startswith("bad/sum"):
		check_groups(report)
	if "limit" not in case.name:
		check_sums(report, counters(schema))
	return report


def check_account(account):
	"""Known rows must add up to the total, and known parts to their row."""
	assert sum(row["bytes"] or 0 for row in account["rows"]) == account["total"]
	for row in account["rows"]:
		parts = [part["bytes"] or 0 for part in row["parts"]]
		assert not parts or sum(parts) == (row["bytes"] or 0), f"the parts of {row['name']} do not add up"


def check_machine(text):
	machine = read_json(text)
	jsonschema.validate(machine, read_schema("anonmem-machine-1"), cls=jsonschema.Draft202012Validator)
	check_account(machine["memory"])
	check_account(machine["swap"])


def check_change(row):
	"""There is a change where both figures are known, and only there."""
	known = row["before"] is not None and row["after"] is not None
	assert row["change"] == (row["after"] - row["before"] if known else None), "a wrong change"


def check_diff(text):
	"""The changes of all rows add up to that of the totals, if all are known."""
	diff = read_json(text)
	jsonschema.validate(diff, read_schema("anonmem-diff-1"), cls=jsonschema.Draft202012Validator)
	for row in [diff["totals"], *diff["groups"]]:
		check_change(row)
	changes = [row["change"] for row in diff["groups"]] + [diff["hidden"]["change"]]
	if None not in changes and diff["totals"]["change"] is not None:
		assert sum(changes) == diff["totals"]["change"], "the changes do not add up"
	known = [abs(change) for change in changes[:-1] if change is not None]
	assert known == sorted(known, reverse=True), "the largest change is not the first"
	for row in diff["groups"]:
		assert row["state"] != "new" or row["before"] == 0
		assert row["state"] != "gone" or row["after"] == 0


def check_check(text):
	"""The result follows from those of the rules."""
	check = read_json(text)
	jsonschema.validate(check, read_schema("anonmem-check-1"), cls=jsonschema.Draft202012Validator)
	results = {rule["result"] for rule in check["rules"]}
	assert check["result"] == next(r for r in ("over", "unknown", "within")
		if r in results or r == "within")
	for rule in check["rules"]:
		for finding in rule["findings"]:
			over = finding["result"] == "over"
			assert not over or finding["bytes"] is None or finding["bytes"] > finding["limit"]


def check_csv(case, text):
	assert text.count(b"\r\n") == text.count(b"\n"), "a line does not end in CRLF"
	rows = list(csv.reader(io.StringIO(text.decode("utf-8"), newline=""), strict=True))
	assert all(len(r) == len(rows[0]) for r in rows), "rows differ in their number of fields"
	return rows


def check_bytes(case, text):
	"""There may be anonmem's own colours, but no other controls or marks that reorder text."""
	shown = re.sub(r"\x1b\[[012]m", "", text.decode("utf-8")) if "color" in case.name \
		else text.decode("utf-8")
	bad = re.search(r"[^\n\r\x20-\x7e\u00a1-\u2027\u2030-\uffff\U00010000-\U000e0000]|[\u200b-\u200f]",
		shown)
	assert not bad, f"a raw {bad.group()!r}"
	if case.variables.get("LC_ALL") == "C" and "json" not in case.name:
		assert shown.isascii(), "not ASCII"


def same_numbers(report, rows):
	"""JSON and CSV of the same report must agree."""
	assert len(rows) == len(report["groups"]) + 1
	for row, group in zip(rows[1:], report["groups"]):
		for name, field in zip(rows[0], row):
			value = group.get(name)
			text = "" if value is None else str(value)
			assert isinstance(value, str) or field == text, f"{name}: {field} and {text}"


def check(case, schema):
	text = golden.expected(case, ".out")
	check_bytes(case, text)
	check_bytes(case, golden.expected(case, ".err"))
	if text.startswith(b'{"schema":"anonmem-machine/1"'):
		check_machine(text)
	elif b'"anonmem-check/1"' in text[:40]:
		check_check(text)
	elif text.startswith(b'{\n  "schema": "anonmem-diff/1"'):
		check_diff(text)
	elif text.startswith(b"{"):
		check_json(case, text, schema)
	if case.name.endswith(".csv") or "--csv" in case.arguments or "csv" in case.arguments:
		rows = check_csv(case, text)
		if case.name.endswith(".csv"):
			with open(case.path(".out")[: -len("csv.out")] + "json.out", "rb") as f:
				same_numbers(read_json(f.read()), rows)


def main():
	schema = read_schema("anonmem-1")
	failed, cases = 0, list(golden.read_cases())
	for case in cases:
		try:
			check(case, schema)
		except (AssertionError, ValueError, csv.Error, jsonschema.ValidationError) as e:
			failed += 1
			print(f"{case.name}: {e}\n")
	for path in golden.strays(cases):
		failed += 1
		print(f"{path}: belongs to no case; dev/golden clears up")
	print(f"contract: {len(cases)} expectations, {failed} wrong")
	return failed > 0


if __name__ == "__main__":
	sys.exit(main())
