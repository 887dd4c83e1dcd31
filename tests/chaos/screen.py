"""Presses keys of anonmem top on a terminal."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

import anonmem
from anonmem import ENVIRONMENT


def press(screen, keys, top):
	"""Sends a key or signal now and then, and reads all output to the end."""
	seen, last = b"", time.monotonic()
	end = last + 240
	while top.poll() is None and time.monotonic() < end:
		if select.select([screen], [], [], 0.1)[0]:
			with contextlib.suppress(OSError):
				seen += screen.read(65536) or b""
		if keys and b"quit" in seen and time.monotonic() > last + 0.3:
			key = keys.pop(0)
			if isinstance(key, bytes):
				screen.write(key)
			else:
				os.kill(top.pid, key)
			last = time.monotonic()
		elif not keys and time.monotonic() > last + 5:
			screen.write(b"\x1bq")
			last = time.monotonic()
	with contextlib.suppress(OSError):  # which ends what is left when nobody has it open
		while top.poll() is not None:
			seen += screen.read(65536)
	return seen


def on_screen(keys):
	"""The output of top while these keys are pressed."""
	ours, theirs = pty.openpty()
	fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
	with open(ours, "r+b", buffering=0) as screen:
		top = subprocess.Popen([anonmem.PROGRAM, "top", "-d", "0.1"], stdin=theirs, stdout=theirs,
			stderr=theirs, env=ENVIRONMENT, start_new_session=True)
		os.close(theirs)
		seen = press(screen, keys, top)
		if top.wait(240) != 0:
			raise AssertionError(f"top ended with {top.returncode}")
	return seen
