#!/usr/bin/env python3
"""anonmem on processes that this test starts: live.py ANONMEM HELPER [CLASS...]

The helper ends when its standard input closes, so nothing stays behind, however this ends. Only
what Python brings is used.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

MIB = 1024 * 1024
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
MISSED = ("denied", "vanished", "truncated", "malformed")
ANONMEM = HELPER = ""
IS_ROOT = os.geteuid() == 0
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("LANGUAGE", "COLUMNS", "NO_COLOR")}
ENVIRONMENT.update(LC_ALL="C.UTF-8", HOME="/nonexistent", XDG_CONFIG_HOME="/nonexistent")


def wait_for_state(pid, state):
	for _ in range(500):
		with open(f"/proc/{pid}/stat", encoding="latin-1") as f:
			if f.read().rsplit(")", 1)[1].split()[0] == state:
				return
		time.sleep(0.01)
	raise AssertionError(f"process {pid} did not get into state {state}")


class Helper:
	"""A process of helper.c: it has said what it made, and waits."""

	def __init__(self, command, count=0, program=None):
		self.process = subprocess.Popen([program or HELPER, command, str(count)], stdin=subprocess.PIPE,
			stdout=subprocess.PIPE, text=True)
		self.pid, self.children, self.ranges = self.process.pid, [], {}
		for line in self.process.stdout:
			words = line.split()
			if words[0] == "ready":
				wait_for_state(self.pid, "S")  # or it touches more
				return
			if words[0] == "child":
				self.children.append(int(words[1]))
			else:
				self.ranges[words[0]] = (words[1], words[2])
		raise AssertionError(f"helper {command} did not get ready")

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.process.stdin.close()
		self.process.stdout.close()
		if self.process.wait(20) != 0:
			raise AssertionError(f"the helper ended with {self.process.returncode}")


def lasting(report):
	"""What stays as long as the processes sleep: how libraries are shared depends on others."""
	everywhere = ("processes", "mappings", "size", "rss", "anonymous", "swap")
	own = ("pss", "pss_dirty", "uss", "locked")
	return {g["label"]: [g[n] for n in everywhere + (own if g["label"] != "[file]" else ())]
		for g in report["groups"] if g["label"] != "[vdso]"}


def run(*arguments, prefix=(), timeout=120, **more):
	return subprocess.run([*prefix, ANONMEM, *map(str, arguments)], capture_output=True, check=False,
		env=ENVIRONMENT, timeout=timeout, **more)


class Live(unittest.TestCase):
	def report(self, *arguments, status=0, prefix=()):
		done = run(*arguments, "--json", prefix=prefix)
		self.assertEqual(done.returncode, status, done.stderr.decode())
		report = json.loads(done.stdout)
		coverage = report["coverage"]
		self.assertEqual(coverage["seen"], sum(coverage.values()) - coverage["seen"])
		return report

	def mapping(self, pid, span):
		"""The counters of one mapping, known by its addresses."""
		report = self.report("--pid", pid, "--by", "mapping")
		found = [g for g in report["groups"] if (g["start"], g["end"]) == span]
		self.assertEqual(len(found), 1, f"no single mapping at {span}")
		return found[0]

	def label(self, label, *arguments):
		groups = self.report(*arguments)["groups"]
		return next(g for g in groups if g["label"] == label)

	def agrees(self, *arguments):
		"""The memory of a quiet process does not change, but every process that comes or goes
		meanwhile changes how the pages of libraries are shared: five readings may not all fail."""
		for _ in range(5):
			done = run(*arguments, "--verify")
			if done.returncode == 0:
				return done
		self.fail(done.stdout.decode() + done.stderr.decode())
		return done

	def fails(self, status, *arguments, words="", **more):
		"""One sentence on standard error."""
		done = run(*arguments, **more)
		text = done.stderr.decode()
		self.assertEqual(done.returncode, status, text)
		self.assertEqual(text.count("\n"), 1, text)
		self.assertIn(words, text)
		return done


class Memory(Live):
	def test_touched(self):
		with Helper("memory") as h:
			private = self.mapping(h.pid, h.ranges["private"])
			self.assertEqual(private["file"], "[anon]")
			self.assertEqual(private["size"], 8 * MIB)
			for name in ("rss", "pss", "uss", "anonymous", "private_dirty"):
				self.assertEqual(private[name], 5 * MIB, name)
			memfd = self.label("[memfd:anonmem live]", "--pid", h.pid)
			self.assertEqual((memfd["size"], memfd["rss"], memfd["pss"]), (4 * MIB, 3 * MIB, 3 * MIB))
			self.assertEqual(memfd["anonymous"], 0)
			shared = self.label("[anon_shmem]", "--pid", h.pid)
			self.assertEqual((shared["rss"], shared["uss"]), (MIB, MIB))

	def test_table(self):
		with Helper("memory") as h:
			text = run("--pid", h.pid, "--by", "kind", "--units", "k").stdout.decode()
			self.assertIn("shmem", text)
			self.assertRegex(text, r"\nshmem +1 +2 +4096K +4096K +4096K +0K ")

	def test_shared_with_a_child(self):
		with Helper("share", 1) as h:
			span, child = h.ranges["private"], h.children[0]
			mine, memfd = self.mapping(h.pid, span), self.mapping(h.pid, h.ranges["memfd"])
			# The child wrote to 64 KiB of it.
			own, both = 64 * 1024, 4 * MIB - 64 * 1024
			self.assertEqual((mine["rss"], mine["uss"]), (4 * MIB, own))
			self.assertEqual(mine["pss"], own + both // 2)
			self.assertEqual((memfd["rss"], memfd["pss"], memfd["uss"]), (2 * MIB, MIB, 0))
			# Together, the memory is there once.
			both_pids = self.label("[memfd:pool]", "--pid", f"{h.pid},{child}")
			self.assertEqual((both_pids["rss"], both_pids["pss"]), (4 * MIB, 2 * MIB))
			self.assertEqual(both_pids["processes"], 2)
			os.kill(child, signal.SIGKILL)
			wait_for_state(child, "Z")
			alone = self.mapping(h.pid, span)
			self.assertEqual((alone["pss"], alone["uss"]), (4 * MIB, 4 * MIB))

	def test_pss_of_many(self):
		with Helper("share", 8) as h:
			pids = ",".join(map(str, [h.pid, *h.children]))
			memfd = self.label("[memfd:pool]", "--pid", pids)
			self.assertEqual(memfd["rss"], 9 * 2 * MIB)
			# Each share is rounded down to 1 kB.
			self.assertLessEqual(memfd["pss"], 2 * MIB)
			self.assertGreater(memfd["pss"], 2 * MIB - 9 * 1024)

	@unittest.skipIf(len(open("/proc/swaps", encoding="ascii").readlines()) < 2, "no swap here")
	def test_swapped(self):
		with Helper("swap") as h:
			private = self.mapping(h.pid, h.ranges["private"])
			self.assertGreater(private["swap"], 0)
			self.assertEqual(private["swap"] + private["rss"], 4 * MIB)
			self.assertEqual(private["swap_pss"], private["swap"])

	def test_hostile_name(self):
		with Helper("name") as h:
			for form in ("table", "csv"):
				text = run("--pid", h.pid, "--by", "process", "--format", form).stdout
				self.assertIn(rb"a) R 1\n\033[2J\377", text)
				self.assertNotIn(b"\x1b", text)
			self.assertEqual(self.report("--pid", h.pid, "--by", "process")["groups"][0]["name"],
				r"a) R 1\n\033[2J\377")
			self.assertEqual(self.report("--name", "^a\\) R", "--by", "name")["coverage"]["read"], 1)


PYTHON = "import sys; keep = [%s]; print('ready', flush=True); sys.stdin.read()"
OBJECTS = PYTHON % "str(n) for n in range(300000)"
BLOCKS = PYTHON % "b'x' * (3 << 20) for n in range(8)"  # from malloc, with a head before each
PHP = """
$keep = []; for ($n = 0; $n < 200000; $n++) $keep[] = "s$n";
echo "ready\\n"; fgets(STDIN);
"""


class Inferred(Live):
	"""What unnamed memory probably is. On a kernel that keeps names the same: these have none."""

	def mappings(self, pid, *arguments):
		report = self.report("--pid", pid, "--by", "label,mapping", *arguments)
		return [(int(g["start"], 16), int(g["end"], 16), g) for g in report["groups"]]

	def labels(self, h, *arguments):
		"""The label of each address that the helper named."""
		found, mappings = {}, self.mappings(h.pid, *arguments)
		for name, (start, _) in h.ranges.items():
			at = [g for s, e, g in mappings if s <= int(start, 16) < e]
			self.assertEqual(len(at), 1, name)
			self.assertEqual(at[0]["origin"], "inferred" if at[0]["label"][0] == "~" else "kernel")
			found[name] = at[0]["label"]
		return found

	WANTED = {
		"in-bss": "~.bss",
		"on-stack": "~thread stack",
		"in-arena": "~malloc arena",
		"reserved": "~reserved",
		"jit": "~jit",
		"go": "~go heap",
		"go-rest": "~reserved",
		"java": "~java heap",
		"java-rest": "~reserved",
		"v8": "~v8 heap",
		"spidermonkey": "~spidermonkey heap",
	}

	def test_told(self):
		with Helper("inferred") as h:
			self.assertEqual(self.labels(h), self.WANTED)
			self.assertEqual(set(self.labels(h, "--no-infer").values()), {"[anon]"})
			with open(f"/proc/{h.pid}/smaps", "rb") as f:
				done = run("--smaps", "-", "--by", "label", "--json", stdin=f)
			here = self.report("--pid", h.pid)
			self.assertEqual([g["label"] for g in json.loads(done.stdout)["groups"]],
				[g["label"] for g in here["groups"]])

	def test_told_fast(self):
		with Helper("inferred") as h:
			self.assertEqual(self.labels(h, "--fast"), self.WANTED)

	def test_looks_like_it(self):
		with Helper("lookalikes") as h:
			found = self.labels(h)
			self.assertEqual(found, dict.fromkeys(found, "[anon]"))
			self.assertEqual(len(found), 14)

	def test_program(self):
		"""The same memory in programs that are known to take it so."""
		programs = {"redis-server": "~redis heap", "php8.2": "~php heap", "python3.11":
			"~python objects", "firefox-esr": "~firefox heap", "libredis-server": "[anon]", "perl": "[anon]"}
		with tempfile.TemporaryDirectory() as folder:
			for name, label in programs.items():
				copy = shutil.copy(HELPER, os.path.join(folder, name))
				with Helper("lookalikes", program=copy) as h:
					self.assertEqual(self.labels(h)["false-pieces"], label)

	def test_nothing_is_lost(self):
		"""A guess moves memory to another row, no more."""
		for command in ("inferred", "lookalikes"):
			with Helper(command) as h:
				with_guess, without = (json.loads(self.agrees("--pid", h.pid, "--json", *more).stdout)
					for more in ((), ("--no-infer",)))
				self.assertEqual(with_guess["totals"]["rss"], without["totals"]["rss"])
				self.assertEqual(with_guess["totals"]["mappings"], without["totals"]["mappings"])
				self.assertFalse([g for g in without["groups"] if g["label"].startswith("~")])

	def test_selected(self):
		with Helper("inferred") as h:
			report = self.report("--pid", h.pid, "--label", "~go*", "--by", "subsystem", "--no-rules")
			self.assertEqual([g["subsystem"] for g in report["groups"]], ["~go/heap"])

	def interpreter(self, *command):
		"""The unnamed memory of a program: {label: [RSS of each mapping]}."""
		with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
			self.assertEqual(p.stdout.readline(), b"ready\n")
			found = {}
			for start, end, g in self.mappings(p.pid, "--kind", "anon"):
				found.setdefault(g["label"], []).append((start, end, g["rss"]))
			p.stdin.close()
		return found

	def test_python(self):
		found = self.interpreter("/usr/bin/python3", "-c", OBJECTS)
		self.assertGreater(sum(rss for *_, rss in found["~python objects"]), 10 * MIB)
		for start, end, _ in found["~python objects"]:
			self.assertEqual((end - start) % MIB, 0)

	def test_python_from_malloc(self):
		found = self.interpreter("/usr/bin/python3", "-c", BLOCKS)
		self.assertGreater(sum(rss for *_, rss in found["[anon]"]), 20 * MIB)

	def test_php(self):
		found = self.interpreter("/usr/bin/php", "-n", "-r", PHP)
		if "[anon:zend_alloc]" not in found:
			self.assertGreater(sum(rss for *_, rss in found["~php heap"]), 4 * MIB)


class Doctor(Live):
	def doctor(self, *arguments):
		done = run("doctor", *arguments, "--json")
		self.assertEqual((done.returncode, done.stderr), (0, b""))
		found = json.loads(done.stdout)
		self.assertEqual(found["schema"], "anonmem-doctor/1")
		return found

	def test_machine(self):
		found, report = self.doctor(), self.report("--by", "kind")
		for name in ("kernel", "kernel_labels"):
			self.assertEqual(found[name], report[name])
		self.assertEqual(found["coverage"]["seen"],
			sum(found["coverage"].values()) - found["coverage"]["seen"])
		self.assertGreater(found["coverage"]["read"], 0)

	def test_memory(self):
		"""The same sums as in a report."""
		with Helper("inferred") as h:
			memory = self.doctor("--pid", h.pid)["memory"]
			wanted = dict.fromkeys(memory, 0)
			for g in self.report("--pid", h.pid, "--kind", "anon")["groups"]:
				word = "unknown" if g["label"] == "[anon]" else g["origin"]
				wanted["process" if g["label"].startswith("[anon:") else word] += g["pss"]
			self.assertEqual(memory, wanted)
			self.assertGreater(memory["inferred"], 4 * MIB)

	def test_programs(self):
		with Helper("inferred") as h:
			found = {k["program"]: k for k in self.doctor("--pid", h.pid)["known"]}
			self.assertIn("GNU C library", found)
			self.assertEqual(found["Go"]["names"], [os.path.basename(HELPER)])
			version = os.confstr("CS_GNU_LIBC_VERSION").split()[1]
			self.assertEqual(found["GNU C library"]["version"], version)
			self.assertIn("glibc.mem.decorate_maps=1", found["GNU C library"]["advice"])
		with subprocess.Popen(["/usr/bin/python3", "-c", OBJECTS], stdin=subprocess.PIPE,
				stdout=subprocess.PIPE) as p:
			p.stdout.readline()
			programs = [k["program"] for k in self.doctor("--pid", p.pid)["known"]]
			p.stdin.close()
		self.assertEqual(programs, ["GNU C library", "Python"])

	def test_text(self):
		with Helper("inferred") as h:
			text = run("doctor", "--pid", h.pid).stdout.decode()
			keeps = self.report("--pid", h.pid)["kernel_labels"]
			self.assertIn("keeps names of memory" if keeps else "keeps no names of memory", text)
			self.assertIn("1 of 1 process read.", text)
			self.assertRegex(text, r"% +guessed \(~\)")
			self.assertIn(f"GNU C library, 1 process ({os.path.basename(HELPER)}):", text)

	def test_hostile_name(self):
		with Helper("name") as h:
			text = run("doctor", "--pid", h.pid).stdout
			self.assertIn(rb"a) R 1\n\033[2J\377", text)
			self.assertNotIn(b"\x1b", text)
			self.assertEqual(self.doctor("--pid", h.pid)["known"][0]["names"],
				[r"a) R 1\n\033[2J\377"])

	def test_another_library(self):
		"""Not the one that anonmem itself has, so its version is not known."""
		with open("/proc/self/maps", encoding="utf-8") as f:
			library = next(line.split()[-1] for line in f if line.endswith("/libc.so.6\n"))
		with tempfile.TemporaryDirectory() as folder:
			shutil.copy(library, folder)
			with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
					env={"LD_LIBRARY_PATH": folder}) as cat:
				cat.stdin.write(b"\n")
				cat.stdin.flush()
				cat.stdout.readline()
				known = self.doctor("--pid", cat.pid)["known"]
				cat.stdin.close()
		self.assertEqual([k["program"] for k in known], ["GNU C library"])
		self.assertNotIn("version", known[0])

	def test_no_such_process(self):
		with Helper("sleepers") as h:
			pid = h.pid
		self.fails(1, "doctor", "--pid", pid, words="there is no such process")


class Names(Live):
	"""Names of memory, kept by the kernel or, where it does not, by the process."""

	def rows(self, *arguments):
		report = self.report(*arguments)
		self.origin = "kernel" if report["kernel_labels"] else "process"
		self.notes = " ".join(report["notes"])
		return {g["label"]: g for g in report["groups"]}

	def test_known_bytes(self):
		page = os.sysconf("SC_PAGESIZE")
		labelled = os.path.join(os.path.dirname(os.path.realpath(HELPER)), "../kernel/labelled")
		with subprocess.Popen([labelled], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
			child = int(p.stdout.readline().split()[1])
			wait_for_state(child, "S")
			rows, both = self.rows("--pid", p.pid), self.rows("--pid", f"{p.pid},{child}")
			fast = self.rows("--pid", p.pid, "--fast")
			self.agrees("--pid", p.pid)
			p.stdin.close()
		for label, size, touched in (
			("[anon:test: cache]", 256, 128),
			("[anon: Test: leading blank]", 16, 16),
			("[anon:]", 8, 8),
			("[anon:a (deleted) /usr/lib/x.so]", 8, 4),
			("[anon:test: untouched]", 64, 0),
		):
			row = rows[label]
			self.assertEqual(row["size"], size * page, label)
			for name in ("rss", "pss", "uss", "anonymous", "private_dirty"):
				self.assertEqual(row[name], touched * page, f"{label} {name}")
			self.assertEqual((row["swap"], row["origin"]), (0, self.origin), label)
			self.assertEqual((fast[label]["rss"], fast[label]["size"]), (row["rss"], row["size"]))
		inherited, shared = rows["[anon:test: inherited]"], rows["[anon_shmem:test: shared]"]
		self.assertEqual((inherited["rss"], inherited["pss"], inherited["uss"]),
			(64 * page, 32 * page, 0))
		self.assertEqual((shared["pss"], shared["anonymous"]), (16 * page, 0))
		self.assertEqual(both["[anon:test: inherited]"]["processes"], 2)
		self.assertEqual(both["[anon:test: inherited]"]["pss"], 64 * page)

	def test_table(self):
		with Helper("names") as h:
			text = run("--pid", h.pid, "--by", "label").stdout.decode()
			self.rows("--pid", h.pid)
			mark = r"\*" if self.origin == "process" else ""
			self.assertRegex(text, r"\n\[anon:live: low\]" + mark + " +1 +1 +1.0M")
			for keys in ("file", "mapping"):
				text = run("--pid", h.pid, "--by", keys).stdout.decode()
				self.assertRegex(text, r"\[anon:live: low\]" + mark + " +1 +1 +1.0M")
			csv = run("--pid", h.pid, "--csv").stdout.decode()
			self.assertIn(f"\n[anon:live: low],{self.origin},1,1,{MIB}", csv)

	def test_one_mapping(self):
		"""Its parts add up to it."""
		with Helper("names") as h:
			start, end = (int(n, 16) for n in h.ranges["private"])
			groups = self.report("--pid", h.pid, "--by", "mapping")["groups"]
			parts = sorted((int(g["start"], 16), int(g["end"], 16), g["file"], g["rss"], g["uss"])
				for g in groups if start <= int(g["start"], 16) < end)
			self.assertEqual(parts, [
				(start, start + MIB, "[anon:live: low]", MIB, MIB),
				(start + MIB, start + 3 * MIB, "[anon]", 2 * MIB, 2 * MIB),
				(start + 3 * MIB, end, "[anon:live: high]", MIB, MIB),
			])

	def test_changing_without_pause(self):
		with Helper("names", 8) as h:
			for i in range(150):
				rows = self.rows("--pid", h.pid, *(["--fast"] if i % 2 else []))
				self.assertNotIn("could not be read", self.notes)
				for label in ("[anon:live: low]", "[anon:live: high]"):
					self.assertEqual((rows[label]["rss"], rows[label]["mappings"]), (MIB, 1))
				named = [g["rss"] for label, g in rows.items() if label.startswith("[anon:live: ")]
				self.assertLessEqual(sum(named), 4 * MIB)

	def test_of_an_smaps_file(self):
		with Helper("names") as h, open(f"/proc/{h.pid}/smaps", "rb") as smaps:
			done = run("--smaps", "-", "--json", stdin=smaps)
			self.rows("--pid", h.pid)
			report = json.loads(done.stdout)
			labels = [g["label"] for g in report["groups"]]
			self.assertEqual("[anon:live: low]" in labels, self.origin == "kernel")
			self.assertEqual("not in what was captured" in " ".join(report["notes"]),
				self.origin == "process")


class Run(Live):
	"""`anonmem run`: the program is what it was, but for its names."""

	def shell(self, script, *arguments, **more):
		return subprocess.run([ANONMEM, "run", "--", "bash", "-c", script, "bash", *arguments],
			capture_output=True, check=False, timeout=60, **more)

	def test_php(self):
		program = 'echo "ready\\n"; $a = range(1, 200000); fgets(STDIN);'
		with subprocess.Popen([ANONMEM, "run", "php", "-r", program], stdin=subprocess.PIPE,
				stdout=subprocess.PIPE, env=ENVIRONMENT) as php:
			php.stdout.readline()
			wait_for_state(php.pid, "S")
			row = self.label("[anon:zend_alloc]", "--pid", php.pid)
			kept = self.report("--pid", php.pid)["kernel_labels"]
			self.assertEqual(row["origin"], "kernel" if kept else "process")
			self.assertGreater(row["rss"], 2 * MIB)
			self.agrees("--pid", php.pid)
			php.stdin.close()
		self.assertEqual(php.returncode, 0)

	def test_as_it_was(self):
		done = self.shell("cat; echo error >&2; exit 42", input=b"in")
		self.assertEqual((done.returncode, done.stdout, done.stderr), (42, b"in", b"error\n"))
		self.assertEqual(self.shell("kill -TERM $$").returncode, -signal.SIGTERM)
		self.assertEqual(self.shell('echo "$#:$1"', "-x y").stdout, b"1:-x y\n")

	def test_environment(self):
		"""What was preloaded before still is."""
		before = dict(ENVIRONMENT, LD_PRELOAD="libm.so.6", ASAN_OPTIONS="verify_asan_link_order=0")
		done = self.shell("env", env=before)
		self.assertEqual(done.returncode, 0, done.stderr)
		after = dict(line.split("=", 1) for line in done.stdout.decode().splitlines())
		changed = {k for k in {*before, *after} if before.get(k) != after.get(k)}
		self.assertLessEqual(changed, {"LD_PRELOAD", "GLIBC_TUNABLES", "ASAN_OPTIONS", "_", "SHLVL", "PWD", "OLDPWD"})
		self.assertTrue(after["LD_PRELOAD"].endswith(before["LD_PRELOAD"]))

	def test_failing(self):
		for status, words, arguments in (
			(2, "say what to run", ["run"]),
			(2, "--nonesuch is no option", ["run", "--nonesuch", "true"]),
			(2, "expected library, function or none", ["run", "--label", "name", "true"]),
			(2, "--label needs a value", ["run", "--label"]),
			(127, "No such file", ["run", "--summary", "/nonexistent/program"]),
			(127, "No such file", ["run", "/nonexistent/program"]),
			(126, "Permission denied", ["run", "/etc/passwd"]),
		):
			self.fails(status, *arguments, words=words)
		self.assertIn(b"anonmem run", run("run", "--help").stdout)

	def test_static(self):
		with tempfile.TemporaryDirectory() as folder:
			program = os.path.join(folder, "static")
			subprocess.run(["gcc", "-static", "-x", "c", "-", "-o", program],
				input=b"int main(void) { return 7; }", check=True)
			done = self.fails(7, "run", program, words="is linked statically")
			self.assertEqual(done.stdout, b"")
			# An empty part of PATH is the folder that this runs in.
			for path in (":/usr/bin", "/usr/bin::/bin", "/usr/bin:"):
				self.fails(7, "run", "static", words="is linked statically", cwd=folder,
					prefix=("env", f"PATH={path}"))


# A library of ours that maps memory, by a function that other objects see and by one that only its
# own symbol table has.
LIBRARY = """
#include <sys/mman.h>
static __attribute__((noinline)) void *grow(unsigned long size)
{
	void *at = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__builtin_memset(at, 1, size);
	return at;
}
void *shop_cache(unsigned long size) { return grow(size); }
void *shop_pool(unsigned long size)
{
	void *at = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	__builtin_memset(at, 1, size);
	return at;
}
"""

# Sizes tell the mappings apart. The large malloc() is mapped, and grown, by the C library.
PROGRAM = """
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
void *shop_cache(unsigned long), *shop_pool(unsigned long);
enum { MIB = 1 << 20 };
static void *sleeper(void *at) { pause(); return at; }
int main(int argc, char **argv)
{
	pthread_t thread;
	pthread_attr_t attributes;
	char *large = malloc(20 * MIB), *moved, *own;

	errno = 42;
	shop_cache(3 * MIB);
	shop_pool(2 * MIB);
	if (errno != 42)
		return 2;
	memset(large, 1, 20 * MIB);
	large = realloc(large, 30 * MIB);
	memset(large, 1, 30 * MIB);
	own = mmap(0, 5 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(own, 1, 5 * MIB);
	prctl(PR_SET_VMA, 0, own, MIB, "own name");
	moved = shop_cache(7 * MIB);
	if (munmap(moved, 3 * MIB) < 0)
		return 3;
	free(malloc(40 * MIB));
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, MIB);
	pthread_create(&thread, &attributes, sleeper, large);
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
"""

# A sandbox in which no file can be opened, so that a program cannot look at its own mappings.
SANDBOX = """
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
int main(void)
{
	enum { MIB = 1 << 20 };
	struct rlimit none = {0, 0};
	char *at = mmap(0, 4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 4 * MIB; i += 4096)
		at[i] = 1;
	setrlimit(RLIMIT_NOFILE, &none);
	if (prctl(PR_SET_VMA, 0, at + MIB, MIB, "inside") || !prctl(PR_SET_VMA, 0, 0, MIB, "nowhere"))
		return 1;
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
"""

# A program with an mmap() of its own, as some allocators and sanitizers have it.
OWN_MMAP = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <sys/mman.h>
void *mmap(void *at, size_t size, int access, int flags, int fd, off_t offset)
{
	static void *(*next)(void *, size_t, int, int, int, off_t);

	if (!next)
		next = (void *(*)(void *, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, "mmap");
	return next(at, size, access, flags, fd, offset);
}
int main(void)
{
	char *at = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 1 << 20; i += 4096)
		at[i] = 1;
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
"""

# Threads that map and unmap without pause, by mmap() and by malloc(), while the process forks.
STORM = """
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
enum { THREADS = 64, ROUNDS = 1500, FORKS = 60, PLACES = 16 };
static void *work(void *number)
{
	unsigned seed = (unsigned)(long)number;
	char *at[PLACES] = {0}, *large;
	size_t size[PLACES];

	for (int i = 0; i < ROUNDS; i++) {
		int k = rand_r(&seed) % PLACES;

		if (at[k]) {
			munmap(at[k], size[k]);
			at[k] = NULL;
		} else {
			size[k] = 4096 * (1 + rand_r(&seed) % 32);
			at[k] = mmap(0, size[k], PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			at[k][0] = 1;
		}
		large = malloc(200000 + rand_r(&seed) % 100000);
		large[0] = 1;
		free(large);
	}
	for (int k = 0; k < PLACES; k++) {
		if (at[k])
			munmap(at[k], size[k]);
	}
	return NULL;
}
int main(void)
{
	pthread_t threads[THREADS];
	int status = 0;

	for (long i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, (void *)i);
	for (int i = 0; i < FORKS; i++) {
		pid_t child = fork();

		if (child == 0) {
			free(malloc(300000));
			_exit(7);
		}
		waitpid(child, &status, 0);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 7)
			return 1;
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
"""


def compile_c(text, path, *arguments):
	subprocess.run(["gcc", "-O1", "-x", "c", "-", "-o", path, *arguments], input=text.encode(),
		check=True)


class Programs(Live):
	"""Programs of ours under `anonmem run`."""

	@classmethod
	def setUpClass(cls):
		cls.folder = tempfile.mkdtemp()

	@classmethod
	def tearDownClass(cls):
		shutil.rmtree(cls.folder)

	def rss(self, name, text, *flags):
		"""RSS by label of another program."""
		path = os.path.join(self.folder, name)
		compile_c(text, path, *flags)
		with subprocess.Popen([ANONMEM, "run", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
				env=ENVIRONMENT) as program:
			self.assertEqual(program.stdout.readline(), b"ready\n")
			report = self.report("--pid", program.pid)
			program.stdin.close()
		self.assertEqual(program.returncode, 0)
		return {g["label"]: g["rss"] for g in report["groups"]}


class Sanitizers(Programs):
	def test_address_sanitizer(self):
		"""Its runtime wants to be the first library of all."""
		self.assertGreaterEqual(self.rss("sanitized", OWN_MMAP.replace("mmap(void", "mmap_(void"),
			"-fsanitize=address")["[anon:sanitized]"], MIB)


class Label(Programs):
	"""`anonmem run --label`: memory that nobody named has the name of who asked for it."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		library, cls.program = (os.path.join(cls.folder, name) for name in ("libshop.so", "a[sh]op"))
		compile_c(LIBRARY, library, "-shared", "-fPIC")
		# What stands behind - is taken for C too, but a library is not to be.
		compile_c(PROGRAM, cls.program, "-L" + cls.folder, "-lshop", "-Wl,-rpath,$ORIGIN", "-pthread")

	def labels(self, *options):
		"""RSS by label, of what has no file behind it."""
		with subprocess.Popen([ANONMEM, "run", *options, self.program], stdin=subprocess.PIPE,
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
		# No byte of a name that could not be one.
		self.assertEqual(found.pop("[anon:a_sh_op]"), 4 * MIB)
		# The large piece, and what the stack and the arena of the thread have.
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
		"""The allocator is set up before what is preloaded."""
		command = [ANONMEM, "run", "redis-server", "--port", "0", "--save", "", "--daemonize", "no",
			"--unixsocket", os.path.join(self.folder, "socket"), "--enable-debug-command", "yes"]
		ask = ["redis-cli", "-s", os.path.join(self.folder, "socket")]
		with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=ENVIRONMENT) as redis:
			for _ in range(500):
				if subprocess.run([*ask, "ping"], capture_output=True).stdout == b"PONG\n":
					break
				time.sleep(0.02)
			subprocess.run([*ask, "debug", "populate", "100000"], check=True, capture_output=True)
			row = self.label("[anon:libjemalloc.so.2]", "--pid", redis.pid, "--kind", "anon")
			total = self.report("--pid", redis.pid, "--kind", "anon")["totals"]
			subprocess.run([*ask, "shutdown", "nosave"], check=True, capture_output=True)
		self.assertEqual(redis.returncode, 0)
		self.assertGreater(row["pss"], 8 * MIB)
		self.assertGreater(row["pss"], 0.9 * total["pss"])

	def test_storm(self):
		"""What was unmapped has no name any more, and no fork waits for a thread that waits for it."""
		storm = os.path.join(self.folder, "storm")
		compile_c(STORM, storm, "-pthread")
		with subprocess.Popen([ANONMEM, "run", storm], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
				env=ENVIRONMENT) as program:
			self.assertEqual(program.stdout.readline(), b"ready\n")
			wait_for_state(program.pid, "S")
			report = self.report("--pid", program.pid, "--by", "mapping")
			program.stdin.close()
		self.assertEqual(program.returncode, 0)
		self.assertNotIn("[anon:storm]", {g["file"] for g in report["groups"]})

	def test_without_files(self):
		found = self.rss("sandbox", SANDBOX)
		self.assertEqual((found["[anon:inside]"], found["[anon:sandbox]"]), (MIB, 3 * MIB))

	def test_own_mmap(self):
		self.assertEqual(self.rss("wrapper", OWN_MMAP)["[anon:wrapper]"], MIB)

	def test_children(self):
		script = "php -r 'echo \"ready\\n\"; fgets(STDIN);'; exit 3"
		with subprocess.Popen([ANONMEM, "run", "sh", "-c", script], stdin=subprocess.PIPE,
				stdout=subprocess.PIPE, env=ENVIRONMENT) as shell:
			shell.stdout.readline()
			with open(f"/proc/{shell.pid}/task/{shell.pid}/children", encoding="ascii") as f:
				child = int(f.read())
			self.assertGreater(self.label("[anon:zend_alloc]", "--pid", child)["rss"], 0)
			shell.stdin.close()
		self.assertEqual(shell.returncode, 3)


class Summary(Live):
	"""`anonmem run --summary`."""

	SLEEPY = "import time; a = bytearray(60 << 20); time.sleep(1); del a; time.sleep(.3)"

	def test_peaks(self):
		done = run("run", "--summary", "--", "/usr/bin/python3", "-c", self.SLEEPY + "; print(5)")
		table = done.stderr.decode()
		self.assertEqual((done.returncode, done.stdout), (0, b"5\n"))
		heads, *rows = (line.split() for line in table.splitlines())
		libc = next(row for row in rows if row[0].startswith("[anon:libc.so.6]"))
		self.assertGreater(int(libc[heads.index("PSS")].removesuffix("M")), 59)
		self.assertRegex(table, r"\nTOTAL .*\nanonmem: .* readings in \d+\.\d s")

	def test_descendants(self):
		script = '/usr/bin/python3 -c "$1" & /usr/bin/python3 -c "$1"; wait'
		table = run("run", "--summary", "sh", "-c", script, "sh", self.SLEEPY).stderr.decode()
		self.assertRegex(table, r"\nTOTAL +3 .* 1[2-9]\dM")

	def test_as_it_was(self):
		self.assertEqual(run("run", "--summary", "sh", "-c", "cat; exit 42", input=b"in").stdout, b"in")
		self.assertEqual(run("run", "--summary", "sh", "-c", "exit 42").returncode, 42)
		self.assertEqual(run("run", "--summary", "sh", "-c", "kill -TERM $$").returncode, -signal.SIGTERM)
		ignored = "import signal; print(signal.getsignal(signal.SIGCHLD), signal.pthread_sigmask(0, []))"
		plain, watched = (subprocess.run([*before, "/usr/bin/python3", "-c", ignored], check=True,
			capture_output=True, env=ENVIRONMENT,
			preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)).stdout
			for before in ([], [ANONMEM, "run", "--summary", "--"]))
		self.assertEqual(plain, watched)

	def test_signals_arrive(self):
		script = "trap 'exit 9' TERM; trap 'echo hup' HUP; echo ready; while :; do sleep .05; done"
		with subprocess.Popen([ANONMEM, "run", "--summary", "sh", "-c", script], env=ENVIRONMENT,
				stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
			self.assertEqual(program.stdout.readline(), b"ready\n")
			program.send_signal(signal.SIGHUP)
			self.assertEqual(program.stdout.readline(), b"hup\n")
			program.send_signal(signal.SIGTERM)
			self.assertEqual(program.wait(20), 9)


class Selection(Live):
	def test_several_pids(self):
		with Helper("sleepers", 3) as h:
			report = self.report("-p", f"{h.pid},{h.children[0]}", "-p", h.children[1],
				"--by", "process")
			self.assertEqual([g["pid"] for g in sorted(report["groups"], key=lambda g: g["pid"])],
				sorted([h.pid, *h.children[:2]]))
			self.assertEqual(report["coverage"]["seen"], 3)
			self.assertTrue(all(g["start_time"] > 0 for g in report["groups"]))

	def test_several_hundred(self):
		with Helper("sleepers", 302) as h:
			pids = ",".join(map(str, h.children))
			report = self.report("--pid", pids, "--by", "process")
			self.assertEqual((report["coverage"]["read"], len(report["groups"])), (302, 302))
			self.assertEqual(report["totals"]["processes"], 302)
			self.assertEqual(self.report("--name", f"^{os.path.basename(HELPER)}$")["coverage"]["read"], 303)
			everything = self.report("--by", "process")
			self.assertLessEqual(set(h.children), {g["pid"] for g in everything["groups"]})

	def test_by_name_and_user(self):
		with Helper("sleepers", 2) as h:
			program = os.path.basename(HELPER)
			report = self.report("--name", f"^{program}$", "--user", os.geteuid(), "--by", "user,name")
			self.assertEqual(len(report["groups"]), 1)
			self.assertEqual(report["groups"][0]["processes"], 1 + len(h.children))
			self.assertEqual(self.report("--user", 4242424)["coverage"]["seen"], 0)

	def test_the_machine(self):
		report = self.report("--by", "kind")
		self.assertEqual(report["host"], os.uname().nodename)
		self.assertEqual(report["kernel"], os.uname().release)
		self.assertEqual(report["page_size"], os.sysconf("SC_PAGESIZE"))
		self.assertIsInstance(report["kernel_labels"], bool)
		self.assertEqual(report["kernel_labels"], not any("CONFIG_ANON" in n for n in report["notes"]))
		self.assertEqual(report["source"], {"kind": "proc", "paths": ["/proc"]})
		with open("/proc/meminfo", encoding="ascii") as f:
			total = int(f.readline().split()[1]) * 1024
		self.assertEqual(report["meminfo"]["mem_total"], total)

	def test_mounted_elsewhere(self):
		with Helper("memory") as h:
			here = self.report("--pid", h.pid)
			there = self.report("--root", "/proc", "--pid", h.pid)
			self.assertEqual(lasting(here), lasting(there))
			self.assertEqual(there["source"]["kind"], "tree")


class Denied(Live):
	"""The reader is an ordinary user; gcov needs a place where it may write."""

	def setUp(self):
		self.folder = tempfile.TemporaryDirectory()
		self.addCleanup(self.folder.cleanup)
		os.chmod(self.folder.name, 0o777)
		copy = shutil.copy(ANONMEM, self.folder.name)
		os.chmod(copy, 0o755)
		user = NOBODY if IS_ROOT else []
		self.prefix = [*user, "env", f"GCOV_PREFIX={self.folder.name}", copy]
		helper = Helper("sleepers", 1)
		self.addCleanup(helper.__exit__)
		self.pid = helper.pid if IS_ROOT else 1

	def as_nobody(self, *arguments):
		return subprocess.run([*self.prefix, *map(str, arguments)], capture_output=True, check=False,
			env=ENVIRONMENT, timeout=60, cwd="/")

	def test_counted(self):
		done = self.as_nobody("--json")
		coverage = json.loads(done.stdout)["coverage"]
		self.assertEqual((done.returncode, done.stderr), (0, b""))
		self.assertGreater(coverage["denied"], 0)
		self.assertGreater(coverage["read"], 0)  # itself
		self.assertEqual(coverage["seen"], sum(coverage.values()) - coverage["seen"])

	def test_said(self):
		text = self.as_nobody("--by", "kind").stdout.decode()
		self.assertRegex(text, r"\d+ could not be read: run as root or grant cap_sys_ptrace")

	def test_named(self):
		done = self.as_nobody("--pid", self.pid, "--json")
		self.assertEqual(done.returncode, 1)
		self.assertRegex(done.stderr.decode(),
			rf"^anonmem: process {self.pid}: .*run as root or grant cap_sys_ptrace\n$")
		report = json.loads(done.stdout)
		self.assertEqual(report["coverage"]["denied"], 1)
		self.assertIsNone(report["totals"]["rss"])

	def test_strict(self):
		done = self.as_nobody("--strict", "--by", "kind")
		self.assertEqual(done.returncode, 3)
		self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)

	def test_verify(self):
		# What cannot be read proves nothing against what can.
		done = self.as_nobody("--verify", "--by", "kind")
		self.assertEqual(done.returncode, 0, done.stderr)


class Gone(Live):
	def test_no_such_process(self):
		with Helper("zombie") as h:
			pid = h.pid
		done = self.fails(1, "--pid", pid, words=f"process {pid}: there is no such process")
		self.assertIn(b"1 gone", done.stdout)

	def test_zombie(self):
		with Helper("zombie") as h:
			report = self.report("--pid", h.children[0])
			self.assertEqual(report["coverage"]["no_memory"], 1)
			self.assertEqual(report["groups"], [])
			self.assertEqual(self.report("--strict", "--pid", h.children[0])["coverage"]["seen"], 1)

	@unittest.skipUnless(os.path.exists("/proc/2/smaps"), "no kernel threads are seen from here")
	def test_kernel_thread(self):
		with open("/proc/2/comm", encoding="latin-1") as f:
			if f.read() != "kthreadd\n" or not IS_ROOT:
				self.skipTest("process 2 is no kernel thread that may be read")
		self.assertEqual(self.report("--pid", 2)["coverage"]["no_memory"], 1)

	def test_coming_and_going(self):
		"""Programs that run others and end while they are read: never a wrong outcome."""
		self.read = 0
		with Helper("churn", 3) as h:
			group = ["--name", "^(helper|exe)$"]
			for i in range(200):
				report = self.report(*(group if i % 10 else []), "--by", "process")
				self.assertEqual(report["coverage"]["malformed"], 0)
				self.assertEqual(len(report["groups"]), report["totals"]["processes"])
				self.assertLessEqual(report["totals"]["processes"], report["coverage"]["read"])
				self.read += report["coverage"]["read"]
			self.assertGreater(self.read, 200)
			for pid in h.children:
				self.assertTrue(os.path.exists(f"/proc/{pid}"))


class Verify(Live):
	def test_quiet_processes(self):
		with Helper("share", 4) as h:
			pids = ",".join(map(str, [h.pid, *h.children]))
			done = self.agrees("--pid", pids, "--by", "kind")
			self.assertEqual(done.stderr, b"")
			self.assertIn(b"5 of 5 processes agree with smaps_rollup", done.stdout)

	def test_capture(self):
		"""What dev/capture takes away says the same as the process itself."""
		capture = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../dev/capture")
		with Helper("memory") as h, tempfile.TemporaryDirectory() as folder:
			tree = os.path.join(folder, "tree")
			subprocess.run([capture, tree, str(h.pid)], check=True, stdout=subprocess.DEVNULL)
			live = self.report("--pid", h.pid, "--by", "process,label")
			captured = self.report("--root", tree, "--by", "process,label")
			self.assertEqual(lasting(captured), lasting(live))
			self.assertEqual((captured["host"], captured["kernel"]), (live["host"], live["kernel"]))


def by_key(report):
	return {(g.get("pid"), g.get("label") or g.get("kind") or g.get("file")): g
		for g in report["groups"]}


class Fast(Live):
	"""--fast and --max-stall against smaps. On a kernel before Linux 6.7 both fall back to it."""

	def scans(self, *arguments):
		"""A report by a scan, or None where the kernel cannot and the report says so."""
		report = self.report(*arguments)
		if any("cannot scan" in note for note in report["notes"]):
			self.assertEqual(report["read"], "smaps")
			return None
		self.assertEqual(report["read"], "scan")
		return report

	def compare(self, fast, exact, *names):
		"""What the scan knows is what smaps says."""
		fast, exact = by_key(fast), by_key(exact)
		self.assertEqual(set(fast), set(exact))
		for key, group in fast.items():
			for name in names:
				if group[name] is not None:
					self.assertEqual(group[name], exact[key][name], (key, name))
			self.assertIsNotNone(group["rss"], key)

	def test_memory_of_one_process(self):
		with Helper("memory") as h:
			arguments = ("--pid", h.pid, "--by", "process,label")
			fast, exact = self.scans("--fast", *arguments), self.report(*arguments)
			if not fast:
				return
			self.compare(fast, exact, "mappings", "size", "rss", "anonymous", "swap")
			# Nothing anonymous is shared, so the shares of it are proven.
			anon, same = by_key(fast)[h.pid, "[anon]"], by_key(exact)[h.pid, "[anon]"]
			self.assertEqual((anon["pss"], anon["uss"]), (same["pss"], same["uss"]))
			# Of resident shared memory they are not, nor what is left for the files.
			self.assertIsNone(by_key(fast)[h.pid, "[memfd:anonmem live]"]["pss"])
			self.assertIsNone(by_key(fast)[h.pid, "[file]"]["pss"])

	def test_files_have_the_rest_of_the_rollup(self):
		with subprocess.Popen(["sleep", "60"]) as sleeper:
			try:
				wait_for_state(sleeper.pid, "S")
				for by in "label", "kind":
					fast = self.scans("--fast", "--pid", sleeper.pid, "--by", by)
					if not fast:
						return
					exact = self.report("--pid", sleeper.pid, "--by", by)
					self.compare(fast, exact, "rss", "anonymous", "swap")
					files = next(g for g in fast["groups"] if g[by] in ("[file]", "file"))
					self.assertGreater(files["pss"], 0)
					self.assertIsNotNone(fast["totals"]["pss"])
				# Apart, they are not known.
				fast = self.scans("--fast", "--pid", sleeper.pid, "--by", "file")
				self.assertTrue(all(g["pss"] is None for g in fast["groups"] if g["file"][0] == "/"))
			finally:
				sleeper.kill()

	def test_shared_with_children(self):
		with Helper("share", 4) as h:
			pids = ",".join(map(str, [h.pid, *h.children]))
			fast = self.scans("--fast", "--pid", pids)
			if not fast:
				return
			self.compare(fast, self.report("--pid", pids), "rss", "size", "anonymous")
			self.assertIsNone(self.group(fast, "[anon]")["pss"])
			self.assertIsNone(fast["totals"]["pss"])

	def group(self, report, label):
		return next(g for g in report["groups"] if g["label"] == label)

	def test_without_shares(self):
		with Helper("memory") as h:
			exact = run("--pid", h.pid, "--csv", "-o", "rss,swap")
			fast = run("--pid", h.pid, "--csv", "-o", "rss,swap", "--fast")
			rows = [sorted(done.stdout.splitlines()) for done in (exact, fast)]
			self.assertEqual([line.split(b",")[:2] for line in rows[0]],
				[line.split(b",")[:2] for line in rows[1]])

	def test_gently(self):
		with Helper("memory") as h:
			arguments = ("--pid", h.pid, "--by", "process,label")
			fast = self.scans("--max-stall", "1us", *arguments)
			if fast:
				self.compare(fast, self.report(*arguments), "size", "rss", "anonymous", "swap")
				self.assertIsNone(self.group(fast, "[anon]")["pss"])
			# What is quick enough is read as ever.
			slow = self.report("--max-stall", "10s", *arguments)
			self.assertEqual(slow["read"], "smaps")
			self.assertIsNotNone(self.group(slow, "[anon]")["pss"])

	def test_everything(self):
		"""Processes that come and go while they are scanned: no crash, and the coverage adds up."""
		with Helper("churn", 4):
			for _ in range(20):
				self.report("--fast")
				self.report("--max-stall", "20us", "--jobs", "4")

	def test_stats(self):
		with Helper("memory") as h:
			done = run("--pid", h.pid, "--stats", "--csv")
			self.assertRegex(done.stderr.decode(),
				rf"[0-9.]+ s, [0-9.]+ s of CPU; [0-9]+ bytes in [0-9]+ calls, the longest "
				rf"[0-9.]+ ms on process {h.pid}\n")


def smaps(path=b"/bin/x"):
	return b"00400000-00401000 r-xp 00000000 08:01 5 " + path + b"\nSize: 4 kB\nRss: 4 kB\n"


class Streams(Live):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.folder = folder.name
		self.good = self.write("good", smaps())

	def write(self, name, text):
		path = os.path.join(self.folder, name)
		with open(path, "wb") as f:
			f.write(text)
		return path

	def shell(self, script, *arguments):
		return subprocess.run(["bash", "-c", script, "bash", ANONMEM, *arguments],
			capture_output=True, check=False, env=ENVIRONMENT, timeout=60, cwd=self.folder)

	def test_full(self):
		for form in ("table", "json", "csv"):
			with open("/dev/full", "wb") as full:
				done = subprocess.run([ANONMEM, "-q", "--smaps", self.good, "--format", form],
					stdout=full, stderr=subprocess.PIPE, check=False, env=ENVIRONMENT)
			self.assertEqual(done.returncode, 1)
			self.assertEqual(done.stderr, b"anonmem: cannot write to standard output: "
				b"No space left on device\n")

	def test_full_help(self):
		done = self.shell('"$1" --help >/dev/full')
		self.assertEqual((done.returncode, done.stderr.count(b"\n")), (1, 1), done.stderr)

	def test_closed(self):
		for script in ('"$1" --smaps good >&-', '"$1" --pid $$ >&-', '"$1" --version >&-'):
			done = self.shell(script)
			self.assertEqual((done.returncode, done.stderr.count(b"\n")), (1, 1), done.stderr)
			self.assertIn(b"cannot write to standard output", done.stderr)

	def test_closed_input_and_errors(self):
		self.assertEqual(self.shell('"$1" --smaps good <&-').returncode, 0)
		self.assertEqual(self.shell('"$1" --smaps good 2>&-').returncode, 0)
		self.assertEqual(self.shell('"$1" --smaps - <&-').returncode, 1)

	def test_pipe_closes(self):
		self.write("many", b"".join(b"%08x-%08x r--p 00000000 08:01 5 /%d\nRss: 4 kB\n" %
			(n << 12, (n + 1) << 12, n) for n in range(1, 5000)))
		done = self.shell('set -o pipefail; "$1" --smaps many --by mapping | head -1')
		self.assertEqual(done.returncode, 128 + signal.SIGPIPE)
		self.assertEqual((done.stdout.count(b"\n"), done.stderr), (1, b""))

	def test_standard_input(self):
		done = self.shell('cat good | "$1" --smaps - --by process')
		self.assertEqual((done.returncode, done.stderr), (0, b""))
		self.assertIn(b"1 of 1 process read", done.stdout)

	def test_process_substitution(self):
		done = self.shell('"$1" --smaps <(cat good) <(cat good)')
		self.assertEqual(done.returncode, 0, done.stderr)
		self.assertIn(b"2 of 2 processes read", done.stdout)

	def test_own_smaps(self):
		done = self.shell('"$1" --smaps /proc/$$/smaps /proc/self/smaps --json')
		self.assertEqual(done.returncode, 0, done.stderr)
		self.assertEqual(json.loads(done.stdout)["coverage"]["read"], 2)

	def test_cat_of_all(self):
		"""Several processes one after the other, as cat writes them."""
		with Helper("sleepers", 5) as h:
			files = [f"/proc/{pid}/smaps" for pid in [h.pid, *h.children]]
			done = self.shell('shift; cat "$@" >all', *files)
			self.assertEqual(done.returncode, 0, done.stderr)
			report = self.report("--smaps", os.path.join(self.folder, "all"), "--by", "process")
			self.assertEqual((report["coverage"]["read"], len(report["groups"])), (6, 6))

	def test_directory(self):
		self.fails(1, "--smaps", self.folder, words="is a directory")

	def test_missing_among_good(self):
		missing = os.path.join(self.folder, "missing")
		done = self.fails(1, "--smaps", self.good, missing, self.good, words=missing)
		self.assertIn(b"2 of 3 processes read", done.stdout)

	@unittest.skipUnless(IS_ROOT, "needs root to become another user")
	def test_denied_file(self):
		os.chmod(self.folder, 0o755)
		os.chmod(self.good, 0)
		copy = shutil.copy(ANONMEM, self.folder)
		os.chmod(copy, 0o755)
		done = subprocess.run([*NOBODY, "env", "GCOV_PREFIX=/dev/null", copy, "--smaps", self.good],
			capture_output=True, check=False, env=ENVIRONMENT)
		self.assertEqual(done.returncode, 1)
		self.assertIn(b"good: cannot be opened: Permission denied\n", done.stderr)
		self.assertIn(b"1 could not be read: check who may read the files", done.stdout)

	def test_long_line(self):
		path = self.write("long", smaps(b"/" + b"x" * MIB))
		report = self.report("--smaps", path, "--by", "file")
		self.assertEqual(len(report["groups"][0]["file"]), MIB + 1)
		with open(path, "rb") as f:
			done = run("--smaps", "-", "--by", "file", "--quiet", stdin=f)
		self.assertEqual(done.returncode, 0, done.stderr)

	def test_endless_line(self):
		with open("/dev/zero", "rb") as zero:
			done = run("--smaps", "-", stdin=zero)
		self.assertEqual(done.returncode, 1)
		self.assertRegex(done.stderr.decode(), r"^anonmem: standard input: line 1, byte 0: .*\n$")

	def test_slow_input(self):
		"""A reader must not take a pause, or half a line, for the end."""
		done = self.shell('{ head -c 30 good; sleep 0.2; tail -c +31 good; } | "$1" --smaps - --json')
		self.assertEqual(json.loads(done.stdout)["totals"]["rss"], 4096, done.stderr)

	def test_many_files(self):
		"""More files than descriptors."""
		done = self.shell('ulimit -n 20; "$1" --smaps $(yes good | head -200) --by kind')
		self.assertEqual(done.returncode, 0, done.stderr)
		self.assertIn(b"200 of 200 processes read", done.stdout)


if __name__ == "__main__":
	ANONMEM, HELPER = map(os.path.abspath, (sys.argv.pop(1), sys.argv.pop(1)))
	# Helpers are counted by name, and those of another run on this machine are not meant.
	with tempfile.TemporaryDirectory() as links:
		link = os.path.join(links, f"helper{os.getpid()}")
		os.symlink(HELPER, link)
		HELPER = link
		unittest.main()
