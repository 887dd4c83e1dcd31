"""anonmem record: what is in the recording is what there was, whatever happens to the recorder."""

import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

import anonmem
import helper
from anonmem import ENVIRONMENT, IS_ROOT, MIB, NOBODY, Live, run
from helper import PATIENCE, Helper, wait_for_readings, wait_until


KILLS = int(os.environ.get("ANONMEM_KILLS", "20"))
NAMES = "process,name,user,cgroup,container,pod,unit,label,subsystem"


def memory_groups():
	"""The folder of the topmost control groups with a memory controller, or None."""
	for folder, needed in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
			("/sys/fs/cgroup", "cgroup.subtree_control")):
		if IS_ROOT and os.path.exists(f"{folder}/{needed}") and os.access(folder, os.W_OK):
			return folder
	return None


def write(path, text):
	with open(path, "w", encoding="ascii") as f:
		f.write(text)


def samples(path):
	"""How many samples a recording has; 0 as long as it is not there."""
	try:
		with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
			return db.execute("SELECT count(*) FROM sample").fetchone()[0]
	except sqlite3.OperationalError:
		return 0


def size_of(path):
	return os.path.getsize(path) if os.path.exists(path) else 0


class Recorder:
	"""anonmem record of one process, every 100 ms."""

	def __init__(self, path, *options, prefix=(), **more):
		self.path = path
		self.process = subprocess.Popen(
			[*prefix, anonmem.PROGRAM, "record", "-d", "100ms", "--output", path, *map(str, options)],
			stderr=subprocess.PIPE, env=ENVIRONMENT, **more)

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.process.kill()
		self.process.communicate()

	def wait_for(self, count):
		wait_until(lambda: samples(self.path) >= count or self.process.poll() is not None,
			f"sample {count}")

	def end(self, number=signal.SIGTERM):
		"""What it says at its end."""
		self.process.send_signal(number)
		text = self.process.communicate(timeout=PATIENCE)[1].decode()
		# A build that counts lines cannot write the counts as another user.
		return "".join(line for line in text.splitlines(True) if not line.startswith("profiling:"))


