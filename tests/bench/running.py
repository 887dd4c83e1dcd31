"""Runs programs to measure their cost, or holds them until they are not needed any more."""

import os
import shlex
import subprocess
from pathlib import Path

from bench.figures import CPU, PEAK, WALL
from bench.program import PROGRAMS, fail


def text_of(command):
	return shlex.join(map(str, command))


def run(command, output=os.devnull, inside=0, fussy=True):
	"""Runs a command; if `fussy`, it must succeed. Returns its cost and its stderr."""
	line = [PROGRAMS / "timer", str(inside), output, *command]
	done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True)
	words = done.stdout.split()
	if done.returncode or (fussy and words[3] != "0"):
		fail(f"failed: {text_of(command)}\n{done.stderr}")
	cpu, wall, peak = map(int, words[:3])
	return {CPU: cpu / 1e3, WALL: wall / 1e3, PEAK: peak / 1024}, done.stderr


def output_of(command, folder):
	path = Path(folder) / "output"
	run(command, path)
	return path.read_text()


class Held:
	"""A program that says "ready", answers each line with one of its own, and ends when its stdin
	is closed."""

	def __init__(self, *command):
		self.process = subprocess.Popen(
			list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
		)
		try:
			self.said = list(self.until_ready())
		except BaseException:
			self.__exit__()
			raise

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.process.stdin.close()
		try:
			self.process.wait(timeout=20)
		finally:
			self.process.kill()
			self.process.wait()
			self.process.stdout.close()

	def until_ready(self):
		"""The words of each line before "ready"."""
		for line in self.process.stdout:
			if line == "ready\n":
				return
			yield line.split()
		fail(f"ended before it was ready: {text_of(self.process.args)}")

	def words(self):
		"""Its answer to a line."""
		self.process.stdin.write("\n")
		self.process.stdin.flush()
		answer = self.process.stdout.readline().split()
		if not answer:
			fail(f"ended too early: {text_of(self.process.args)}")
		return answer

	def ask(self):
		return int(self.words()[0])
