#!/usr/bin/env python3
"""Adds the fixtures up in another way and compares: independent.py ANONMEM

A mapping is everything between two headers; its label comes from a short list of patterns, without
guesses (--no-infer). This shares no code with anonmem and does not use the expected files.
"""

import glob
import json
import os
import re
import subprocess
import sys
from collections import defaultdict

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RUNS = 20
HEADER = re.compile(rb"^([0-9a-f]+)-([0-9a-f]+) ([rwxps-]{4}) \S+ ([^:]+):\S+ (\d+)(?: +(.*))?$", re.S)
FIELD = re.compile(rb"^(\w+): +(\d+) kB$")
# What cannot be read in the hand-made trees, and why.
MISSED = {"faulty/12": "denied", "faulty/13": "truncated", "faulty/14": "truncated",
	"faulty/15": "malformed", "faulty/23": "vanished", "gone/32": "vanished",
	**{p: "denied" for p in ("nosmaps/61", "nosmaps/62", "rights/53", "rights/54", "rights/55")}}
# Trees whose processes share memory, which the golden cases cover, or whose list of them is
# damaged.
SHARING = ("fixtures/trees/once", "fixtures/trees/unshared")
LABELS = (
	(rb"", "[anon]"),
	(rb"/memfd:(.*) \(deleted\)", r"[memfd:%s]"),
	(rb"/dev/ashmem/(.*) \(deleted\)", r"[ashmem:%s]"),
	(rb"/dev/(ashmem) \(deleted\)", "[%s]"),
	(rb"/SYSV[0-9a-f]{8} \(deleted\)", "[sysv_shm]"),
	(rb"/dev/zero \(deleted\)", "[anon_shmem]"),
	(rb"/dev/zero", "[anon]"),
	(rb"/anon_hugepage \(deleted\)", "[anon_hugepage]"),
	(rb"/(secretmem|i915|drm mm object) \(deleted\)", "[%s]"),
	(rb"/\[aio\] \(deleted\)", "[aio]"),
	(rb"/dmabuf:(.*)", "[dmabuf:%s]"),
	(rb"/(?:dev/hugepages|run/(?:media|host))/.*", "[file]"),
	(rb"/(?:dev|run)/shm/.* on 0", "[posix_shm]"),
	(rb"/(?:dev/(?!shm/)|sys/|proc/).*", None),
	(rb"/run/.* on 0", "[tmpfs]"),
	(rb"(?:/|\(unreachable\)).*", "[file]"),
	(rb"(.*)", "%s"),
)


def json_name(field):
	"""AnonHugePages is anon_huge_pages, Pss_Dirty pss_dirty, KSM ksm."""
	return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", field.decode()).lower()


def label_of(name, device):
	"""Paths that look like memory are memory only without a device."""
	for pattern, label in LABELS:
		whole = name + b" on %d" % int(device, 16) if pattern.endswith(b" on 0") else name
		found = re.fullmatch(pattern, whole, re.S)
		if found and label is None:
			return show(name)
		if found:
			return label.replace("%s", show(found.group(1))) if "%s" in label else label
	raise AssertionError(name)


def show(name):
	"""As in JSON: text that is not UTF-8 is escaped as a whole."""
	try:
		return name.decode("utf-8")
	except UnicodeDecodeError:
		assert b"\\" not in name
		return name.decode("ascii", "octal")


def octal(e):
	return "".join(f"\\{b:03o}" for b in e.object[e.start:e.end]), e.end


def mappings(text):
	"""Yields (start, label, {name: bytes}) for each."""
	for line in text.split(b"\n"):
		header, field = HEADER.match(line), FIELD.match(line)
		if header:
			values = {"mappings": 1}
			yield int(header.group(1), 16), int(header.group(2), 16), \
				label_of(header.group(6) or b"", header.group(4)), values
		elif field:
			values[json_name(field.group(1))] = 1024 * int(field.group(2))


