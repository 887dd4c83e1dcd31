"""anonmem capture: what it writes is what was there, whole or not at all, and keeps secrets."""

import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

import anonmem
import helper
from anonmem import ENVIRONMENT, IS_ROOT, NOBODY, Live, run
from helper import Helper

ENDINGS = ("tar", "tar.gz", "tar.zst", "tar.xz")
KEYS = ("label", "subsystem", "kind", "process", "name", "user", "cgroup", "mapping", "process,label", "file")
EVERYWHERE = ("processes", "mappings", "size", "rss", "anonymous", "swap")
OWN = ("pss", "uss", "pss_dirty", "private_dirty", "shared_dirty")


MAPS_A_FILE = """import mmap, sys
f = open(sys.argv[1], "rb")
m = mmap.mmap(f.fileno(), 0, mmap.MAP_PRIVATE)
m[0]
print(flush=True)
sys.stdin.read()"""

OBJECTS = "import sys; keep = [str(n) for n in range(300000)]; print(flush=True); sys.stdin.read()"


def figures(report, names):
	"""The figures of all rows, whatever those are called."""
	return sorted([group[name] for name in names] for group in report["groups"])


class Stopped(Helper):
	"""It does nothing at all, so that its memory stays as it is."""

	def __enter__(self):
		for pid in (self.pid, *self.children):
			os.kill(pid, signal.SIGSTOP)
		return self

	def __exit__(self, *what):
		for pid in (self.pid, *self.children):
			os.kill(pid, signal.SIGCONT)
		super().__exit__(*what)