class Record(Live):
	def setUp(self):
		self.folder = tempfile.mkdtemp()
		self.path = os.path.join(self.folder, "r.db")
		self.addCleanup(shutil.rmtree, self.folder)

	def query(self, sql):
		with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True) as db:
			return db.execute(sql).fetchall()

	def recorded(self, *arguments, time="last", status=0):
		return self.report("--from", f"{self.path}@{time}", *arguments, status=status)

	def check_whole(self):
		"""SQLite finds nothing wrong, and each sample can be read."""
		self.assertEqual(self.query("PRAGMA integrity_check"), [("ok",)])
		for when in ("first", "last"):
			self.assertGreater(self.recorded(time=when)["totals"]["rss"], 0)

	def test_past_moment_is_what_a_report_was(self):
		"""The memory of a sleeping process, live and from a recording, by every key."""
		with Helper("memory") as h:
			done = run("record", "--by", "process,user,cgroup,label", "-p", h.pid, "--for", "300ms", "-d", "100ms",
				"--output", self.path)
			self.assertEqual((done.returncode, done.stderr), (0, b""))
			for keys in ("label", "process", "user,kind", "cgroup,subsystem", "name,label"):
				live = self.report("-p", h.pid, "--by", keys, "-k", "anon")
				past = self.recorded("--by", keys, "-k", "anon")
				for group in live["groups"] + past["groups"]:
					group.pop("exclusive", None)
				self.assertEqual([{k: v for k, v in g.items() if k != "referenced"} for g in live["groups"]],
					[{k: v for k, v in g.items() if k != "referenced"} for g in past["groups"]])
		self.assertEqual(past["source"]["kind"], "recording")
		self.assertEqual(past["by"], ["name", "label"])
		self.assertIn("recorded at", past["notes"][0])
		self.assertEqual(self.recorded("-p", h.pid, "--name", "^helper")["totals"]["processes"], 1)
		self.assertEqual(self.recorded("-p", 1, status=1)["groups"], [])

	def test_keys_and_options_that_a_recording_lacks(self):
		with Helper("memory") as h:
			run("record", "-p", h.pid, "--for", "10ms", "--output", self.path)
		for arguments, words in (
			(["--by", "user"], "without the key user"),
			(["-p", "1"], "without the key process"),
			(["-o", "exclusive"], "does not have the column exclusive"),
			(["--verify"], "--verify needs smaps_rollup"),
			(["--no-infer"], "--no-infer"),
			(["--by", "command"], "without the key command"),
		):
			self.fails(2, "--from", self.path, *arguments, words=words)
		self.fails(2, "--from", self.path + "@noon", words="invalid time \"noon\"")
		self.fails(2, "--from", self.path + "@2001-01-01T00:00", words="begins at")
		self.fails(2, "record", "--by", "file", words="anonmem record groups by")
		self.fails(2, "record", "--max-size", "5", words="--max-size")
		self.fails(2, "record", "-d", "1ms", words="100ms to 1d")

	def test_killed_at_any_moment(self):
		"""Whatever was there before is there, and at most one sample is lost."""
		count = 0
		with Helper("churn", 2):
			for _ in range(KILLS):
				with Recorder(self.path, "--name", "helper") as r:
					r.wait_for(count + 1)
					time.sleep(random.random() / 4)
					seen = samples(self.path)
					r.process.kill()
					r.process.wait()
				self.assertGreaterEqual(samples(self.path), seen)
				self.assertEqual(self.query("PRAGMA quick_check"), [("ok",)])
				count = samples(self.path)
				self.assertGreater(self.recorded()["coverage"]["seen"], 0)
		self.check_whole()

	def test_signals(self):
		with Helper("memory") as h, Recorder(self.path, "-d", "1h", "-p", h.pid) as r:
			r.wait_for(1)
			r.process.send_signal(signal.SIGUSR1)
			r.wait_for(2)
			self.assertEqual(r.end(signal.SIGINT), "")
			self.assertEqual(r.process.returncode, 0)
		self.assertEqual(self.query("SELECT cause FROM sample"), [("start",), ("signal",)])
		# Nothing is left in the log, so a copy of the one file is all of it.
		self.assertEqual(size_of(self.path + "-wal"), 0)

	def test_disk_full(self):
		"""Samples that cannot be written are lost and counted; what is there stays, and recording
		continues once there is room."""
		limit = 200 * 1024
		with Helper("churn", 3), Recorder(self.path,
				preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, 1 << 40))) as r:
			line = r.process.stderr.readline().decode()
			self.assertIn("cannot", line)
			self.assertIn(self.path, line)
			before = samples(self.path)
			resource.prlimit(r.process.pid, resource.RLIMIT_FSIZE, (1 << 40, 1 << 40))
			line = r.process.stderr.readline().decode()
			self.assertRegex(line, "[0-9]+ samples? could not be written; recording continues")
			r.wait_for(before + 1)
			self.assertEqual(r.end(), "")
		self.assertGreater(self.query("SELECT sum(lost_samples) FROM sample")[0][0], 0)
		self.check_whole()

	@unittest.skipUnless(IS_ROOT, "only root may mount")
	def test_disk_full_for_good(self):
		"""On a file system that is full, recording waits and ends as it is told to."""
		script = 'mount -t tmpfs -o size=2m none "$1" && shift && "$@"; status=$?; cp "$OUT"* "$COPY"; exit $status'
		copy = os.path.join(self.folder, "copy")
		mount = os.path.join(self.folder, "full")
		os.mkdir(copy)
		os.mkdir(mount)
		path = os.path.join(mount, "r.db")
		with subprocess.Popen(["unshare", "-m", "sh", "-c", script, "sh", mount, anonmem.PROGRAM, "record",
				"-d", "100ms", "-p", str(os.getpid()), "--output", path],
				stderr=subprocess.PIPE, env=dict(ENVIRONMENT, OUT=path, COPY=copy)) as p:
			# SQLite would follow the link. Each sample makes the log longer.
			inside, sizes = f"/proc/{p.pid}/root{mount}", set()
			wait_until(lambda: sizes.add(size_of(f"{inside}/r.db-wal")) or len(sizes) > 5, "some samples")
			# Whatever there is to record, nothing more can be written.
			with open(f"{inside}/rest", "wb", buffering=0) as rest, self.assertRaises(OSError):
				while rest.write(bytes(4096)):
					pass
			self.assertIn(b"a sample is lost", p.stderr.readline())
			with open(f"/proc/{p.pid}/task/{p.pid}/children", encoding="ascii") as f:
				recorder = int(f.read())
			wait_for_readings(recorder)
			os.kill(recorder, signal.SIGTERM)
			text = p.communicate(timeout=PATIENCE)[1]
		self.assertEqual(p.returncode, 1, text)
		self.assertIn(b"samples could not be written", text)
		self.path = os.path.join(copy, "r.db")
		self.assertGreaterEqual(samples(self.path), 1)
		self.check_whole()

	def test_file_that_goes(self):
		"""Moved or removed: it ends, and what was recorded is whole where it is now."""
		with Helper("memory") as h:
			with Recorder(self.path, "-p", h.pid) as r:
				r.wait_for(3)
				os.rename(self.path, self.path + ".old")
				text = r.process.communicate(timeout=PATIENCE)[1].decode()
				self.assertIn("was moved or removed", text)
				self.assertEqual(r.process.returncode, 1)
			moved = os.path.join(self.folder, "elsewhere.db")
			os.rename(self.path + ".old", moved)
			with Recorder(self.path, "-p", h.pid) as r:
				r.wait_for(2)
				os.unlink(self.path)
				self.assertIn("was moved or removed", r.process.communicate(timeout=PATIENCE)[1].decode())
			self.path = moved
			self.assertGreaterEqual(samples(moved), 3)
			self.check_whole()

	def test_two_writers(self):
		with Helper("memory") as h, Recorder(self.path, "-p", h.pid) as r:
			r.wait_for(1)
			self.fails(1, "record", "--output", self.path, words="another anonmem is recording to")
			r.wait_for(samples(self.path) + 2)
			self.assertEqual(r.end(), "")
		run("record", "-p", os.getpid(), "--for", "10ms", "--output", self.path)
		self.assertEqual(self.query("SELECT count(*) FROM run"), [(2,)])

	def test_what_is_no_recording(self):
		with open(self.path, "w", encoding="ascii") as f:
			f.write("something else that is longer than nothing\n" * 100)
		self.fails(1, "record", "--output", self.path, words="is damaged, or not a recording")
		with open(self.path, encoding="ascii") as f:
			self.assertIn("something else", f.read())
		self.fails(1, "record", "--output", self.folder, words="directory")
		self.fails(1, "record", "--output", "/dev/null", words="not a regular file")
		link = os.path.join(self.folder, "link.db")
		os.symlink("r.db", link)
		self.fails(1, "record", "--output", link, words="a symbolic link; give the file itself")
		self.fails(2, "record", "--output", "-", words="standard output; give a file")

	@unittest.skipUnless(IS_ROOT, "only root can become another user")
	def test_readers_without_rights(self):
		"""Who may only read the file reads it, while it is written and afterwards."""
		os.chmod(self.folder, 0o755)
		with Helper("memory") as h, Recorder(self.path, "-p", h.pid) as r:
			r.wait_for(1)
			for name in os.listdir(self.folder):
				os.chmod(os.path.join(self.folder, name), 0o644)
			r.wait_for(3)
			report = self.report("--from", self.path, prefix=NOBODY)
			self.assertGreater(report["totals"]["rss"], MIB)
			r.end()
		self.report("--from", self.path, prefix=NOBODY)
		for name in os.listdir(self.folder):
			if name != "r.db":
				os.unlink(os.path.join(self.folder, name))
		self.report("--from", self.path, prefix=NOBODY)
		self.fails(1, "record", "--output", self.path, words="Permission denied", prefix=NOBODY)

	def test_read_only(self):
		"""A file that is made read-only is written by who has it open, and by nobody later."""
		os.chmod(self.folder, 0o777)
		prefix = NOBODY if IS_ROOT else []
		with Helper("memory", prefix=prefix) as h, Recorder(self.path, "-p", h.pid, prefix=prefix) as r:
			r.wait_for(1)
			os.chmod(self.path, 0o400)
			r.wait_for(samples(self.path) + 2)
			self.assertEqual(r.end(), "")
			before = samples(self.path)
			self.fails(1, "record", "-p", h.pid, "--for", "10ms", "--output", self.path, words="Permission denied",
				prefix=prefix)
		self.assertEqual(samples(self.path), before)
		self.check_whole()

	@unittest.skipUnless(IS_ROOT, "only root may mount")
	def test_read_only_file_system(self):
		"""It can be read where nobody can write, and refuses to be recorded to."""
		with Helper("memory") as h:
			run("record", "-p", h.pid, "--for", "10ms", "--output", self.path)
			script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
			prefix = ["unshare", "-m", "sh", "-c", script, "sh", self.folder]
			self.fails(1, "record", "-p", h.pid, "--output", self.path, words="Read-only file system", prefix=prefix)
			self.assertGreater(self.report("--from", self.path, prefix=prefix)["totals"]["rss"], MIB)

	def test_memory_of_others_in_time(self):
		"""A process that comes and goes is in the samples between."""
		program = shutil.copy(helper.PROGRAM, os.path.join(self.folder, "passing"))  # no other test's
		with Recorder(self.path, "--name", "^passing$") as r:
			r.wait_for(1)
			with Helper("memory", program=program):
				r.wait_for(samples(self.path) + 2)
			r.wait_for(samples(self.path) + 2)
			self.assertEqual(r.end(), "")
		sums = [row[0] or 0 for row in self.query("SELECT (SELECT sum(pss) FROM memory m "
			"WHERE m.sample = s.sample AND label = '[anon]') FROM sample s")]
		self.assertGreater(max(sums), 4 * 1024)
		self.assertLess(sums[-1], 4 * 1024)
		self.assertEqual(self.query("SELECT count(*) FROM sample WHERE cpu_us IS NULL OR reading_us IS NULL"),
			[(0,)])

	def test_default_place(self):
		if IS_ROOT:
			self.skipTest("root's is /var/lib/anonmem")
		done = subprocess.run([anonmem.PROGRAM, "record", "-p", str(os.getpid()), "--for", "10ms"],
			env=dict(ENVIRONMENT, XDG_STATE_HOME=self.folder), capture_output=True, check=False)
		self.assertEqual(done.returncode, 0, done.stderr)
		self.assertTrue(os.path.exists(os.path.join(self.folder, "anonmem/recording.db")))

	def test_no_place(self):
		"""The message says what to do."""
		arguments = ("record", "--for", "10ms")
		prefix = NOBODY if IS_ROOT else []
		self.fails(1, *arguments, prefix=prefix, words="cannot make the folder /nonexistent: ")
		self.fails(1, *arguments, prefix=["env", "-u", "HOME", *prefix], words="HOME is not set; give --output")

	def test_terminal(self):
		"""Only there it says where the recording is and how to end it."""
		arguments = ("record", "-p", os.getpid(), "--for", "10ms", "--output", self.path)
		self.assertIn(f"recording to {self.path}, a sample every 10 s; ", self.on_terminal(*arguments))
		self.assertEqual(run(*arguments).stderr, b"")

	@unittest.skipUnless(os.access("/proc/pressure/memory", os.W_OK), "this kernel has no PSI")
	def test_on_pressure(self):
		"""The kernel takes the trigger; stall figures are beside each sample."""
		done = run("record", "--on-pressure", "-p", os.getpid(), "--for", "10ms", "--output", self.path)
		self.assertEqual((done.returncode, done.stderr), (0, b""))
		self.assertEqual(self.query("SELECT count(*) FROM sample WHERE stall_some_us IS NULL"), [(0,)])

	def bytes_of_all_files(self):
		self.assertIn("r.db-wal", os.listdir(self.folder))
		return b"".join(open(os.path.join(self.folder, name), "rb").read() for name in os.listdir(self.folder))

	def test_redacted(self):
		"""No name is in any of its files, the log too, at any time; the figures are the same."""
		place = tempfile.mkdtemp(prefix="secretfolder")
		self.addCleanup(shutil.rmtree, place)
		os.chmod(place, 0o755)
		program = os.path.join(place, "secretexe")
		shutil.copy(helper.PROGRAM, program)
		prefix = ["env", "SECRET=secretenv"]
		group = memory_groups()
		if group:
			group += f"/secretgroup{os.getpid()}"
			os.mkdir(group)
			self.addCleanup(os.rmdir, group)
			prefix = ["sh", "-c", f'echo $$ >{group}/cgroup.procs; exec {" ".join(NOBODY)} "$@"', "sh"]
		# The host's own name may be so short that it is in the file by chance.
		named = ["unshare", "--uts", "sh", "-c", 'hostname secrethost; exec "$@"', "sh"] if IS_ROOT else []
		plain_path = os.path.join(place, "plain.db")
		with Helper("names", program=program, prefix=prefix) as h, Helper("memory", program=program) as m:
			choice = ("--name", "secretexe", "--by", NAMES, "--label", "*")
			with Recorder(self.path, *choice, prefix=named) as r:
				r.wait_for(1)
				plain = self.bytes_of_all_files()
				r.end()
			os.rename(self.path, plain_path)
			with Recorder(self.path, *choice, "--redact", prefix=named) as r:
				r.wait_for(2)
				redacted = self.bytes_of_all_files()
				self.assertEqual(r.end(), "")
			self.fails(2, "record", "-p", m.pid, "--output", self.path, words="was recorded with --redact")
			self.fails(2, "record", "-p", m.pid, "--redact", "--output", plain_path, words="has names from a run")
			self.fails(2, "record", "--redact", "--rules", program, words="leave out --rules")
			self.assertEqual(self.recorded("--by", "process", "-p", h.pid)["totals"]["processes"], 1)
		with open(self.path, "rb") as f:
			redacted += f.read()
		planted = [b"secretexe", b"live: low", b"anonmem live"]
		planted += [b"secretgroup", b"nobody"] if group else []
		planted += [b"secrethost"] if named else []
		# Not assertIn(), which shows all.
		for secret in planted:
			self.assertTrue(secret in plain, secret)
		for secret in (*planted, b"secret", b"live: high"):
			self.assertFalse(secret in redacted, secret)
		for word in (b"[heap]", b"[file]", b"--redact"):
			self.assertTrue(word in redacted, word)
		plain, redacted = ({g["kind"]: g["rss"] for g in self.report("--from", path, "--by", "kind")["groups"]
			if g["kind"] != "file"} for path in (plain_path, self.path))
		self.assertGreater(plain["anon"], MIB)
		self.assertEqual(plain, redacted)

	def test_containers_and_units(self):
		"""The keys that follow from a control group, recorded and not."""
		group, container = memory_groups(), "0123456789abcdef" * 4
		if not group:
			self.skipTest("makes a control group")
		group += f"/docker-{container}.scope"
		os.mkdir(group)
		self.addCleanup(os.rmdir, group)
		prefix = ["sh", "-c", f'echo $$ >{group}/cgroup.procs; exec "$@"', "sh"]
		with Helper("memory", prefix=prefix) as h:
			for keys in ("container,pod,unit,label", "cgroup,label"):
				path = os.path.join(self.folder, keys)
				self.assertEqual(run("record", "-p", h.pid, "--for", "10ms", "--by", keys, "--output", path).stderr, b"")
				past = self.report("--from", path, "--by", "container,unit,pod")["groups"]
				live = self.report("-p", h.pid, "--by", "container,unit,pod")["groups"]
				self.assertEqual(*([{key: g[key] for key in ("container", "unit", "pod")} for g in groups]
					for groups in (past, live)))
				self.assertEqual(past[0]["container"], container[:12])

	def test_json_of_a_recording(self):
		"""What is not known is null, as in every report."""
		with Helper("memory") as h:
			run("record", "-p", h.pid, "--for", "10ms", "--output", self.path)
		done = run("--from", self.path, "--json", "--by", "cgroup,label")
		self.assertEqual(json.loads(done.stdout)["by"], ["cgroup", "label"])
		self.assertEqual(run("--from", self.path, "--csv").returncode, 0)


