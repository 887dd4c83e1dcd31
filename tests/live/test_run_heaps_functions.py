"""anonmem run --heaps --label function: the functions that ask for most have heaps of their own."""

import os
import re
import shutil
import subprocess

import anonmem
from anonmem import ENVIRONMENT, MIB
from programs import Programs, compile_c, SOURCES


class RunHeapsFunctions(Programs):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		subprocess.run(["g++", "-O1", "-shared", "-fPIC", "-o", cls.path("libshop.so"),
			os.path.join(SOURCES, "libshop.cc")], check=True)
		compile_c("functions.c", cls.path("functions"), "-L" + cls.folder, "-lshop",
			"-Wl,-rpath,$ORIGIN")

	@classmethod
	def path(cls, name):
		return os.path.join(cls.folder, name)

	def functions(self, what, *options, library="libshop.so"):
		"""MiB of each heap of the library by function, and the subsystem of all of them."""
		environment = dict(ENVIRONMENT, LD_LIBRARY_PATH=os.path.dirname(self.path(library)))
		with subprocess.Popen([anonmem.PROGRAM, "run", "--heaps", "--label", "function", *options, "--",
				self.path("functions"), what], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
				env=environment) as program:
			self.assertEqual(program.stdout.readline(), b"ready\n")
			groups = self.report("--pid", program.pid, "--by", "label,subsystem")["groups"]
			program.stdin.close()
		self.assertEqual(program.returncode, 0)
		start = "[anon:malloc: libshop.so"
		found = [g for g in groups if g["label"].startswith(start)]
		self.assertEqual({g["subsystem"] for g in found}, {"libshop"})
		return {g["label"][len(start):-1]: g["rss"] / MIB for g in found}

	def test_names(self):
		"""As people write them; what each function asked for at first is with its library."""
		found = self.functions("fill")
		self.assertEqual(set(found), {"", ":shop::Cache::grow", ":shop::Cache::add<...>", ":shop::hidden"})
		for function, wanted in (("grow", 8), ("add<...>", 4)):
			self.assertAlmostEqual(found[":shop::Cache::" + function], wanted, delta=0.5)
		self.assertLess(found[""], 1.5)

	def test_stripped(self):
		"""A function that cannot be named is known by its address, which addr2line takes."""
		os.makedirs(self.path("stripped"), exist_ok=True)
		shutil.copy(self.path("libshop.so"), self.path("stripped/libshop.so"))
		subprocess.run(["strip", self.path("stripped/libshop.so")], check=True)
		found = self.functions("fill", library="stripped/libshop.so")
		address = next(re.fullmatch(r":0x([0-9a-f]+) \(no symbol\)", name)[1] for name in found if "symbol" in name)
		symbols = subprocess.run(["nm", self.path("libshop.so")], capture_output=True, check=True, text=True)
		self.assertRegex(symbols.stdout, f"{int(address, 16):016x} t .*hidden")
		self.assertIn(":shop::Cache::grow", found)

	def test_bound(self):
		"""A hundred functions that ask for the same."""
		found = self.functions("much")
		self.assertGreater(len(found), 40)
		self.assertLess(len(found), 66)

	def test_caller(self):
		"""The function that called malloc() itself."""
		found = self.functions("fill", "--heaps=caller")
		self.assertIn(":shop::hidden", found)
		self.assertNotIn(":shop::Cache::grow", found)
