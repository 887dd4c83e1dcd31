"""Programs are the same under anonmem run as without: the rows of the file `matrix`."""

import glob
import os
import re
import shutil
import subprocess
import tempfile

import anonmem
from anonmem import ENVIRONMENT, Live

# The words between `anonmem` and the program.
MODES = ("run", "run --heaps")
TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "matrix")
FULL = os.environ.get("ANONMEM_MATRIX") == "full"


def rows():
	"""The name, the words in brackets and the script of each."""
	with open(TABLE, encoding="ascii") as f:
		text = f.read()
	for name, words, script in re.findall(r"^([^#\t\n].*) \[(.*)\]\n((?:\t.*\n|\n(?=\t))+)", text, re.MULTILINE):
		yield name, words.split(), re.sub(r"^\t", "", script, flags=re.MULTILINE).strip("\n")


def is_there(need):
	"""A program, a library or, by `m32`, a compiler for 32 bits."""
	if need == "m32":
		return bool(glob.glob("/usr/lib/gcc/*/*/32/crtbegin.o"))
	if ".so" in need:
		return bool(glob.glob(f"/usr/lib/*/{need}"))
	return shutil.which(need) is not None


def same_in_each_run(text, folder):
	"""Without the folder, and without the pids that bash writes."""
	text = text.decode("utf-8", "replace").replace(folder, "FOLDER")
	return re.sub(r"^(bash: line \d+:) +\d+ ", r"\1 PID ", text, flags=re.MULTILINE)


def result_of(script, mode):
	"""Standard output, standard error and the exit status; with a mode, under anonmem."""
	command = ["bash", "-c", script]
	if mode:
		command = [anonmem.PROGRAM, *mode.split(), "--", *command]
	with tempfile.TemporaryDirectory() as folder:
		done = subprocess.run(command, capture_output=True, check=False, timeout=300, cwd=folder,
			env=dict(ENVIRONMENT, HOME=folder, XDG_CONFIG_HOME=folder))
	return (*(same_in_each_run(text, folder) for text in (done.stdout, done.stderr)), done.returncode)


class Matrix(Live):
	pass


def add(name, needs, script):
	def test(self):
		missing = [need for need in needs if need not in ("short", "root") and not is_there(need)]
		if missing:
			self.skipTest(f"{missing[0]} is not there")
		if "root" in needs and not anonmem.IS_ROOT:
			self.skipTest("needs root")
		plain = result_of(script, None)
		for mode in MODES:
			with self.subTest(mode=mode):
				self.assertEqual(result_of(script, mode), plain)

	setattr(Matrix, "test_" + "".join(c if c.isalnum() else "_" for c in name), test)


for row in rows():
	if FULL or "short" in row[1]:
		add(*row)
