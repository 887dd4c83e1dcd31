#!/usr/bin/env python3
"""The examples of README.md: readme.py ANONMEM SOURCE LIBRARY [FLAG...]

The C program is built with LIBRARY and FLAGs, and runs during the console examples, whose commands
begin with `$ anonmem`. Those that read fixtures must print what README.md shows; for the others,
which read this machine, only the exit status is checked.
"""

import difflib
import os
import re
import subprocess
import sys
import tempfile
import unittest
from contextlib import contextmanager
from pathlib import Path

ANONMEM, SOURCE, LIBRARY = (Path(word) for word in sys.argv[1:4])
FLAGS = sys.argv[4:]
README = (SOURCE / "README.md").read_text(encoding="utf-8")
MOST_LINES = 200


def blocks(language):
	return re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)


def examples():
	"""Each command in the console blocks, and the lines below it."""
	for block in blocks("console"):
		for example in re.split(r"^\$ ", block, flags=re.M)[1:]:
			command, _, output = example.partition("\n")
			yield command, output


def run(command):
	environment = {**os.environ, "PATH": f"{ANONMEM.parent}:{os.environ['PATH']}",
		"LC_ALL": "C.UTF-8", "XDG_CONFIG_HOME": "/nonexistent"}
	environment.pop("COLUMNS", None)
	return subprocess.run(["bash", "-c", command], cwd=SOURCE, env=environment, text=True,
		stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
		timeout=120)


@contextmanager
def shop(code):
	"""Runs the C program as a process named shop, until its input ends."""
	with tempfile.TemporaryDirectory() as folder:
		source, program = Path(folder, "shop.c"), Path(folder, "shop")
		source.write_text(code, encoding="utf-8")
		subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", *FLAGS, f"-I{SOURCE}/include", source,
			LIBRARY, f"-Wl,-rpath,{LIBRARY.parent}", "-o", program], check=True, timeout=120)
		with subprocess.Popen([program], stdin=subprocess.PIPE) as process:
			yield process
			process.stdin.close()
			if process.wait(timeout=60) != 0:
				raise AssertionError(f"the C program ended with {process.returncode}")


class Readme(unittest.TestCase):
	def check(self, command, expected):
		done = run(command)
		self.assertEqual(done.returncode, 0, done.stderr)
		if "fixtures/" in command:
			self.assertEqual(done.stderr, "")
			difference = difflib.unified_diff(expected.splitlines(), done.stdout.splitlines(),
				"README.md", "anonmem", lineterm="")
			self.assertEqual(done.stdout, expected, "\n" + "\n".join(difference))
		elif "..." in expected:  # of what runs here, the columns
			head = [text.splitlines()[0].split() for text in (expected, done.stdout or done.stderr)]
			self.assertEqual(*head)

	def test_examples(self):
		programs = blocks("c")
		self.assertEqual(len(programs), 1, "one program in C is expected")
		with shop(programs[0]):
			for command, expected in examples():
				with self.subTest(command):
					self.assertTrue(command.startswith("anonmem"), command)
					self.check(command, expected)

	def test_captured(self):
		captured = [command for command, _ in examples() if "fixtures/" in command]
		self.assertGreater(len(captured), 4, "too few examples say what they print")

	def test_length(self):
		self.assertLessEqual(README.count("\n"), MOST_LINES)


unittest.main(argv=sys.argv[:1])
