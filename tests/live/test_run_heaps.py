"""anonmem run --heaps: each library that calls malloc() has a heap of its own."""

import json
import os
import resource
import subprocess

import anonmem
from anonmem import ENVIRONMENT, MIB, run
from programs import Programs, compile_c, SOURCES


class RunHeaps(Programs):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		for name in ("libstore", "libplugin"):
			compile_c(name + ".c", cls.path(name + ".so"), "-shared", "-fPIC")
		subprocess.run(["g++", "-O1", "-shared", "-fPIC", "-o", cls.path("libnew.so"),
			os.path.join(SOURCES, "libnew.cc")], check=True)
		compile_c("owners.c", cls.path("owners"), "-L" + cls.folder, "-lstore", "-lnew",
			"-Wl,-rpath,$ORIGIN")
		compile_c("torture.c", cls.path("torture"), "-pthread")

	@classmethod
	def path(cls, name):
		return os.path.join(cls.folder, name)

	def groups(self, options, *command, columns=None, **more):
		"""The groups by label of a program that says when it is ready."""
		with subprocess.Popen([anonmem.PROGRAM, "run", *options, "--", *command], stdin=subprocess.PIPE,
				stdout=subprocess.PIPE, **{"env": ENVIRONMENT, **more}) as program:
			self.assertEqual(program.stdout.readline(), b"ready\n")
			report = self.report("--pid", program.pid, *(["-o", columns] if columns else []))
			self.agrees("--pid", program.pid)
			program.stdin.close()
		self.assertEqual(program.returncode, 0)
		return {g["label"]: g for g in report["groups"]}

	def heaps(self, options, *command, **more):
		"""MiB of each heap by its library."""
		start, end = "[anon:malloc: ", "]"
		return {label[len(start):-len(end)]: g["rss"] / MIB
			for label, g in self.groups(options, *command, **more).items() if label.startswith(start)}

	def same(self, *command, options=("--heaps",), **more):
		"""A program does the same as without."""
		done = [subprocess.run(list(before) + list(command), capture_output=True, check=False, timeout=120,
				**{"env": ENVIRONMENT, **more})
			for before in ((), (anonmem.PROGRAM, "run", *options, "--"))]
		plain, own = ((d.returncode, d.stdout, d.stderr) for d in done)
		self.assertEqual(own, plain)
		return own

	def test_owners(self):
		"""Memory is the heap's of who asked first, whoever changes its size or frees it."""
		found = self.heaps(["--heaps"], self.path("owners"))
		for library, wanted in (("libstore.so", 47), ("libnew.so", 5.2), ("owners", 2)):
			self.assertGreater(found[library], wanted - 0.3, found)
			self.assertLess(found[library], wanted + 2.5, found)
		# Nothing is left for those that only pass on.
		self.assertLess(sum(found.get(name, 0) for name in ("libc.so.6", "libstdc++.so.6")), 0.3, found)
		self.assertLess(found["(allocator)"], 4)

	def test_caller(self):
		found = self.heaps(["--heaps=caller"], self.path("owners"))
		self.assertGreater(found["libc.so.6"], 3)
		self.assertGreater(found["libstdc++.so.6"], 5)
		self.assertNotIn("libnew.so", found)

	def test_through(self):
		found = self.heaps(["--heaps", "--through", "libst?re.so*", "--through", "libnew*"],
			self.path("owners"))
		self.assertNotIn("libstore.so", found)
		self.assertNotIn("libnew.so", found)
		self.assertGreater(found["owners"], 52)

	def test_subsystems(self):
		with subprocess.Popen([anonmem.PROGRAM, "run", "--heaps", self.path("owners")],
				stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT) as program:
			program.stdout.readline()
			report = self.report("--pid", program.pid, "--by", "subsystem")
			program.stdin.close()
		found = {g["subsystem"]: g["rss"] for g in report["groups"]}
		self.assertGreater(found["libstore"], 46 * MIB)
		self.assertGreater(found["owners"], MIB)

	def test_used_and_free(self):
		compile_c("halves.c", self.path("halves"))
		heap = self.groups(["--heaps"], self.path("halves"),
			columns="rss,heap_used,heap_free")["[anon:malloc: halves]"]
		self.assertAlmostEqual(heap["heap_used"] / MIB, 32, delta=2)
		self.assertAlmostEqual(heap["heap_free"] / MIB, 32, delta=3)
		self.assertEqual(heap["heap_used"] + heap["heap_free"], heap["rss"])

	def test_few_calls(self):
		"""A program that goes to sleep after a few calls, the last of which free most of its memory."""
		compile_c("few.c", self.path("few"))
		for freed in (0, 48):
			heap = self.groups(["--heaps"], self.path("few"), str(freed),
				columns="rss,heap_used,heap_free")["[anon:malloc: few]"]
			self.assertAlmostEqual(heap["heap_used"] / MIB, 64 - freed, delta=3)

	def test_doctor(self):
		"""It names --heaps where malloc has most, and not where heaps have owners already."""
		compile_c("halves.c", self.path("halves"))
		for options, wanted in (([], 1), (["--heaps"], 0)):
			with subprocess.Popen([anonmem.PROGRAM, "run", *options, self.path("halves")],
					stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT) as program:
				program.stdout.readline()
				found = json.loads(run("doctor", "--json", "--pid", program.pid).stdout)
				text = run("doctor", "--pid", program.pid).stdout.decode()
				program.stdin.close()
			self.assertEqual(found["mostly_malloc"]["processes"], wanted)
			self.assertEqual("run --heaps would show" in text, wanted == 1)

	def test_summary(self):
		done = subprocess.run([anonmem.PROGRAM, "run", "--heaps", "--summary", self.path("owners")],
			input=b"\n", capture_output=True, check=False, env=ENVIRONMENT, timeout=120)
		self.assertEqual(done.returncode, 0)
		self.assertIn(b"HEAPUSED", done.stderr)
		self.assertIn(b"[anon:malloc: libstore.so]", done.stderr)

	def test_all_of_malloc(self):
		"""In threads, over fork(), in signal handlers and when threads end."""
		self.assertEqual(self.same(self.path("torture"))[0], 0)

	def test_closed_libraries(self):
		"""Another library comes to lie where one was closed."""
		libraries = [self.path("libone.so"), self.path("libtwo.so")]
		for library in libraries:
			compile_c("libplugin.c", library, "-shared", "-fPIC")
		compile_c("plugins.c", self.path("plugins"))
		found = self.heaps(["--heaps"], self.path("plugins"), *libraries)
		for name in ("libone.so", "libtwo.so"):
			self.assertAlmostEqual(found[name], 150 * 10240 / MIB, delta=0.6)

	def test_older_memory(self):
		"""What the C library has allocated before can still be changed and freed."""
		library = self.path("libearly.so")
		compile_c("early.c", library, "-DLIBRARY", "-shared", "-fPIC", "-Wl,-z,initfirst")
		compile_c("early.c", self.path("early"), "-L" + self.folder, "-learly", "-Wl,-rpath,$ORIGIN")
		environment = dict(ENVIRONMENT, LD_PRELOAD=library)
		self.assertEqual(self.same(self.path("early"), env=environment)[0], 0)

	def test_little_address_space(self):
		def limit():
			resource.setrlimit(resource.RLIMIT_AS, (100 << 20, 100 << 20))

		self.same("perl", "-e", 'my @a; push @a, "x" x 1000 for 1 .. 30000; print scalar @a',
			preexec_fn=limit)
		# A program that has no more memory hears of it.
		self.same("perl", "-e", 'my $a = "x" x 200_000_000; print 1', preexec_fn=limit)

	def test_settings_of_another_jemalloc(self):
		environment = dict(ENVIRONMENT, MALLOC_CONF="stats_print:true,junk:true,nonesuch:1")
		self.same("perl", "-e", 'print "x" x 10', env=environment)

	def test_interpreters(self):
		"""PHP loads its extensions with RTLD_DEEPBIND, and Perl is no position-independent program."""
		self.same("php", "-r", 'echo count(range(1, 100000)), json_encode(["a" => [1, 2.5]]), phpversion();')
		self.same("perl", "-e", 'my %h; $h{$_} = "x" x $_ for 1 .. 2000; print join ",", sort keys %h')
		self.same("bash", "-c", "for i in 1 2 3; do echo $(echo $i; exit $i) $?; done; kill -TERM $$")

	def test_own_malloc(self):
		"""A program that brings a malloc() keeps it."""
		command = ["redis-server", "--port", "0", "--save", "", "--unixsocket", self.path("socket"),
			"--daemonize", "no"]
		with subprocess.Popen([anonmem.PROGRAM, "run", "--heaps", *command], stdout=subprocess.PIPE,
				env=ENVIRONMENT) as redis:
			for line in redis.stdout:
				if b"ready to accept" in line:
					break
			labels = {g["label"] for g in self.report("--pid", redis.pid)["groups"]}
			redis.terminate()
			redis.stdout.read()
		# Behind a name, what its content shows.
		self.assertIn("[anon:libjemalloc.so.2] ~jemalloc", labels)
		self.assertFalse([label for label in labels if label.startswith("[anon:malloc:")])

	def test_sanitizers(self):
		for sanitizer in ("address", "thread"):
			path = self.path("sanitized-" + sanitizer)
			compile_c("halves.c", path, "-fsanitize=" + sanitizer)
			self.assertEqual(self.heaps(["--heaps"], path), {})
			self.assertGreater(self.table_of(path), 5 << 44)

	def table_of(self, program):
		"""Where the table of names lies: not where a sanitizer that begins later expects nothing."""
		with subprocess.Popen([anonmem.PROGRAM, "run", "--heaps", program], stdin=subprocess.PIPE,
				stdout=subprocess.PIPE, env=ENVIRONMENT) as process:
			process.stdout.readline()
			with open(f"/proc/{process.pid}/maps", encoding="ascii") as maps:
				table = next(line for line in maps if "anonmem-names" in line)
			process.stdin.close()
		return int(table.partition("-")[0], 16)

	def test_nested(self):
		"""What another `anonmem run` preloads is not preloaded beside."""
		for outer, inner, wanted in ((["--heaps"], [], "anonmem-preload.so"),
				([], ["--heaps"], "anonmem-heaps.so")):
			done = subprocess.run([anonmem.PROGRAM, "run", *outer, anonmem.PROGRAM, "run", *inner,
				"printenv", "LD_PRELOAD"], capture_output=True, check=True, env=ENVIRONMENT)
			self.assertEqual(os.path.basename(done.stdout.decode().strip()), wanted)

	def test_failing(self):
		self.fails(2, "run", "--heaps=library", "true", words="expected caller or nothing")
		self.fails(2, "run", "--through", "lib*", "true", words="--through needs --heaps")
		self.fails(2, "run", "--heaps", "--through", "a:b", "true", words="without a colon")
		self.assertIn(b"--heaps", run("run", "--help").stdout)
