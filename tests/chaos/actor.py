"""A process of chaos.c."""

import collections
import subprocess

from anonmem import ENVIRONMENT, WORK

PROGRAM = ""  # what chaos.c became; chaos.py sets it


class Actor:
	"""A process of chaos.c; `words` is what it and its children printed: {word: [number...]}."""

	def __init__(self, command, count=1, expect=None, said=1, prefix=(), program=None):
		program = program or PROGRAM
		self.process = subprocess.Popen([*prefix, program, command, str(count)], cwd=WORK,
			stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
		self.words = collections.defaultdict(list)
		for _ in range(said if expect else 0):
			self.hear()
		if expect and expect not in self.words:
			self.__exit__()
			raise AssertionError(f"{command}: it did not say {expect}")
		self.pids = self.words[expect] if expect else []
		self.pid = self.pids[0] if self.pids else None

	def hear(self):
		words = self.process.stdout.readline().split()
		if words:
			self.words[words[0]].append(int(words[1]))
		return words

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.process.stdin.close()
		self.process.wait(120)
		self.process.stdout.close()
