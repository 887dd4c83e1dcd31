"""anonmem run breaks nothing: programs in sandboxes, with signals, of other C libraries and sizes."""

import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import anonmem
from anonmem import ENVIRONMENT, MIB, Live, run
from helper import PATIENCE
from interpreters import AWAIT
from programs import SOURCES, compile_c, compiles

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
INCLUDE = "-I" + os.path.join(SOURCE, "include")
LABEL = [INCLUDE, "-I" + os.path.join(SOURCE, "src"), "-D_FILE_OFFSET_BITS=64",
	*glob.glob(os.path.join(SOURCE, "src", "label", "*.c"))]
PRELOAD = ("caller.c", "demangle.c", "hook.c", "libc.c", "preload.c", "symbol.c")
# Ends with 0 if the library is preloaded into its child.
HAS_CHILD = b"""#include <stdlib.h>
int main(void) { return system("grep -q anonmem-preload /proc/self/maps") != 0; }"""
WITHOUT_IPC_LOCK = ["setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"]


class Compiled(Live):
	@classmethod
	def setUpClass(cls):
		cls.folder = tempfile.mkdtemp()

	@classmethod
	def tearDownClass(cls):
		shutil.rmtree(cls.folder)

	@classmethod
	def path(cls, name):
		return os.path.join(cls.folder, name)

	@classmethod
	def program(cls, name, *arguments):
		"""The path of a program of programs/, compiled."""
		path = cls.path(name)
		if not os.path.exists(path):
			compile_c(name + ".c", path, "-D_GNU_SOURCE", *arguments)
		return path

	def run_it(self, status, *command, prefix=(), **more):
		done = run("run", *command, prefix=prefix, **more)
		self.assertEqual(done.returncode, status, done.stderr.decode())
		return done

	def reports(self, *command):
		"""RSS by label of a program that says when it is ready."""
		with subprocess.Popen([anonmem.PROGRAM, "run", *command], stdin=subprocess.PIPE,
				stdout=subprocess.PIPE, env=ENVIRONMENT) as program:
			self.assertEqual(program.stdout.readline(), b"ready\n")
			report = self.report("--pid", program.pid)
			program.stdin.close()
		self.assertEqual(program.returncode, 0)
		return {g["label"]: g["rss"] for g in report["groups"]}


class Locked(Compiled):
	"""A process may lock 8 MiB of memory at most."""
	LIMIT = [*(WITHOUT_IPC_LOCK if anonmem.IS_ROOT else ()), "prlimit", "--memlock=8388608"]

	def program_and_library(self):
		return self.program("locked", *LABEL, "-pthread")

	def test_alone(self):
		for arguments in ([], ["name"]):
			done = subprocess.run([*self.LIMIT, self.program_and_library(), *arguments], check=False,
				capture_output=True)
			self.assertEqual((done.returncode, done.stdout), (0, b"locked\n"), done.stderr)

	def test_run(self):
		self.run_it(0, self.program_and_library(), prefix=self.LIMIT)

	def test_grows(self):
		found = self.reports(self.program("many"))
		pieces = [label for label in found if label.startswith("[anon:piece ")]
		self.assertEqual(len(pieces), 3000)

	def test_address_space(self):
		"""It grows as far as it may."""
		limit = ["prlimit", f"--as={40 * MIB}"]
		with subprocess.Popen([*limit, anonmem.PROGRAM, "run", self.program("many")],
				stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT) as program:
			self.assertEqual(program.stdout.readline(), b"ready\n")
			program.stdin.close()
		self.assertEqual(program.returncode, 0)