def add(groups, text):
	"""Adds one input; returns its number of processes."""
	before, processes = 0, 0
	seen = set()
	for start, end, label, values in list(mappings(text)):
		if start < before or not processes:
			processes, seen = processes + 1, set()
		before = end
		if label not in seen:
			groups[label]["processes"].append(1)
			seen.add(label)
		if "private_clean" in values:
			values["uss"] = values["private_clean"] + values["private_dirty"]
		if "shared_hugetlb" in values and "private_hugetlb" in values:
			values["hugetlb"] = values["shared_hugetlb"] + values["private_hugetlb"]
		for name, value in values.items():
			groups[label][name].append(value)
	return processes


def add_tree(tree):
	groups = defaultdict(lambda: defaultdict(list))
	coverage = defaultdict(int)
	for folder in glob.glob(f"{tree}/[0-9]*"):
		coverage["seen"] += 1
		why = MISSED.get(os.path.relpath(folder, "fixtures/trees"))
		if why:
			coverage[why] += 1
			continue
		with open(f"{folder}/smaps", "rb") as f:
			text = f.read()
		coverage["read" if add(groups, text) else "no_memory"] += 1
	return groups, coverage


def add_file(path):
	groups = defaultdict(lambda: defaultdict(list))
	with open(path, "rb") as f:
		processes = add(groups, f.read())
	return groups, {"seen": processes, "read": processes}


def compare(report, groups, coverage):
	for name in ("seen", "read", "no_memory", "denied", "vanished", "truncated", "malformed"):
		count = report["coverage"][name]
		assert count == coverage.get(name, 0), f"{name}: {count}, not {coverage.get(name, 0)}"
	assert {g["label"] for g in report["groups"]} == set(groups), \
		f"labels: {({g['label'] for g in report['groups']}) ^ set(groups)}"
	for group in report["groups"]:
		mine = groups[group["label"]]
		for name, value in group.items():
			# Dividing swapped shared memory is not checked here.
			if name in ("label", "origin", "swap_pss_min") or \
					(name == "swap_pss" and "swap_pss_min" in group):
				continue
			# A field that any mapping lacks is unknown.
			known = name in ("processes", "mappings") or len(mine[name]) == len(mine["mappings"])
			want = sum(mine[name]) if known else None
			assert value == want, f"{group['label']}: {name} is {value}, not {want}"
	# Everything that was read must be there, except what no report shows.
	shown = set(report["totals"]) | {"kernel_page_size", "mmupage_size", "mmu_page_size"}
	read = {name for group in groups.values() for name in group if group[name]}
	assert read <= shown, f"not shown: {read - shown}"


def main():
	binary = os.path.abspath(sys.argv[1])
	os.chdir(TOP)
	failed, count = 0, 0
	inputs = [(["--root", t], add_tree(t)) for t in sorted(glob.glob("fixtures/trees/*"))
		if t not in SHARING]
	inputs += [(["--smaps", f], add_file(f)) for f in sorted(glob.glob("fixtures/smaps/*.smaps"))]
	for arguments, (groups, coverage) in inputs:
		count += 1
		# The result must not depend on threads and their order.
		runs = [subprocess.run([binary, *arguments, "--json", "--no-infer"], capture_output=True, check=False,
			env={**os.environ, "LC_ALL": "C.UTF-8"}) for _ in range(RUNS)]
		try:
			assert len({(r.returncode, r.stdout, r.stderr) for r in runs}) == 1, "it varies"
			compare(json.loads(runs[0].stdout), groups, coverage)
		except (AssertionError, ValueError) as e:
			failed += 1
			print(f"anonmem {' '.join(arguments)}: {e}")
	print(f"independent: {count - failed} of {count} inputs add up to the same")
	return failed > 0 or count == 0


if __name__ == "__main__":
	import codecs
	codecs.register_error("octal", octal)
	sys.exit(main())
