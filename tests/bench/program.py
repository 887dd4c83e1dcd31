"""An anonmem to measure: its options, its commit, and programs linked with its libraries."""

import functools
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from bench.figures import Missing

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/bench"
PROGRAMS = BUILD / "programs"

FLAGS = "-std=gnu17 -O2 -g -Wall -Wextra -D_GNU_SOURCE -pthread"


def progress(text):
	print(text, file=sys.stderr, flush=True)


def fail(text):
	print(f"dev/bench: {text}", file=sys.stderr)
	sys.exit(2)


def quietly(*command):
	done = subprocess.run(
		command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
	)
	if done.returncode:
		fail(f"failed: {shlex.join(map(str, command))}\n{done.stdout}")


def compile_program(source, output, *more):
	quietly(*shlex.split(os.environ.get("CC", "cc")), *FLAGS.split(), source, "-o", output, *more)


def cached(build):
	"""The CMake variables of a build directory."""
	lines = (build / "CMakeCache.txt").read_text().splitlines()
	return dict(re.findall(r"^(\w+):\w+=(.*)$", "\n".join(lines), re.M))


class Program:
	"""`path` is the program, or the folder that CMake built it in; only with the folder can its
	parser and its library be measured alone."""

	def __init__(self, path):
		path = Path(path).resolve()
		self.build = path if path.is_dir() else None
		self.path = path / "src/anonmem" if self.build else path
		if not os.access(self.path, os.X_OK):
			fail(f"{self.path} is not a program")
		try:
			self.cache = cached(path) if self.build else {}
		except OSError as error:
			fail(error)
		self.source = Path(self.cache["CMAKE_HOME_DIRECTORY"]) if self.build else None

	@functools.cached_property
	def help(self):
		return subprocess.run([self.path, "--help"], capture_output=True, text=True).stdout

	def command(self, *options):
		"""Its command line. Raises Missing if this program lacks one of the options."""
		for option in options:
			name = str(option).split("=")[0]
			if name.startswith("--") and not re.search(rf"(?<![\w-]){name}(?![\w-])", self.help):
				raise Missing(f"there is no {name} in this build")
		return [self.path, *options]

	@functools.cache
	def linked(self, name):
		"""The program tests/bench/programs/NAME.c from its own source, linked with its own libraries."""
		if not self.build:
			raise Missing("needs a build folder")
		source = next(self.source.glob(f"tests/bench/**/{name}.c"), None)
		if not source:
			raise Missing(f"there is no {name}.c in its source")
		libraries = [*self.build.glob("src/liblayer_*.a"), self.build / "src/libanonmem.a"]
		output = PROGRAMS / f"{name}-{'this' if self.build == BUILD else 'against'}"
		compile_program(source, output, f"-I{self.source}/src", f"-I{self.source}/include",
			"-Wl,--start-group", *libraries, "-Wl,--end-group", "-lbsd", "-lcjson")
		return output

	def git(self, *words):
		done = subprocess.run(["git", "-C", self.source, *words], capture_output=True, text=True)
		return done.stdout.strip() if done.returncode == 0 else None

	def describe(self):
		"""A description for the result. The commit is the current one of its source."""
		version = subprocess.run([self.path, "--version"], capture_output=True, text=True).stdout
		about = {"version": version.strip()}
		if self.source:
			about["build_type"] = self.cache.get("CMAKE_BUILD_TYPE")
			about["commit"] = self.git("rev-parse", "HEAD")
			about["modified"] = bool(self.git("status", "--porcelain", "--untracked-files=no"))
		return about


def build():
	"""Builds this source tree as users do, and the programs that do not depend on it."""
	progress("Building anonmem and the programs in build/bench")
	quietly("dev/install", "build")
	quietly("cmake", "--preset", "release", "-B", BUILD)
	quietly("cmake", "--build", BUILD, "-j", str(os.cpu_count()))
	PROGRAMS.mkdir(exist_ok=True)
	programs = ROOT / "tests/bench/programs"
	for name in ["floor", "workload", "timer", "screen", "stall", "map"]:
		compile_program(programs / f"{name}.c", PROGRAMS / name)
	compile_program(programs / "bare.c", PROGRAMS / "bare", "-static")
	return Program(BUILD)


def installed(name):
	"""The path of another program."""
	path = shutil.which(name)
	if not path:
		raise Missing(f"{name} is not installed")
	return path