@unittest.skipUnless(memory_groups(), "makes a control group with a limit")
class OutOfMemory(Live):
	"""A process that is killed for lack of memory is the cause of a sample."""

	def setUp(self):
		self.folder = tempfile.mkdtemp()
		self.addCleanup(shutil.rmtree, self.folder)

	def kill_one(self, group):
		"""Whether a process that needs more than its group has was killed."""
		os.mkdir(group)
		self.addCleanup(os.rmdir, group)
		version = 1 if os.path.exists(f"{group}/memory.limit_in_bytes") else 2
		write(f"{group}/memory.limit_in_bytes" if version == 1 else f"{group}/memory.max", "16M")
		if version == 2 and os.path.exists(f"{group}/memory.swap.max"):
			write(f"{group}/memory.swap.max", "0")
		script = f'echo $$ >{group}/cgroup.procs; exec python3 -c "b = bytearray(64 << 20)"'
		return subprocess.run(["sh", "-c", script], check=False).returncode in (-signal.SIGKILL, 137)

	def test_cause(self):
		folder = memory_groups()
		if os.path.exists(f"{folder}/cgroup.subtree_control"):
			try:
				write(f"{folder}/cgroup.subtree_control", "+memory")
			except OSError:
				self.skipTest("cannot limit the memory of control groups here")
		path = os.path.join(self.folder, "r.db")
		with Recorder(path, "-d", "1h", "--on-pressure", "-p", os.getpid()) as r:
			r.wait_for(1)
			self.assertTrue(self.kill_one(f"{folder}/anonmem-{os.getpid()}"))
			with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
				wait_until(lambda: db.execute("SELECT count(*) FROM sample WHERE cause = 'oom'").fetchone()[0],
					"a sample")
			text = r.end()
		self.assertEqual("has no /proc/pressure/memory" in text, not os.path.exists("/proc/pressure/memory"), text)
		self.assertEqual(r.process.returncode, 0)
