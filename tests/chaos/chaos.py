#!/usr/bin/env python3
"""Runs anonmem among processes that come, go, change and break:

	chaos.py [--full] ANONMEM ACTOR [CONCEPT[.Class[.test]]...]

The tests of a concept are in test_CONCEPT.py; by default all of them run. They run in their own pid
and mount namespaces, and all files are on a file system that is mounted only there, so nothing is
left behind, however this ends. ACTOR is built from chaos.c; next to it is ACTOR-dynamic, the same for
tests that preload a library. --full takes an hour of a machine without other users; results do not
depend on the speed of the machine in either size.
"""

import os
import sys
import unittest

import actor
import anonmem
from anonmem import COUNTS, WORK
from size import SIZE


def enter():
	"""Restarts in new namespaces, as root."""
	command = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "sh", "-ec",
		f'mount -t tmpfs -o mode=1777 tmpfs {WORK}; exec "$@"', "sh",
		"env", "ANONMEM_CHAOS=inside", sys.executable, "-B", *sys.argv]
	if os.geteuid() != 0:
		command = ["sudo", "-n", *command]
	os.execvp(command[0], command)


def main():
	os.umask(0o022)  # other users may read what is made
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
