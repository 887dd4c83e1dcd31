#!/usr/bin/env python3
"""Runs anonmem on processes that the tests start: live.py ANONMEM HELPER [CONCEPT[.Class[.test]]...]

The tests of a concept are in test_CONCEPT.py; by default all of them run. HELPER is built from
helper.c; it ends when its standard input closes, so nothing is left behind, however this ends. Uses
only Python's standard library.
"""

import os
import sys
import tempfile
import unittest

import anonmem
import helper


def main(anonmem_program, helper_program, *concepts):
	os.umask(0o022)  # other users may read what is made
	sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # what other tests use too
	anonmem.PROGRAM = os.path.abspath(anonmem_program)
	# Helpers are counted by name, without those of another run on this machine.
	with tempfile.TemporaryDirectory() as links:
		helper.PROGRAM = os.path.join(links, f"helper{os.getpid()}")
		os.symlink(os.path.abspath(helper_program), helper.PROGRAM)
		names = [f"test_{concept}" for concept in concepts]
		names = names or ["discover", "-s", os.path.dirname(os.path.abspath(__file__))]
		unittest.main(module=None, argv=["live.py", *names],
			testRunner=unittest.TextTestRunner(verbosity=2, descriptions=False))


if __name__ == "__main__":
	main(*sys.argv[1:])
