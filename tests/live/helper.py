"""A process whose memory is known to the byte."""

import subprocess
import time

PROGRAM = ""  # what helper.c became; live.py sets it


def wait_for_state(pid, states):
	for _ in range(500):
		with open(f"/proc/{pid}/stat", encoding="latin-1") as f:
			if f.read().rsplit(")", 1)[1].split()[0] in states:
				return
		time.sleep(0.01)
	raise AssertionError(f"process {pid} did not get into state {states}")


class Helper:
	"""A process of helper.c, which has described what it made, and waits."""

	def __init__(self, command, count=0, program=None, prefix=(), state="SDZ"):
		self.process = subprocess.Popen([*prefix, program or PROGRAM, command, str(count)],
			stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
		self.pid, self.children, self.ranges = self.process.pid, [], {}
		self.missing = []  # what this kernel or this user cannot have
		for line in self.process.stdout:
			words = line.split()
			if words[0] == "ready":
				wait_for_state(self.pid, state)  # or it touches more; D is the parent of a vfork()
				return
			if words[0] == "cannot":
				self.missing.append(line[len("cannot "):].strip())
			elif words[0] == "child":
				self.children.append(int(words[1]))
			else:
				self.ranges[words[0]] = (words[1], words[2])
		raise AssertionError(f"helper {command} did not get ready")

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.process.stdin.close()
		self.process.stdout.close()
		if self.process.wait(20) != 0:
			raise AssertionError(f"the helper ended with {self.process.returncode}")
