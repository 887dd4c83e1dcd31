"""anonmem run --heaps and programs that take no library: left alone, and said."""

import os
import resource
import signal
import subprocess
import unittest

import anonmem
from anonmem import ENVIRONMENT
from programs import Programs, compile_c
from test_unbroken import compiles

# The program takes 8 MiB.
ADDRESSES = (40 << 20, 60 << 20, 200 << 20)
TAKES_MEMORY = b"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void)
{
	long sum = 0;
	for (int i = 0; i < 8000; i++) {
		char *p = malloc(1000 + i % 50);
		if (!p)
			return 1;
		memset(p, i, 1000);
		sum += p[999];
	}
	printf("%ld\\n", sum);
	return 7;
}
"""


class RunHeapsOthers(Programs):
	def compiled(self, name, *compiler):
		path = os.path.join(self.folder, name)
		subprocess.run([*compiler, "-x", "c", "-", "-o", path], input=TAKES_MEMORY, check=True)
		return path

	def same(self, *command, words=None, **more):
		"""Output and status are as without; on standard error are these words, or nothing more."""
		plain, own = (subprocess.run([*before, *command], capture_output=True, check=False, timeout=120,
			env=ENVIRONMENT, **more) for before in ((), (anonmem.PROGRAM, "run", "--heaps", "--")))
		self.assertEqual((own.returncode, own.stdout), (plain.returncode, plain.stdout))
		if words:
			self.assertIn(words, own.stderr.decode())
		else:
			self.assertEqual(own.stderr, plain.stderr)
		return own

	def test_static(self):
		self.same(self.compiled("static", "gcc", "-static"), words="is statically linked")

	@unittest.skipUnless(compiles("musl-gcc"), "no musl")
	def test_musl(self):
		program = self.compiled("musl", "musl-gcc")
		self.same(program, words="is built for another C library")
		self.same("sh", "-c", '"$0"; echo $?', program)

	@unittest.skipUnless(compiles("gcc", "-m32"), "no compiler for 32 bits")
	def test_32_bits(self):
		program = self.compiled("bits32", "gcc", "-m32")
		self.same(program, words="is built for another architecture")
		self.same("sh", "-c", '"$0"; echo $?', program)

	def test_sandboxes(self):
		"""The first request of the program comes when it is in a sandbox, which kills for every call but a few."""
		program = os.path.join(self.folder, "filter")
		compile_c("filter.c", program, "-D_GNU_SOURCE", "-lseccomp", "-Wl,-z,now")
		self.assertEqual(self.same(program, "kill").stdout, b"fine\n")
		self.assertEqual(self.same(program, "rt_sigprocmask", "madvise").returncode, -signal.SIGTERM)

	def test_audit(self):
		"""The dynamic linker has less room for variables of threads beside a library that watches it."""
		library = os.path.join(self.folder, "audit.so")
		subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], check=True,
			input=b"unsigned la_version(unsigned version) { return version; }")
		program = self.compiled("audited", "gcc")
		done = subprocess.run([anonmem.PROGRAM, "run", "--heaps", program], capture_output=True, check=False,
			env=dict(ENVIRONMENT, LD_AUDIT=library), timeout=60)
		self.assertEqual((done.returncode, done.stderr), (7, b""))

	def test_little_address_space(self):
		program = self.compiled("takes", "gcc")
		for size in ADDRESSES:
			limits = (size, size)
			done = self.same(program,
				preexec_fn=lambda limits=limits: resource.setrlimit(resource.RLIMIT_AS, limits))
			self.assertEqual(done.returncode, 7)
