"""The tests of other programs have the same results under anonmem run as without."""

import collections
import contextlib
import glob
import os
import re
import signal
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as tree

import anonmem
from anonmem import ENVIRONMENT, Live
from test_matrix import MODES

PYTHON = "/usr/bin/python3"
GLIB = "/usr/libexec/installed-tests/glib"
# Which of those programs are tests, and no helpers of tests.
TESTS_OF_GLIB = "/usr/share/installed-tests/glib"
# Words for which Python's tests are chosen, all of them if there are none.
CHOSEN = os.environ.get("ANONMEM_SUITE", "").split()


def prefix(mode):
	return [anonmem.PROGRAM, *mode.split(), "--"] if mode else []


def environment(folder, **more):
	return dict(ENVIRONMENT, HOME=folder, XDG_CONFIG_HOME=folder, **more)


def has_suite():
	command = [PYTHON, "-c", "import test.test_mmap"]
	return subprocess.run(command, check=False, capture_output=True).returncode == 0


def module_of(case):
	"""That `python3 -m test` knows, of a test's name: test.test_io.Some.test_name, ctypes.test.test_name."""
	first, _, rest = case.partition(".")
	return rest.partition(".")[0] if first == "test" else "test_" + first


def outcome_of(case):
	kinds = ("failure", "error", "skipped")
	return next((child.tag for child in case if child.tag in kinds), case.get("result"))


def cases_of_python(path):
	"""Module -> each of its tests with its outcome."""
	found = collections.defaultdict(set)
	for case in tree.parse(path).iter("testcase"):
		# Some have an address in their name.
		name = re.sub("0x[0-9a-f]+", "", case.get("name", ""))
		found[module_of(name)].add((name, outcome_of(case)))
	return found


def results_of_python(mode, tests=()):
	"""Module -> its outcome and those of its tests."""
	with tempfile.TemporaryDirectory() as folder:
		path = os.path.join(folder, "results.xml")
		done = subprocess.run([*prefix(mode), PYTHON, "-m", "test", f"-j{os.cpu_count()}", "--timeout=600",
			"--junit-xml", path, *tests], cwd=folder, capture_output=True, check=False,
			env=environment(folder, TMPDIR=folder))
		text = done.stdout.decode("utf-8", "replace")
		if not os.path.exists(path):
			raise RuntimeError(text + done.stderr.decode("utf-8", "replace"))
		found = cases_of_python(path)
	for outcome, listed in re.findall(
			r"^\d+ tests? (failed|skipped|altered .*|run no tests):\n((?:    .*\n)+)", text, re.MULTILINE):
		for name in listed.split():
			found[name].add(("", outcome))
	return found


def output_of(command, **more):
	"""(output, exit status), or None after five minutes. What it started ends with it."""
	with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
			start_new_session=True, **more) as process:
		try:
			return process.communicate(timeout=300)[0], process.returncode
		except subprocess.TimeoutExpired:
			return None
		finally:
			with contextlib.suppress(ProcessLookupError):
				os.killpg(process.pid, signal.SIGKILL)


def result_of_glib(mode, program):
	"""Its exit status, and which of its tests did not succeed."""
	with tempfile.TemporaryDirectory() as folder:
		done = output_of([*prefix(mode), program, "--tap"], cwd=folder,
			env=environment(folder, TMPDIR=folder, G_TEST_SRCDIR=GLIB, G_TEST_BUILDDIR=GLIB))
	if not done:
		return {"timeout"}
	output, status = done
	lines = re.findall(rb"^not ok \d+ (\S+)|^ok \d+ (\S+) # SKIP", output, re.MULTILINE)
	return {status, *lines}


def differing(a, b):
	"""Name -> what only one of the two has."""
	return {name: a.get(name, set()) ^ b.get(name, set()) for name in sorted(a.keys() | b.keys())
		if a.get(name) != b.get(name)}


class Suites(Live):
	def same(self, results):
		"""Some tests fail now and then; what differs has three more attempts."""
		plain = results(None)
		for mode in MODES:
			for name in differing(results(mode), plain):
				again = [differing(results(mode, [name]), results(None, [name])) for _ in range(3)]
				with self.subTest(mode=mode, name=name):
					self.assertIn({}, again)
		return plain

	@unittest.skipUnless(has_suite(), "libpython3-testsuite is not there")
	def test_python(self):
		found = self.same(lambda mode, tests=None: results_of_python(mode, tests or CHOSEN))
		self.assertGreater(sum(map(len, found.values())), 50)

	@unittest.skipUnless(os.path.isdir(GLIB), "libglib2.0-tests is not there")
	def test_glib(self):
		names = [os.path.basename(path).removesuffix(".test") for path in glob.glob(TESTS_OF_GLIB + "/*.test")]
		programs = {name: os.path.join(GLIB, name) for name in names if os.path.isfile(os.path.join(GLIB, name))}
		self.assertGreater(len(programs), 50)
		self.same(lambda mode, tests=None: {name: result_of_glib(mode, programs[name])
			for name in tests or programs})
