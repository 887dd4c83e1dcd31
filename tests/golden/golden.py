#!/usr/bin/env python3
"""Runs the golden cases: output and exit status of anonmem must be exactly as expected.

	golden.py [--binary ANONMEM] [--update] [GROUP...]
	golden.py --groups

Uses only Python's standard library.
"""

import argparse
import difflib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
EXPECTED = os.path.join(HERE, "expected")
FORMATS = ("table", "json", "csv")


class Case:
	def __init__(self, name, status, words):
		self.name, self.status = name, status
		self.group = name.split("/")[0]
		self.variables, self.input = {}, os.devnull
		while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
			key, value = words.pop(0).split("=", 1)
			self.variables[key] = value
		if len(words) > 1 and words[-2] == "<":
			self.input = words[-1]
			words = words[:-2]
		self.arguments = [w.replace("\\e", "\x1b").replace("\\n", "\n") for w in words]

	def path(self, end):
		return os.path.join(EXPECTED, self.name + end)


def by_format(name, status, words):
	"""GROUP/* ARGUMENTS :: KEYS...: one case per key. The machine's own rules are
	disabled."""
	at = words.index("::")
	for keys in words[at + 1:]:
		rules = ["--no-rules"] if "subsystem" in keys else []
		for form in FORMATS:
			yield Case(f"{name[:-1]}{keys}.{form}", status,
				words[:at] + ["--by", keys] + rules + ["--format", form])


def read_cases():
	with open(os.path.join(HERE, "cases"), encoding="utf-8") as f:
		for line in f:
			words = shlex.split(line, comments=True)
			if not words:
				continue
			name, status, rest = words[0], int(words[1]), words[2:]
			if name.endswith("*"):
				yield from by_format(name, status, rest)
			else:
				yield Case(name, status, rest)


def environment(case):
	"""Keeps variables of sanitizers and gcov; drops those that could change the output."""
	drop = re.compile(r"LANG|LC_|LANGUAGE|NO_COLOR|COLUMNS|TERM|HOME|XDG_|POSIXLY_CORRECT|TZ")
	kept = {k: v for k, v in os.environ.items() if not drop.match(k)}
	return {**kept, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent",
		"XDG_CONFIG_HOME": "/nonexistent", **case.variables}


def make_workplace(folder):
	"""The source tree as the cases see it. Rules that others may write to are not trusted, so they
	are copied, in case the checkout is writable to the group."""
	os.symlink(os.path.join(TOP, "fixtures"), os.path.join(folder, "fixtures"))
	os.makedirs(os.path.join(folder, "tests/golden"))
	for name in os.listdir(HERE):
		if name.endswith(".conf"):
			path = shutil.copyfile(os.path.join(HERE, name), os.path.join(folder, "tests/golden", name))
			os.chmod(path, 0o644)


# The output of --version differs between builds.
BUILT = re.compile(rb"\Aanonmem [0-9]+\.[0-9]+\.[0-9]+\n"
	rb"Built with (gcc|clang) [^\n]*, glibc [^\n]*, libproc2 [^\n]*, libbsd [0-9.]+, SQLite [0-9.]+, "
	rb"libmicrohttpd [0-9.]+, zlib [0-9.]+\n"
	rb"[+-]sandbox [+-]names\n\Z")


def run(binary, case, folder):
	"""Returns status, standard output and standard error, with the version replaced."""
	with open(os.path.join(TOP, case.input), "rb") as stdin:
		done = subprocess.run([binary, *case.arguments], stdin=stdin, capture_output=True,
			cwd=folder, env=environment(case), timeout=60, check=False)
	out = re.sub(rb'("name":"anonmem","version":")[^"]*', rb"\1VERSION", done.stdout)
	out = re.sub(BUILT, b"anonmem VERSION\nBuilt with LIBRARIES\nFEATURES\n", out)
	return done.returncode, out, done.stderr


def expected(case, end):
	try:
		with open(case.path(end), "rb") as f:
			return f.read()
	except FileNotFoundError:
		return b""


def difference(want, got, what):
	lines = [[repr(line)[2:-1] for line in text.splitlines(keepends=True)] for text in (want, got)]
	return "\n".join(difflib.unified_diff(*lines, f"expected {what}", f"written {what}",
		lineterm="", n=1))


def compare(case, result):
	"""Describes what is wrong; empty if nothing is."""
	status, out, err = result
	wrong = []
	if status != case.status:
		wrong.append(f"exit status {status}, expected {case.status}")
	for end, got, what in ((".out", out, "to standard output"), (".err", err, "to standard error")):
		if expected(case, end) != got:
			wrong.append(difference(expected(case, end), got, what))
	return "\n".join(wrong)


def update(case, result):
	status, out, err = result
	os.makedirs(os.path.dirname(case.path("")), exist_ok=True)
	for end, text in ((".out", out), (".err", err)):
		if text:
			with open(case.path(end), "wb") as f:
				f.write(text)
	if status == case.status:
		return ""
	return f"exit status {status}, but the table of cases says {case.status}"


def strays(cases):
	"""Expected files that belong to no case."""
	known = {case.path(end) for case in cases for end in (".out", ".err")}
	files = {os.path.join(folder, f) for folder, _, names in os.walk(EXPECTED) for f in names}
	return sorted(os.path.relpath(f, HERE) for f in files - known)


def parse_arguments():
	parser = argparse.ArgumentParser()
	parser.add_argument("--binary", default=os.path.join(TOP, "build/test/src/anonmem"))
	parser.add_argument("--update", action="store_true")
	parser.add_argument("--groups", action="store_true")
	parser.add_argument("--strays", action="store_true")
	parser.add_argument("group", nargs="*")
	return parser.parse_args()


def main():
	options = parse_arguments()
	cases = list(read_cases())
	if options.groups:
		print("\n".join(dict.fromkeys(c.group for c in cases)))
		return 0
	if options.strays:
		print("\n".join(strays(cases)))
		return len(strays(cases)) > 0
	if options.group:
		cases = [c for c in cases if c.group in options.group]
	elif options.update:
		shutil.rmtree(EXPECTED, ignore_errors=True)
	if not cases:
		print("golden: there are no such cases")
		return 1
	binary = os.path.abspath(options.binary)
	judge = update if options.update else compare
	failed = 0
	with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
		make_workplace(folder)
		for case, result in zip(cases, pool.map(lambda c: run(binary, c, folder), cases)):
			wrong = judge(case, result)
			if wrong:
				failed += 1
				print(f"{case.name}: anonmem {shlex.join(case.arguments)}\n{wrong}\n")
	print(f"golden: {len(cases) - failed} of {len(cases)} cases are "
		f"{'written' if options.update else 'as expected'}")
	return failed > 0


if __name__ == "__main__":
	sys.exit(main())
