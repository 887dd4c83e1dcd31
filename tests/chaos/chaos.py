#!/usr/bin/env python3
"""anonmem among processes that come, go, change and break:

	chaos.py [--full] ANONMEM ACTOR [CONCEPT[.Class[.test]]...]

The tests of a concept are in test_CONCEPT.py; all of them run if none is named. It happens in a pid
and a mount namespace of its own, and all files lie on a file system that is mounted only there: so
nothing stays behind, however this ends. ACTOR is built from chaos.c, and stands beside ACTOR-dynamic,
the same for what wants to preload a library. --full is for an hour of a machine that nobody else
needs; no verdict depends on how fast the machine is, in neither size.
"""

import os
import sys
import unittest

import actor
import anonmem
from anonmem import COUNTS, WORK
from size import SIZE


def enter():
	"""Begins again in namespaces of its own, as root."""
	command = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "sh", "-ec",
		f'mount -t tmpfs -o mode=1777 tmpfs {WORK}; exec "$@"', "sh",
		"env", "ANONMEM_CHAOS=inside", sys.executable, "-B", *sys.argv]
	if os.geteuid() != 0:
		command = ["sudo", "-n", *command]
	os.execvp(command[0], command)


def main():
	arguments = sys.argv[1:]
	SIZE.full = "--full" in arguments
	program, actor_program, *concepts = (a for a in arguments if a != "--full")
	anonmem.PROGRAM, actor.PROGRAM = os.path.abspath(program), os.path.abspath(actor_program)
	for name in ("again", "one", "two", "kid"):
		os.symlink(actor.PROGRAM, os.path.join(WORK, name))
	names = [f"test_{concept}" for concept in concepts]
	names = names or ["discover", "-s", os.path.dirname(os.path.abspath(__file__))]
	tests = unittest.main(module=None, argv=["chaos.py", *names], exit=False,
		testRunner=unittest.TextTestRunner(verbosity=2, descriptions=False))
	if SIZE.full:
		for name, count in sorted(COUNTS.items()):
			print(f"{count:12d} {name}")
	sys.exit(not tests.result.wasSuccessful())


if __name__ == "__main__":
	if os.environ.get("ANONMEM_CHAOS") != "inside":
		enter()
	main()
