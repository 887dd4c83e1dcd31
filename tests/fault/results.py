"""What commands leave behind or serve, beside text: captures, recordings and metrics.

Each class says what to give the command (`begin`), looks at what there is after a run (`look`), and
judges it by what there was after an undisturbed one (`complaint`).
"""

import errno
import http.client
import io
import itertools
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
import time

FLOCK, UNLINK = 73, 87


class Result:
	"""None: all that is written is text."""

	ALLOCATED = 0  # pieces of memory that some runs leave and others do not

	def begin(self, folder):
		"""Prepares the folder in which the command runs; returns an argument of this run alone."""

	def wait(self, process, argument):
		"""What can be known only as long as the command runs."""

	def keeps(self, name):
		"""Whether a file may be left."""
		return False

	def look(self, folder, anonmem):
		return None

	def complaint(self, before, run):
		return None


class File(Result):
	def __init__(self, name):
		self.name = name

	def keeps(self, name):
		return name == self.name


def report(anonmem, *arguments):
	"""(status, output, messages) of an undisturbed report."""
	done = subprocess.run([anonmem, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
		env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"})
	return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


class Capture(File):
	"""A whole archive or none; what it lacks was said. A redacted one has none of the `secrets`."""

	def __init__(self, name, secrets=()):
		super().__init__(name)
		self.secrets = secrets

	def look(self, folder, anonmem):
		path = os.path.join(folder, self.name)
		if not os.path.exists(path):
			return None
		try:
			members = self.read(path)
		except (tarfile.TarError, OSError, EOFError, subprocess.CalledProcessError) as e:
			return f"leaves half a capture: {e}"
		for name, text in members.items():
			if any(s in name or s.encode() in text for s in self.secrets):
				return f"leaves a secret in {name}"
		outline = {self.plain(name): self.outline(name, text) for name, text in members.items()}
		return outline, report(anonmem, "--from", path, "--csv", "--by", "kind", "-o", "rss,swap")

	def read(self, path):
		with open(path, "rb") as f:
			data = f.read()
		if self.name.endswith(".zst"):
			data = subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=True).stdout
		if not data.endswith(bytes(1024)) and not self.name.endswith(".gz"):
			raise EOFError("the archive has no end")
		with tarfile.open(fileobj=io.BytesIO(data)) as t:
			return {m.name: t.extractfile(m).read() if m.isfile() else m.linkname.encode() for m in t}

	def plain(self, name):
		"""Names that are hashed differ from run to run."""
		return re.sub(r"[bcdfghjklmnpqrst]{12}\d*", "#", name) if self.secrets else name

	def outline(self, name, text):
		"""What is the same of a file in each run."""
		if name.endswith("/smaps"):
			return len(re.findall(rb"(?m)^[0-9a-f]+-[0-9a-f]+ ", text)), text.count(b"VmFlags")
		return bool(text)

	def complaint(self, before, run):
		if run.result is None:
			return "leaves no capture, with status 0" if run.status == 0 else None
		if isinstance(run.result, str):
			return run.result
		outline, (status, text, said) = run.result
		if status not in (0, before.result[1][0]):
			return f"leaves a capture that cannot be read: {said}"
		lacks = [n for n, o in before.result[0].items() if outline.get(n) != o]
		missing = [n for n in lacks if n not in outline]
		groups = all(n.startswith("system/sys/fs/cgroup/") for n in lacks)  # where they are was not found out
		if run.fault.error in (errno.EACCES, errno.ESRCH) and lacks == missing and (len(lacks) == 1 or groups):
			return None  # it may not be read, or is gone
		names = lacks and all(n.endswith("/kept-names") for n in lacks)
		if names and "without the names that they keep" in run.err:
			return None
		if lacks and (run.status == 0 or not run.err):
			return f"lacks {lacks}, and says: {run.err!r}"
		if not lacks and (text, said) != before.result[1][1:]:
			return f"captures something else: {text!r}, not {before.result[1][1]!r}"
		return None


class Recording(File):
	"""A whole database; each sample is in it, or it was said that it is not."""

	def __init__(self, name, older=None):
		super().__init__(name)
		self.older = older

	def begin(self, folder):
		if self.older:
			shutil.copy(self.older, os.path.join(folder, self.name))

	def keeps(self, name):
		return name in (self.name, self.name + "-wal", self.name + "-shm")

	def look(self, folder, anonmem):
		path = os.path.join(folder, self.name)
		if not os.path.exists(path):
			return None
		if os.path.getsize(path) == 0:
			return "empty"
		alone = not os.path.exists(path + "-wal") or os.path.getsize(path + "-wal") == 0
		seen = report(anonmem, "--from", path, "--csv", "--by", "name,kind", "-o", "processes,rss,swap")
		try:
			with sqlite3.connect(path) as db:
				return self.examine(db, alone, seen)
		except sqlite3.DatabaseError as e:
			return f"leaves a damaged recording: {e}"

	def examine(self, db, alone, seen):
		whole = db.execute("PRAGMA integrity_check").fetchall()
		if whole != [("ok",)]:
			return f"leaves a damaged recording: {whole}"
		if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sample'").fetchall():
			return None
		samples = db.execute("SELECT sample FROM sample ORDER BY sample").fetchall()
		bare = "SELECT count(*) FROM sample s WHERE base = sample AND read > 0 AND " \
			"NOT EXISTS (SELECT 1 FROM usage u WHERE u.sample = s.sample)"
		if db.execute(bare).fetchone() != (0,):
			return "leaves a sample without its memory"
		lost = db.execute("SELECT sum(lost_samples) FROM sample").fetchone()[0]
		return {"samples": len(samples), "lost": lost or 0, "alone": alone, "seen": seen}

	def complaint(self, before, run):
		now = run.result
		if isinstance(now, str) and now != "empty":
			return now
		if now == "empty" and run.fault.number not in (FLOCK, UNLINK):
			return "leaves an empty file"
		if now in (None, "empty") or now["samples"] == 0:
			return "leaves no sample, with status 0" if run.status == 0 else None
		status, text, said = now["seen"]
		if status != 0:
			return f"leaves a recording that cannot be read: {said}"
		if self.older and now["samples"] < self.older_samples():
			return f"leaves {now['samples']} samples of {self.older_samples()}"
		if not now["alone"] and not run.err:
			return "leaves a log beside the recording, and does not say so"
		if now["lost"] and not run.err:
			return f"loses {now['lost']} samples, and does not say so"
		if self.older and now["samples"] == self.older_samples():
			return "records no sample, and does not say so" if not run.err else None
		if (text, said) != before.result["seen"][1:] and not said and not run.err:
			return f"records something else: {text!r}, not {before.result['seen'][1]!r}"
		return None

	def older_samples(self):
		with sqlite3.connect(f"file:{self.older}?immutable=1", uri=True) as db:
			return db.execute("SELECT count(*) FROM sample").fetchone()[0]


class Service(Result):
	"""A page of metrics as soon as it is ready; it may fail before, and says why."""

	PATIENCE = 4  # in seconds, for a reading that is tried again
	ALLOCATED = 3  # the C library's time zone

	def __init__(self):
		self.numbers = itertools.count(os.urandom(2)[0] << 16 | 2)

	def begin(self, folder):
		number = next(self.numbers)
		return f"127.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}:9974"

	def ask(self, address):
		try:
			c = http.client.HTTPConnection(address, timeout=2)
			c.request("GET", "/metrics")
			answer = c.getresponse()
			return answer.read().decode() if answer.status == 200 else None
		except (OSError, http.client.HTTPException):
			return None

	def wait(self, process, argument):
		page, end = None, time.monotonic() + self.PATIENCE
		while process.poll() is None and not page and time.monotonic() < end:
			page = self.ask(argument)
			time.sleep(0.01)
		if process.poll() is None:
			process.terminate()
		return self.same(page) if page else None

	def same(self, page):
		"""What does not differ from reading to reading."""
		own = r"(# \w+ )?(anonmem_(reading|request|processes_(reread|kept|timed))|process_)"
		return [line for line in page.splitlines() if not re.match(own, line)]

	def complaint(self, before, run):
		if run.served is None:
			return None if run.err else "is not ready, and does not say why"
		known = {line.rsplit(" ", 1)[0]: line for line in run.served if not line.startswith("#")}
		other = [line for line in before.served if line not in run.served]
		if any(line.startswith("anonmem_coverage_processes") for line in other):
			return None  # it says how many are missing
		wrong = [(line, known.get(line.rsplit(" ", 1)[0])) for line in other if not line.startswith("#")]
		# What the machine has may be unknown.
		wrong = [(was, now) for was, now in wrong if now or not was.startswith("anonmem_machine_")]
		return f"serves something else: {wrong[:3]}" if wrong else None
