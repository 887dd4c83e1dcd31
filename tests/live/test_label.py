"""anonmem run --label: unnamed memory gets the name of its requester."""

import os
import subprocess
import time

import anonmem
from anonmem import ENVIRONMENT, MIB
from helper import wait_for_state
from programs import Programs, compile_c


class Label(Programs):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		library, cls.program = (os.path.join(cls.folder, name) for name in ("libshop.so", "a[sh]op"))
		compile_c("libshop.c", library, "-shared", "-fPIC")
		compile_c("shop.c", cls.program, "-L" + cls.folder, "-lshop", "-Wl,-rpath,$ORIGIN", "-pthread")

	def labels(self, *options):
		"""RSS by label, of memory without a file."""
		with subprocess.Popen([anonmem.PROGRAM, "run", *options, self.program], stdin=subprocess.PIPE,
				stdout=subprocess.PIPE, env=ENVIRONMENT) as program:
			self.assertEqual(program.stdout.readline(), b"ready\n")
			wait_for_state(program.pid, "S")
			report = self.report("--pid", program.pid, "--kind", "anon,shmem", "--no-infer")
			program.stdin.close()
		self.assertEqual(program.returncode, 0)
		named = [g for g in report["groups"] if ":" in g["label"] and "memfd" not in g["label"]]
		self.assertEqual({g["origin"] for g in named},
			{"kernel" if report["kernel_labels"] else "process"})
		return {g["label"]: g["rss"] for g in named}

	def test_library(self):
		found = self.labels()
		self.assertEqual(found.pop("[anon:libshop.so]"), 7 * MIB)
		self.assertEqual(found.pop("[anon_shmem:libshop.so]"), 2 * MIB)
		self.assertEqual(found.pop("[anon:own name]"), MIB)
		# Bytes that are not valid in a name are replaced.
		self.assertEqual(found.pop("[anon:a_sh_op]"), 4 * MIB)
		# The large block, and the stack and arena of the thread.
		self.assertEqual(found.pop("[anon:libc.so.6]") // MIB, 30)
		self.assertEqual(found, {})

	def test_function(self):
		found = self.labels("--label", "function")
		self.assertEqual(found["[anon:libshop.so:grow]"], 7 * MIB)
		self.assertEqual(found["[anon_shmem:libshop.so:shop_pool]"], 2 * MIB)
		self.assertEqual(found["[anon:a_sh_op:main]"], 4 * MIB)
		self.assertIn("[anon:libc.so.6:pthread_create]", found)

	def test_none(self):
		self.assertEqual(self.labels("--label", "none"), {"[anon:own name]": MIB})

	def test_redis(self):
		"""The allocator is initialized before the preloaded library."""
		command = [anonmem.PROGRAM, "run", "redis-server", "--port", "0", "--save", "",
			"--daemonize", "no", "--unixsocket", os.path.join(self.folder, "socket"),
			"--enable-debug-command", "yes"]
		ask = ["redis-cli", "-s", os.path.join(self.folder, "socket")]
		with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=ENVIRONMENT) as redis:
			for _ in range(500):
				if subprocess.run([*ask, "ping"], capture_output=True).stdout == b"PONG\n":
					break
				time.sleep(0.02)
			subprocess.run([*ask, "debug", "populate", "100000"], check=True, capture_output=True)
			row = self.label("[anon:libjemalloc.so.2]", "--pid", redis.pid, "--kind", "anon",
				"--no-infer")
			total = self.report("--pid", redis.pid, "--kind", "anon")["totals"]
			subprocess.run([*ask, "shutdown", "nosave"], check=True, capture_output=True)
		self.assertEqual(redis.returncode, 0)
		self.assertGreater(row["pss"], 8 * MIB)
		self.assertGreater(row["pss"], 0.9 * total["pss"])

	def test_storm(self):
		"""Unmapped memory loses its name, and fork does not deadlock with other threads."""
		storm = os.path.join(self.folder, "storm")
		compile_c("storm.c", storm, "-pthread")
		with subprocess.Popen([anonmem.PROGRAM, "run", storm], stdin=subprocess.PIPE,
				stdout=subprocess.PIPE, env=ENVIRONMENT) as program:
			self.assertEqual(program.stdout.readline(), b"ready\n")
			wait_for_state(program.pid, "S")
			report = self.report("--pid", program.pid, "--by", "mapping")
			program.stdin.close()
		self.assertEqual(program.returncode, 0)
		self.assertNotIn("[anon:storm]", {g["file"] for g in report["groups"]})

	def test_without_files(self):
		found = self.rss("sandbox", "sandbox.c")
		self.assertEqual((found["[anon:inside]"], found["[anon:sandbox]"]), (MIB, 3 * MIB))

	def test_own_mmap(self):
		self.assertEqual(self.rss("wrapper", "mapper.c", "-DOWN_MMAP")["[anon:wrapper]"], MIB)

	def test_children(self):
		script = "php -r 'echo \"ready\\n\"; fgets(STDIN);'; exit 3"
		with subprocess.Popen([anonmem.PROGRAM, "run", "sh", "-c", script], stdin=subprocess.PIPE,
				stdout=subprocess.PIPE, env=ENVIRONMENT) as shell:
			shell.stdout.readline()
			with open(f"/proc/{shell.pid}/task/{shell.pid}/children", encoding="ascii") as f:
				child = int(f.read())
			self.assertGreater(self.label("[anon:zend_alloc]", "--pid", child)["rss"], 0)
			shell.stdin.close()
		self.assertEqual(shell.returncode, 3)