class Sandboxes(Compiled):
	def test_kills(self):
		done = self.run_it(0, self.program("filter", "-lseccomp", "-Wl,-z,now"), "kill")
		self.assertEqual(done.stdout, b"fine\n")

	def test_refuses(self):
		for calls in ([], ["rt_sigprocmask"], ["rt_sigprocmask", "futex", "madvise", "prctl", "openat"]):
			self.run_it(-signal.SIGTERM, self.program("filter", "-lseccomp", "-Wl,-z,now"), *calls)

	def test_without_memfds(self):
		"""Nobody can keep names then, which is said, and all else is as it was."""
		refuse = [self.program("refuse", "-lseccomp"), "memfd_create", "--"]
		if self.report()["kernel_labels"]:
			self.skipTest("the kernel keeps names")
		done = self.fails(3, "run", "sh", "-c", "exit 3", prefix=refuse, words="cannot keep names")
		self.assertEqual(done.stdout, b"")
		self.assertGreater(self.report("--pid", os.getpid(), prefix=refuse)["totals"]["rss"], 0)
		program = AWAIT + "import os; a = bytearray(1 << 20); await_readings(os.getppid())"
		done = self.run_it(0, "--summary", "/usr/bin/python3", "-c", program, prefix=refuse)
		self.assertIn(b"\nTOTAL ", done.stderr)

	def test_refused_rights(self):
		for calls in (["capset"], ["prctl"], ["rt_sigprocmask"], ["seccomp", "prctl"]):
			refuse = [self.program("refuse", "-lseccomp"), *calls, "--"]
			for options in ([], ["--summary"]):
				self.run_it(3, *options, "sh", "-c", "exit 3", prefix=refuse)

	@unittest.skipUnless(anonmem.IS_ROOT, "needs another user")
	def test_home_of_another(self):
		"""Rules are looked for there."""
		home = self.path("home")
		os.mkdir(home, 0o700)
		for there in (home, "/dev/null"):
			done = run("--pid", os.getpid(), prefix=["env", "-u", "XDG_CONFIG_HOME", f"HOME={there}"])
			self.assertEqual(done.returncode, 0, done.stderr)
			subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "env", "-u", "XDG_CONFIG_HOME",
				f"HOME={there}", anonmem.PROGRAM, "--limit", "1"], check=True, capture_output=True)


class Signals(Compiled):
	def test_handlers(self):
		found = self.reports(self.program("interrupted", "-pthread"))
		self.assertEqual(found["[anon:at the end]"], 1 << 16)

	def test_jumps(self):
		"""Names may be lost, but nothing waits."""
		self.reports(self.program("interrupted", "-pthread"), "jump")

	def test_copies(self):
		for arguments in ([], ["_Fork"]):
			done = self.run_it(0, self.program("copies", "-pthread"), *arguments)
			self.assertEqual(done.stdout, b"0 failed\n")

	COUNTS = """
import os, signal, time
counts = {}
def count(number, frame):
	counts[number] = counts.get(number, 0) + 1
	os.write(1, b"got\\n")
	if number == signal.SIGTERM:
		time.sleep(.3)
		print(*(counts.get(n, 0) for n in (signal.SIGUSR1, signal.SIGHUP, signal.SIGCONT, signal.SIGTERM)),
			flush=True)
		os._exit(0)
for number in (signal.SIGUSR1, signal.SIGHUP, signal.SIGCONT, signal.SIGTERM):
	signal.signal(number, count)
print("ready", flush=True)
while True:
	time.sleep(.05)
"""

	def counts(self, send):
		"""How often SIGUSR1, SIGHUP, SIGCONT and SIGTERM arrive."""
		with subprocess.Popen([anonmem.PROGRAM, "run", "--summary", "/usr/bin/python3", "-c", self.COUNTS],
				stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT,
				start_new_session=True) as program:
			self.assertEqual(program.stdout.readline(), b"ready\n")
			for number in (signal.SIGUSR1, signal.SIGHUP, signal.SIGCONT, signal.SIGTERM):
				send(program.pid, number)
				self.assertEqual(program.stdout.readline(), b"got\n")
				time.sleep(.3)  # for a second one
			counts = program.stdout.read().split()
		self.assertEqual(program.returncode, 0)
		return counts

	def test_of_the_group(self):
		self.assertEqual(self.counts(os.killpg), [b"1"] * 4)

	def test_of_one(self):
		self.assertEqual(self.counts(os.kill), [b"1"] * 4)

	def test_stopping(self):
		"""With the program stops who watches it, and both go on together."""
		with subprocess.Popen([anonmem.PROGRAM, "run", "--summary", "/usr/bin/python3", "-c", self.COUNTS],
				stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT,
				process_group=0) as program:
			self.assertEqual(program.stdout.readline(), b"ready\n")
			os.killpg(program.pid, signal.SIGTSTP)
			_, status = os.waitpid(program.pid, os.WUNTRACED)
			self.assertTrue(os.WIFSTOPPED(status))
			time.sleep(.2)
			os.killpg(program.pid, signal.SIGCONT)
			self.assertEqual(program.stdout.readline(), b"got\n")
			time.sleep(.3)
			os.killpg(program.pid, signal.SIGTERM)
			self.assertEqual(program.stdout.readline(), b"got\n")
			self.assertEqual(program.stdout.read().split(), [b"0", b"0", b"1", b"1"])
		self.assertEqual(program.returncode, 0)

	def test_pipe_ends_with_the_program(self):
		"""No other process has the streams."""
		script = '"$0" run --summary sh -c "exec 1>&- 2>&-; sleep .2" 2>&1 | cat; true'
		subprocess.run(["bash", "-c", script, anonmem.PROGRAM], check=True, timeout=PATIENCE, capture_output=True)


