"""The tests of other programs have the same results under anonmem run as without."""

import glob
import os
import re
import subprocess
import tempfile
import unittest

import anonmem
from anonmem import ENVIRONMENT, Live
from test_matrix import MODES

PYTHON = "/usr/bin/python3"
GLIB = "/usr/libexec/installed-tests/glib"
# Words for which Python's tests are chosen, all of them if there are none.
CHOSEN = os.environ.get("ANONMEM_SUITE", "").split()


def prefix(mode):
	return [anonmem.PROGRAM, *mode.split(), "--"] if mode else []


def environment(folder, **more):
	return dict(ENVIRONMENT, HOME=folder, XDG_CONFIG_HOME=folder, **more)


def has_suite():
	command = [PYTHON, "-c", "import test.test_mmap"]
	return subprocess.run(command, check=False, capture_output=True).returncode == 0


def failures_of_python(mode, tests=()):
	"""The names of the tests that fail."""
	with tempfile.TemporaryDirectory() as folder:
		done = subprocess.run([*prefix(mode), PYTHON, "-m", "test", "-j2", "--timeout=600", "-q", *tests],
			cwd=folder, capture_output=True, check=False, env=environment(folder, TMPDIR=folder))
	text = done.stdout.decode("utf-8", "replace")
	listed = re.findall(r"^\d+ tests? failed:\n((?:    .*\n)+)", text, re.MULTILINE)
	if done.returncode not in (0, 2):
		raise RuntimeError(text + done.stderr.decode("utf-8", "replace"))
	return {name for names in listed for name in names.split()}


def status_of_glib(mode, program):
	with tempfile.TemporaryDirectory() as folder:
		try:
			return subprocess.run([*prefix(mode), program, "--tap"], cwd=folder, check=False, timeout=60,
				stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
				env=environment(folder, G_TEST_SRCDIR=GLIB, G_TEST_BUILDDIR=GLIB)).returncode
		except subprocess.TimeoutExpired:
			return "timeout"


class Suites(Live):
	def same(self, results):
		"""Some tests fail now and then; one that differs has three more attempts."""
		for mode in MODES:
			for name in results(mode) ^ results(None):
				again = [(name in results(mode, [name]), name in results(None, [name])) for _ in range(3)]
				self.assertTrue(any(a == b for a, b in again), f"{name} is not the same with {mode}: {again}")

	@unittest.skipUnless(has_suite(), "libpython3-testsuite is not there")
	def test_python(self):
		self.same(lambda mode, tests=None: failures_of_python(mode, tests or CHOSEN))

	@unittest.skipUnless(os.path.isdir(GLIB), "libglib2.0-tests is not there")
	def test_glib(self):
		programs = {os.path.basename(path): path for path in glob.glob(GLIB + "/*")
			if os.access(path, os.X_OK) and os.path.isfile(path) and not path.endswith(".py")}
		self.assertGreater(len(programs), 50)
		self.same(lambda mode, tests=None: {name for name in tests or programs
			if status_of_glib(mode, programs[name]) != 0})
