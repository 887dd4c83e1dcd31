"""A process whose memory is known to the byte."""

import os
import subprocess
import time

PROGRAM = ""  # what helper.c became; live.py sets it


PATIENCE = 120  # seconds, for what takes milliseconds on a machine that has time for it


def stat(pid):
	"""The fields of /proc/PID/stat behind the name: the state first; None if there is no such process."""
	try:
		with open(f"/proc/{pid}/stat", encoding="latin-1") as f:
			return f.read().rsplit(")", 1)[1].split()
	except (FileNotFoundError, ProcessLookupError):
		return None


def start_time(pid):
	fields = stat(pid)
	return fields and fields[19]


def wait_until(condition, what):
	end = time.monotonic() + PATIENCE
	while not condition():
		if time.monotonic() > end:
			raise AssertionError(f"{what} did not happen")
		time.sleep(0.01)


def wait_for_state(pid, states):
	def is_there():
		fields = stat(pid)
		if not fields:
			raise AssertionError(f"process {pid} has ended")
		return fields[0] in states
	wait_until(is_there, f"state {states} of process {pid}")


def wait_until_asleep(pid):
	"""Until each of its threads waits, so that nothing of the process changes."""
	def is_asleep():
		tasks = [stat(f"{pid}/task/{task}") for task in os.listdir(f"/proc/{pid}/task")]
		return all(fields and fields[0] == "S" for fields in tasks)
	wait_until(is_asleep, f"rest of process {pid}")


def wait_for_readings(pid, count=3):
	"""Until anonmem, which watches a program, has read it so often: between two readings it reads nothing
	for a while."""
	def read():
		with open(f"/proc/{pid}/io", encoding="ascii") as f:
			return int(f.readline().split()[1])  # rchar

	for _ in range(count):
		before = read()
		wait_until(lambda before=before: read() != before, "a reading")
		while (now := read()) != before:
			before = now
			time.sleep(0.05)


class Helper:
	"""A process of helper.c, which has described what it made, and waits."""

	def __init__(self, command, count=0, program=None, prefix=(), state="SDZ"):
		self.process = subprocess.Popen([*prefix, program or PROGRAM, command, str(count)],
			stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
		self.pid, self.children, self.ranges = self.process.pid, [], {}
		self.started = []  # when each child did
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
				self.started.append(start_time(int(words[1])))
			else:
				self.ranges[words[0]] = (words[1], words[2])
		raise AssertionError(f"helper {command} did not get ready")

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.process.stdin.close()
		self.process.stdout.close()
		if self.process.wait(PATIENCE) != 0:
			raise AssertionError(f"the helper ended with {self.process.returncode}")
		for pid, started in zip(self.children, self.started):
			wait_until(lambda pid=pid, started=started: self.is_gone(pid, started), f"the end of child {pid}")

	@staticmethod
	def is_gone(pid, started):
		"""Whether the child has no memory any more; whoever inherits it may leave it a zombie."""
		fields = stat(pid)
		return not fields or fields[0] in "ZX" or fields[19] != started