class Capture(Live):
	def setUp(self):
		self.folder = tempfile.mkdtemp()
		self.addCleanup(shutil.rmtree, self.folder)

	HOST = ["unshare", "--uts", "sh", "-c", 'hostname secrethost; exec "$@"', "sh"]

	def capture(self, name, *arguments, status=0, prefix=()):
		path = os.path.join(self.folder, name)
		done = run("capture", "--output", path, *arguments, prefix=prefix)
		self.assertEqual(done.returncode, status, done.stderr)
		self.assertEqual(done.stdout, b"")
		return path

	def same(self, pids, path, *more):
		"""The rows of a capture are those of the processes. How many have the pages of a library depends
		on others."""
		for by in KEYS:
			for names, kinds in ((EVERYWHERE, ()), (EVERYWHERE + OWN, ("--kind", "anon,shmem"))):
				want, got = (self.report(*source, *more, *kinds, "--by", by)
					for source in (("--pid", pids), ("--from", path, "--pid", pids)))
				self.assertEqual(figures(got, names), figures(want, names), by)

	def test_same(self):
		with Stopped("share", 4) as h, Stopped("memory") as m, Stopped("inferred") as i:
			pids = ",".join(map(str, [h.pid, *h.children, m.pid, i.pid]))
			self.same(pids, self.capture("a.tar.zst", "-p", pids))
			# What lies in memory is not in a redacted one, which can only guess by place.
			self.same(pids, self.capture("redacted.tar.zst", "-p", pids, "--redact"), "--infer=place")
			want = self.report("-p", pids)["totals"]["rss"]
			for ending in ENDINGS:
				got = self.report("--from", self.capture(f"all.{ending}", "-p", pids))
				self.assertEqual(got["totals"]["rss"], want, ending)
			piped = run("capture", "--output", "-", "-p", pids)
			self.assertEqual(piped.returncode, 0, piped.stderr)
			done = run("--from", "-", "--json", input=piped.stdout)
			self.assertEqual(json.loads(done.stdout)["totals"]["rss"], want)

	def test_without_main_thread(self):
		"""The name and the start time are those of the process, not of the thread that is left."""
		with Helper("headless", state="Z") as h:
			path = self.capture("a.tar", "-p", h.pid)
			want, got = (self.report(*source, "--by", "process")["groups"]
				for source in (("--pid", h.pid), ("--from", path)))
		self.assertEqual([[g[k] for k in ("pid", "start_time", "name", "rss")] for g in got],
			[[g[k] for k in ("pid", "start_time", "name", "rss")] for g in want])

	def test_guesses(self):
		"""What signs look at is in it: the guesses are the same. Nothing of it is in a redacted one."""
		malloc = os.path.join(os.path.dirname(os.path.realpath(helper.PROGRAM)), "live-malloc")
		for command, guesses in (((malloc, "mapped"), {"~malloc", "~malloc?"}),
				((malloc, "threads"), {"~malloc arena"}),
				((sys.executable, "-c", OBJECTS), {"~python objects"})):
			with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
				p.stdout.readline()
				self.addCleanup(p.kill)
				os.kill(p.pid, signal.SIGSTOP)
				plain = self.capture("a.tar", "-p", p.pid)
				redacted = self.capture("redacted.tar", "-p", p.pid, "--redact")
				want = anonmem.lasting(self.report("--pid", p.pid))
				self.assertEqual(anonmem.lasting(self.report("--from", plain)), want)
				self.assertLessEqual(guesses, set(want))
				p.kill()
			self.assertEqual(*(anonmem.lasting(self.report("--from", redacted, "--infer", how))
				for how in ("content", "place")))
			with tarfile.open(redacted) as archive:
				self.assertFalse([name for name in archive.getnames() if name.endswith("/content")])

	def test_kept_names(self):
		"""Names that a process keeps itself, which are not in smaps, and the parts of a mapping."""
		with Stopped("names") as h:
			plain = self.capture("a.tar.zst", "-p", h.pid)
			self.same(str(h.pid), plain)
			self.same(str(h.pid), self.capture("redacted.tar.zst", "-p", h.pid, "--redact"), "--infer=place")
			want, got = (self.report(*source) for source in (("--pid", h.pid), ("--from", plain)))
			for report in (want, got):
				rows = {g["label"]: (g["rss"], g["origin"]) for g in report["groups"] if "live:" in g["label"]}
				self.assertEqual({label: rss for label, (rss, _) in rows.items()},
					{"[anon:live: low]": anonmem.MIB, "[anon:live: high]": anonmem.MIB})
			self.assertEqual([g["origin"] for g in got["groups"]], [g["origin"] for g in want["groups"]])

	def test_segments(self):
		"""Sizes of shared memory, which smaps does not say."""
		with Stopped("share", 2) as h:
			pids = ",".join(map(str, [h.pid, *h.children]))
			options = ("--by", "segment")
			path = self.capture("a.tar.gz", "-p", pids)
			want, got = (self.report(*source, *options) for source in (("--pid", pids), ("--from", path)))
			names = ("rss", "segment_size", "segment_rss")
			mapped = [[g[n] for n in names] for g in got["groups"] if g["processes"]]
			self.assertEqual(sorted(mapped), sorted([g[n] for n in names] for g in want["groups"]))

	def test_selection(self):
		with Helper("sleepers", 3) as h:
			name = os.path.basename(helper.PROGRAM)[:15]
			path = self.capture("a.tar", "--name", f"^{name}$")
			self.assertEqual({g["pid"] for g in self.report("--from", path, "--by", "process")["groups"]},
				{h.pid, *h.children})
			path = self.capture("b.tar", "-p", h.pid, "--children")
			self.assertEqual(len(self.report("--from", path, "--by", "process")["groups"]), 4)
			path = self.capture("c.tar", h.children[0], "-q")
			self.assertEqual(self.report("--from", path)["coverage"]["seen"], 1)

	def test_machine(self):
		path = self.capture("a.tar.zst", "-p", os.getpid())
		live, captured = (json.loads(run("machine", "--json", *source).stdout)
			for source in ((), ("--from", path)))
		self.assertEqual([r["name"] for r in captured["memory"]["rows"]][-1], live["memory"]["rows"][-1]["name"])
		for name in ("zram", "huge pages"):
			known = [[r["bytes"] is None for r in report["memory"]["rows"] if r["name"] == name]
				for report in (live, captured)]
			self.assertEqual(*known, name)
		with open(f"/proc/{os.getpid()}/cgroup", encoding="utf-8") as f:
			group = next((line.rstrip("\n").split(":", 2)[2] for line in f if ":memory:" in line or
				line.startswith("0::")), "/")
		done = run("machine", "--json", "--cgroup", group)
		if done.returncode == 0:
			got = json.loads(run("machine", "--json", "--cgroup", group, "--from", path).stdout)
			self.assertEqual([r["name"] for r in got["memory"]["rows"]][:2],
				[r["name"] for r in json.loads(done.stdout)["memory"]["rows"]][:2])

	def secrets(self, path):
		"""All bytes of a capture, the names of its members too."""
		with tarfile.open(path) as archive:
			return b"\n".join(member.name.encode() + b"\n" + member.linkname.encode() + b"\n" +
				(archive.extractfile(member).read() if member.isfile() else b"") for member in archive)

	@unittest.skipUnless(IS_ROOT, "makes a control group")
	def test_redacted(self):
		place = os.path.join(self.folder, "secretfolder")
		os.mkdir(place)
		program = os.path.join(place, "secretexe")
		shutil.copy(helper.PROGRAM, program)
		library = os.path.join(place, "libsecretlib.so.1")
		shutil.copy(helper.PROGRAM, library)
		group = next((g for g in ("/sys/fs/cgroup/memory", "/sys/fs/cgroup") if
			os.path.exists(f"{g}/cgroup.procs")), None)
		with Helper("names", program=program, prefix=["env", "SECRETENV=secretenv"]) as h, \
				Helper("memory", program=program) as m, \
				subprocess.Popen(["python3", "-c", MAPS_A_FILE, library, "secretargv"], stdin=subprocess.PIPE,
					stdout=subprocess.PIPE) as p:
			p.stdout.readline()
			self.addCleanup(p.kill)
			if group:
				group += f"/secretgroup{os.getpid()}"
				os.mkdir(group)
				self.addCleanup(os.rmdir, group)
				with open(f"{group}/cgroup.procs", "w", encoding="ascii") as f:
					f.write(str(h.pid))
			pids = ("-p", f"{h.pid},{m.pid},{p.pid}")
			plain = self.secrets(self.capture("plain.tar", *pids, prefix=self.HOST))
			redacted = self.secrets(self.capture("redacted.tar", *pids, "--redact", prefix=self.HOST))
			again = self.secrets(self.capture("again.tar", *pids, "--redact", prefix=self.HOST))
			p.stdin.close()
		planted = [b"secretfolder", b"secretexe", b"libsecretlib", b"secretargv", b"live: low", b"anonmem live",
			b"sys/kernel/hostname\n\nsecrethost"]
		planted += [b"/secretgroup"] if group else []
		# Not assertIn(), which shows all.
		for secret in planted:
			self.assertTrue(secret in plain, secret)
		for secret in (*planted, b"secret", b"cmdline", b"live", b"SECRETENV"):
			self.assertFalse(secret in redacted, secret)
		for plain_word in (b"python3", b"/usr/lib/", b"[heap]", b"/memory.stat" if group else b"[heap]"):
			self.assertTrue(plain_word in redacted, plain_word)
		names = [{line.split(b"/")[2] for line in text.splitlines() if line.startswith(b"/tmp/")}
			for text in (redacted, again)]
		self.assertTrue(names[0].isdisjoint(names[1]) or not names[0], "the key is the same")

	def test_own_name(self):
		"""Without --output, the name has the host, unless it is redacted."""
		host = socket.gethostname()
		for arguments, wanted in (((), f"anonmem-{host}-2*Z.tar.zst"), (("--redact",), "anonmem-2*Z.tar.zst")):
			folder = tempfile.mkdtemp(dir=self.folder)
			done = run("capture", "-p", os.getpid(), *arguments, cwd=folder)
			self.assertEqual(done.returncode, 0, done.stderr)
			self.assertEqual(len(glob.glob(f"{folder}/{wanted}")), 1, os.listdir(folder))
			self.assertEqual(len(os.listdir(folder)), 1)
			self.assertEqual(os.stat(glob.glob(f"{folder}/*")[0]).st_mode & 0o777, 0o600)

	def test_refused(self):
		os.mkfifo(os.path.join(self.folder, "fifo.tar"))
		for status, words, arguments in (
				(2, "unknown suffix", ("--output", f"{self.folder}/x.zip")),
				(2, "is not a regular file", ("--output", f"{self.folder}/fifo.tar")),
				(1, "No such file or directory", ("--output", f"{self.folder}/none/x.tar")),
				(1, "no such process", ("--output", f"{self.folder}/x.tar", "-p", 4194304)),
				(1, "no process was captured", ("--output", f"{self.folder}/x.tar", "--name", "^no such name$")),
				(2, "unknown or ambiguous option", ("--json",))):
			self.fails(status, "capture", *arguments, words=words)
		self.assertEqual(os.listdir(self.folder), ["fifo.tar"])

	def test_partly_missing(self):
		"""Who is there is captured; who was named and is not, is named, and the status says so."""
		path = os.path.join(self.folder, "x.tar")
		done = run("capture", "--output", path, "-p", f"{os.getpid()},4194304")
		self.assertEqual(done.returncode, 1)
		self.assertIn(b"process 4194304: no such process\nanonmem: captured 1 process in ", done.stderr)
		self.assertEqual(self.report("--from", path)["coverage"]["read"], 1)

	def test_signals(self):
		"""Whenever it ends, there is all of the file or nothing."""
		for i in range(15):
			path = os.path.join(self.folder, f"{i}.tar.zst")
			with subprocess.Popen([anonmem.PROGRAM, "capture", "--output", path], env=ENVIRONMENT,
					stderr=subprocess.DEVNULL) as process:
				time.sleep(0.01 * i)
				process.send_signal((signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[i % 3])
				process.wait(120)
			left = os.listdir(self.folder)
			self.assertIn(left, ([], [f"{i}.tar.zst"]))
			if left:
				self.assertEqual(run("--from", path, "-q", "--limit", 1).returncode, 0)
				os.remove(path)

	def test_replaces(self):
		"""A file of that name stays as it is until the new one is whole."""
		path = os.path.join(self.folder, "x.tar")
		with open(path, "wb") as f:
			f.write(b"old")
		self.assertEqual(run("capture", "--output", path, "-p", 4194304).returncode, 1)
		with open(path, "rb") as f:
			self.assertEqual(f.read(), b"old")
		self.capture("x.tar", "-p", os.getpid())
		self.assertEqual(self.report("--from", path)["coverage"]["read"], 1)

	@unittest.skipUnless(IS_ROOT, "mounts a small file system")
	def test_full(self):
		script = ('mount -t tmpfs -o size=64k none "$1" && "$2" capture --output "$1/x.tar"; '
			'echo "status $?"; ls -A "$1"')
		done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", self.folder, anonmem.PROGRAM],
			capture_output=True, text=True, env=ENVIRONMENT, check=False)
		self.assertEqual(done.stdout, "status 1\n", done.stderr)
		self.assertIn("No space left on device", done.stderr)

	@unittest.skipUnless(IS_ROOT, "becomes another user")
	def test_other_user(self):
		"""What may not be read is there without its memory, and is counted."""
		os.chmod(self.folder, 0o777)
		path = os.path.join(self.folder, "x.tar")
		with Helper("memory") as h:
			done = run("capture", "--output", path, "-p", h.pid, prefix=NOBODY)
			self.assertIn(b"captured 1 process in", done.stderr)
			self.assertIn(b"1 of them without their memory, which may not be read", done.stderr)
			self.assertEqual(self.report("--from", path)["coverage"]["denied"], 1)
