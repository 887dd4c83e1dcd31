"""Counts the instructions of a program, which other programs do not affect."""

import os
import re

from bench.figures import Figure, Missing
from bench.program import installed
from bench.running import run

INSTRUCTIONS = Figure("instructions", "", exact=True)


def count(command, output=os.devnull, within=None):
	"""Counts the whole command, or only one function in it."""
	tool = ["--tool=callgrind", "--callgrind-out-file=/dev/null"]
	if within:
		tool.append(f"--toggle-collect={within}")
	_, stderr = run([installed("valgrind"), *tool, *command], output)
	collected = re.search(r"Collected\s*:\s*(\d+)", stderr)
	if not collected or collected.group(1) == "0":
		raise Missing(f"valgrind counted nothing{f' within {within}' if within else ''}")
	return int(collected.group(1))