class OtherPrograms(Compiled):
	@unittest.skipUnless(compiles("musl-gcc"), "no musl")
	def test_musl(self):
		program = self.path("musl")
		subprocess.run(["musl-gcc", "-x", "c", "-", "-o", program], check=True,
			input=HAS_CHILD)
		done = self.fails(0, "run", program, words="is built for another C library")
		self.assertEqual(done.stdout, b"")
		done = self.run_it(0, "sh", "-c", '"$0"', program)
		self.assertEqual((done.stdout, done.stderr), (b"", b""))

	@unittest.skipUnless(compiles("gcc", "-m32"), "no compiler for 32 bits")
	def test_32_bits(self):
		program = self.path("bits32")
		subprocess.run(["gcc", "-m32", "-x", "c", "-", "-o", program], check=True,
			input=HAS_CHILD)
		done = self.run_it(0, "sh", "-c", '"$0"', program)
		self.assertEqual((done.stdout, done.stderr), (b"", b""))

	@unittest.skipUnless(compiles("gcc", "-m32"), "no compiler for 32 bits")
	def test_offsets(self):
		"""The library itself, as it is on a machine of 32 bits."""
		library = self.path("preload32.so")
		subprocess.run(["gcc", "-m32", "-shared", "-fPIC", "-fvisibility=hidden", "-O1", "-D_GNU_SOURCE", *LABEL,
			*(os.path.join(SOURCE, "src", "preload", name) for name in PRELOAD),
			"-o", library, "-pthread"], check=True)
		for bits in ("-m32", "-m64"):
			program = self.path("offsets" + bits)
			compile_c("offsets.c", program, bits)
			command = [program, self.path("sparse")]
			if bits == "-m32":
				command = ["env", f"LD_PRELOAD={library}", *command]
				self.assertEqual(subprocess.run(command, check=False, capture_output=True).stdout, b"right\n")
			else:
				self.assertEqual(self.run_it(0, *command).stdout, b"right\n")
			os.unlink(self.path("sparse"))

	@unittest.skipUnless(compiles("gcc", "-m32"), "no compiler for 32 bits")
	def test_names_of_32_bits(self):
		program = self.path("named32")
		subprocess.run(["gcc", "-m32", "-O1", "-D_GNU_SOURCE", *LABEL, os.path.join(SOURCES, "pieces.c"),
			"-o", program, "-pthread"], check=True)
		with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
			self.assertEqual(process.stdout.readline(), b"ready\n")
			found = {g["label"]: g["rss"] for g in self.report("--pid", process.pid)["groups"]}
			process.stdin.close()
		self.assertEqual(len([label for label in found if label.startswith("[anon:piece ")]), 600)
