"""Programs in programs/ under `anonmem run`."""

import os
import shutil
import subprocess
import tempfile

import anonmem
from anonmem import ENVIRONMENT, Live

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")


def compile_c(source, path, *arguments):
	subprocess.run(["gcc", "-O1", os.path.join(SOURCES, source), "-o", path, *arguments], check=True)


def compiles(*command):
	"""Whether a compiler makes a program that runs."""
	with tempfile.TemporaryDirectory() as folder:
		program = os.path.join(folder, "program")
		if not shutil.which(command[0]):
			return False
		done = subprocess.run([*command, "-x", "c", "-", "-o", program], input=b"int main(void) { return 7; }",
			capture_output=True, check=False)
		return done.returncode == 0 and subprocess.run([program], check=False).returncode == 7


class Programs(Live):
	@classmethod
	def setUpClass(cls):
		cls.folder = tempfile.mkdtemp()

	@classmethod
	def tearDownClass(cls):
		shutil.rmtree(cls.folder)

	def rss(self, name, source, *flags):
		"""RSS by label of the program with that name."""
		path = os.path.join(self.folder, name)
		compile_c(source, path, *flags)
		with subprocess.Popen([anonmem.PROGRAM, "run", path], stdin=subprocess.PIPE,
				stdout=subprocess.PIPE, env=ENVIRONMENT) as program:
			self.assertEqual(program.stdout.readline(), b"ready\n")
			report = self.report("--pid", program.pid)
			program.stdin.close()
		self.assertEqual(program.returncode, 0)
		return {g["label"]: g["rss"] for g in report["groups"]}
