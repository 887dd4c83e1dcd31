#!/usr/bin/env python3
"""Tests what anonmem trusts, and the rights that it keeps: rights.py ANONMEM [CLASS...]

Run it as root, since it becomes other users, and gives file capabilities to copies of anonmem.
"""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

ANONMEM = ""
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TREE = os.path.join(TOP, "fixtures/trees/live")
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("LANGUAGE", "COLUMNS", "NO_COLOR")}
ENVIRONMENT.update(LC_ALL="C.UTF-8", HOME="/nonexistent", XDG_CONFIG_HOME="/nonexistent",
	TERM="xterm")


@contextlib.contextmanager
def sleeper(*rights, **more):
	"""The pid of an idle process, of root or with other rights."""
	with subprocess.Popen(["setpriv", *rights, "sleep", "3000"], **more) as process:
		try:
			for _ in range(12000):
				with open(f"/proc/{process.pid}/stat", encoding="ascii") as f:
					if "(sleep) S " in f.read():
						break
				time.sleep(0.01)
			yield process.pid
		finally:
			process.kill()


@unittest.skipUnless(os.geteuid() == 0, "needs root to become other users")
class Rights(unittest.TestCase):
	"""Works in a directory that everybody may read, with a copy of anonmem that others may execute."""

	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.folder = folder.name
		os.chmod(self.folder, 0o755)
		os.mkdir(self.path("counts"))
		os.chmod(self.path("counts"), 0o777)
		self.anonmem = self.path("anonmem")
		for source in (ANONMEM, os.path.join(os.path.dirname(ANONMEM), "anonmem-preload.so")):
			os.chmod(shutil.copy(source, self.folder), 0o755)

	def path(self, name):
		return os.path.join(self.folder, name)

	def write(self, name, text, mode=0o644, owner=0):
		path = self.path(name)
		os.makedirs(os.path.dirname(path), exist_ok=True)
		with open(path, "w", encoding="ascii") as f:
			f.write(text)
		os.chown(path, owner, owner)
		os.chmod(path, mode)
		return path

	def run_it(self, *arguments, prefix=(), variables=None, **more):
		variables = {**ENVIRONMENT, **(variables or {})}
		if prefix:  # another user may not write where lines are counted
			variables["GCOV_PREFIX"] = self.path("counts")
		for _ in range(20 if "--verify" in arguments else 1):  # others change how pages are shared
			done = subprocess.run([*prefix, self.anonmem, *map(str, arguments)], capture_output=True,
				text=True, check=False, timeout=120, env=variables, **more)
			if done.returncode == 0:
				break
		return done

	def fails(self, words, *arguments, status=1, **more):
		done = self.run_it(*arguments, **more)
		self.assertEqual((done.returncode, done.stderr.count("\n")), (status, 1), done)
		self.assertIn(words, done.stderr)
		return done

	def works(self, *arguments, **more):
		done = self.run_it(*arguments, **more)
		self.assertEqual((done.returncode, done.stderr), (0, ""))
		return done.stdout


class Rules(Rights):
	"""Rules must belong to root or the user, and nobody else may write to them."""

	REPORT = ("--root", TREE, "--by", "subsystem", "--csv", "-q")

	def test_of_root(self):
		path = self.write("rules", ".* -> everything\n")
		for prefix in ((), NOBODY):
			self.assertIn("\neverything,", self.works("--rules", path, *self.REPORT, prefix=prefix))

	def test_of_the_user(self):
		path = self.write("rules", ".* -> everything\n", owner=65534)
		self.assertIn("\neverything,", self.works("--rules", path, *self.REPORT, prefix=NOBODY))

	def test_of_another(self):
		for owner, prefix in ((65534, ()), (1234, NOBODY)):
			path = self.write("rules", ".* -> everything\n", owner=owner)
			done = self.fails(f"{path} is not trusted: it belongs to user {owner}", "--rules", path, *self.REPORT,
				prefix=prefix)
			self.assertEqual(done.stdout, "")

	def test_writable(self):
		for mode in (0o664, 0o646, 0o666, 0o622):
			path = self.write("rules", ".* -> everything\n", mode)
			self.fails(f"{path} is not trusted: others may write to it", "--rules", path, *self.REPORT)

	def test_found_in_the_home(self):
		path = self.write("home/.config/anonmem/rules.conf", ".* -> everything\n", 0o666)
		for variables in ({"HOME": self.path("home"), "XDG_CONFIG_HOME": ""},
				{"XDG_CONFIG_HOME": self.path("home/.config")}):
			for command in ((), ("top", "-b", "-n", "1")):
				self.fails(f"{path} is not trusted: others may write to it", *command, *self.REPORT,
					variables=variables)

	def test_of_a_pipe(self):
		text = self.works("--rules", "/dev/stdin", *self.REPORT, input=".* -> everything\n")
		self.assertIn("\neverything,", text)
		self.works("--rules", "/dev/null", *self.REPORT)


# Prints which user it runs as, and whether our library is loaded.
PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void)
{
	char line[8192];
	const char *found = "not preloaded";
	FILE *maps = fopen("/proc/self/maps", "r");
	while (maps && fgets(line, sizeof(line), maps))
		found = strstr(line, "anonmem-preload") ? "preloaded" : found;
	printf("%d %d %s\n", (int)getuid(), (int)geteuid(), found);
}
"""


class Preload(Rights):
	"""What `anonmem run` preloads, and into which programs."""

	def program(self, mode=0o755, owner=0, capability=None):
		path = self.path("program")
		subprocess.run(["gcc", "-x", "c", "-", "-o", path], input=PROGRAM, text=True, check=True)
		os.chown(path, owner, owner)
		os.chmod(path, mode)
		if capability:
			subprocess.run(["setcap", capability, path], check=True)
		return path

	def run_program(self, prefix=(), note=True, **rights):
		done = self.run_it("run", self.program(**rights), prefix=prefix)
		self.assertEqual(done.returncode, 0)
		self.assertEqual("is setuid or has file capabilities" in done.stderr, note, done.stderr)
		self.assertEqual(done.stderr.count("\n"), note)
		return done.stdout.strip()

	def test_with_no_rights(self):
		self.assertEqual(self.run_program(note=False), "0 0 preloaded")
		self.assertEqual(self.run_program(NOBODY, note=False), "65534 65534 preloaded")

	def test_setuid(self):
		"""The linker preloads nothing into a setuid program; a message says so, and the program runs."""
		self.assertEqual(self.run_program(NOBODY, mode=0o4755), "65534 0 not preloaded")
		self.assertEqual(self.run_program(NOBODY, mode=0o2755), "65534 65534 not preloaded")
		self.assertEqual(self.run_program(NOBODY, mode=0o4755, owner=1234), "65534 1234 not preloaded")

	def test_setuid_of_root(self):
		"""Root running a setuid program of another user changes rights, too."""
		self.assertEqual(self.run_program(mode=0o4755, owner=65534), "0 65534 not preloaded")
		self.assertEqual(self.run_program(mode=0o2755, owner=65534), "0 0 not preloaded")
		self.assertEqual(self.run_program(mode=0o4755, note=False), "0 0 preloaded")

	def test_with_a_capability(self):
		self.assertEqual(self.run_program(NOBODY, capability="cap_net_raw=ep"),
			"65534 65534 not preloaded")
		self.assertEqual(self.run_program(capability="cap_net_raw=ep", note=False), "0 0 preloaded")

	def test_of_another(self):
		os.chown(self.path("anonmem-preload.so"), 1234, 1234)
		self.fails("anonmem-preload.so is not trusted: it belongs to user 1234", "run", "true")

	def test_writable(self):
		os.chmod(self.path("anonmem-preload.so"), 0o757)
		self.fails("anonmem-preload.so is not trusted: others may write to it", "run", "true")


TRACE, READ_FILES, OVERRIDE = 1 << 19, 1 << 2, 1 << 1  # capabilities(7)
LOOK, ADMIN = 1 << 40, 1 << 21


def status_of(text):
	fields = dict(line.split(":", 1) for line in text.splitlines())
	return {name: int(fields[name], 16) for name in
		("CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs", "Seccomp")}


def wait_for_status(pid, wanted):
	"""The status of a process once it is as wanted; any status if it never is."""
	for _ in range(12000):
		with open(f"/proc/{pid}/status", encoding="ascii") as f:
			status = status_of(f.read())
		if wanted(status):
			break
		time.sleep(0.01)
	return status


class Watched(Rights):
	"""Runs anonmem and examines it while it reads."""

	def watch(self, wanted, *arguments, prefix=(), command=("top", "-b", "-d", "300"), **more):
		"""Checks the capabilities left after anonmem's first report."""
		with subprocess.Popen([*prefix, self.anonmem, *command, *map(str, arguments)],
				stdout=subprocess.PIPE, env=ENVIRONMENT, text=True, **more) as process:
			self.assertTrue(process.stdout.readline())
			status = wait_for_status(process.pid, lambda status: status["CapPrm"] == wanted)
			process.kill()
		self.check(status, wanted)

	def check(self, status, capabilities):
		self.assertEqual((status["CapPrm"], status["CapEff"]), (capabilities,) * 2, status)
		self.assertEqual((status["CapInh"], status["CapAmb"]), (0, 0))


class Kept(Watched):
	"""The capabilities left once anonmem reads."""

	def test_root(self):
		self.watch(TRACE | READ_FILES | LOOK)
		self.watch(TRACE | READ_FILES | LOOK, "--root", TREE, "--rules", "/dev/null")

	def test_root_who_asks_for_exclusive_memory(self):
		"""Only then, and only for the running system. The output does not fit into a pipe."""
		large, more = ("--by", "process,file", "--json"), ("-o", "exclusive")
		self.watch(TRACE | READ_FILES | LOOK, *large, command=())
		self.watch(TRACE | READ_FILES | LOOK | ADMIN, *large, *more, command=())
		self.watch(TRACE | READ_FILES | LOOK, *large, *more, "--root", TREE, command=())
		self.watch(TRACE | READ_FILES | LOOK, *more)  # top
		self.watch(0, *large, *more, prefix=NOBODY, command=())

	def test_user(self):
		self.watch(0, prefix=NOBODY)

	def test_inherited(self):
		given = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
			"--inh-caps=+sys_ptrace,+net_raw", "--ambient-caps=+sys_ptrace,+net_raw"]
		self.watch(TRACE, prefix=given)

	def test_root_of_a_container(self):
		"""Containers have one right to read files or the other."""
		bounds = ["setpriv", "--bounding-set=-all,+sys_ptrace,+dac_override,+chown"]
		self.watch(TRACE | OVERRIDE, prefix=bounds)

	def test_root_without_tracing(self):
		"""Without CAP_SYS_PTRACE, only processes without additional rights can be read, so rights are kept."""
		bounds = ["--bounding-set=-all,+dac_override,+chown"]
		self.watch(OVERRIDE | 1, prefix=["setpriv", *bounds])
		with sleeper(*bounds) as pid:
			self.works("--pid", pid, "--strict", prefix=["setpriv", *bounds])

	def test_files_of_others(self):
		"""Root may read any file that it names."""
		self.write("his/smaps", "00001000-00002000 r--p 00000000 08:01 5 /x\nRss: 4 kB\n", 0o600, 1234)
		os.chown(self.path("his"), 1234, 1234)
		os.chmod(self.path("his"), 0o700)
		self.assertIn("1 of 1 process read", self.works("--smaps", self.path("his/smaps")))
		report = json.loads(self.works("--fast", "--json", "--pid", os.getpid()))
		self.assertEqual(report["read"], "scan")
		with sleeper("--reuid=1234", "--regid=1234", "--clear-groups") as pid:
			report = json.loads(self.works("--fast", "--json", "--pid", pid))
			self.assertEqual(report["read"], "scan")

	def test_folders_of_others(self):
		"""Root may write where it says; whoever reads processes may not."""
		self.write("his/hers", "", 0o600, 1234)
		os.chown(self.path("his"), 1234, 1234)
		own = str(os.getpid())
		for name, arguments in (("r.json", (own, "--json")), ("m.json", ("machine", "--json")),
				("c.tar", ("capture", "-q", "-p", own)), ("k.json", ("check", own, "--max", "rss=100G", "--json")),
				("d.txt", ("diff", "--for", "100ms", own)), ("r.db", ("record", "-p", own, "--for", "10ms"))):
			self.works(*arguments, "--output", self.path(f"his/{name}"))
			self.assertGreater(os.path.getsize(self.path(f"his/{name}")), 0)
		self.assertEqual(set(os.listdir(self.path("his"))) - {"r.db-wal", "r.db-shm"},
			{"hers", "r.json", "m.json", "c.tar", "k.json", "d.txt", "r.db"})
		with subprocess.Popen([self.anonmem, "record", "-p", own, "--output", self.path("his/r.db")],
				stderr=subprocess.DEVNULL, env=ENVIRONMENT) as process:
			wanted = TRACE | READ_FILES | LOOK
			status = wait_for_status(process.pid, lambda status: status["CapPrm"] == wanted)
			process.terminate()
		self.check(status, wanted)

	def test_program_that_is_run(self):
		"""The program has all rights that it would have without anonmem."""
		show = ("cat", "/proc/self/status")
		own = status_of(subprocess.run(show, capture_output=True, text=True, check=True).stdout)
		for options in ((), ("--summary",)):
			done = self.run_it("run", *options, *show)
			self.assertEqual(status_of(done.stdout), own)

	def test_who_watches_a_program(self):
		self.watch(TRACE | READ_FILES | LOOK, "run", "--summary", "sh", "-c", "echo; read _", command=(),
			stdin=subprocess.PIPE)


class Lent(Watched):
	"""The program's file has cap_sys_ptrace, as in README; its user has no rights."""

	def setUp(self):
		super().setUp()
		subprocess.run(["setcap", "cap_sys_ptrace=ep", self.anonmem], check=True)

	def report(self, *arguments):
		return json.loads(self.works(*arguments, "--json", prefix=NOBODY))

	def test_lines_of_readme(self):
		"""They let one group, and nobody else, read every process."""
		with open(os.path.join(TOP, "README.md"), encoding="utf-8") as f:
			blocks = re.findall(r"^```sh\n(.*?)^```$", f.read(), re.M | re.S)
		lines, = (block for block in blocks if "setcap" in block)
		self.assertEqual(lines.count("sudo "), lines.count("/usr/local/bin/anonmem"))
		lines = lines.replace("sudo ", "").replace("/usr/local/bin/anonmem", self.anonmem)
		subprocess.run(["setcap", "-r", self.anonmem], check=True)
		subprocess.run(["bash", "-euc", lines], check=True)
		group = re.search(r"chgrp (\w+)", lines).group(1)
		of_group = ["setpriv", "--reuid=65534", f"--regid={group}", "--clear-groups"]
		with sleeper() as root:
			report = json.loads(self.works("--pid", root, "--json", prefix=of_group))
			self.assertEqual(report["coverage"]["read"], 1)
			# setpriv itself still has the rights of root when it executes a program.
			denied = subprocess.run([*NOBODY, "sh", "-c", f"{self.anonmem} --pid {root}"],
				capture_output=True, text=True, check=False, env=ENVIRONMENT)
			self.assertEqual(denied.returncode, 126, denied)

	def test_reads_others(self):
		with sleeper() as root, sleeper("--reuid=1234", "--regid=1234", "--clear-groups") as other:
			for more in ((), ("--verify",), ("-j", "2"), ("--by", "user,process")):
				report = self.report("--pid", f"{root},{other}", *more)
				self.assertEqual(report["coverage"]["read"], 2, more)
			self.assertEqual(self.works("top", "-b", "-n", "1", "--csv", "--pid", root, "-q",
				prefix=NOBODY).count("\n") > 1, True)
			doctor = json.loads(self.works("doctor", "--json", "--pid", root, prefix=NOBODY))
			self.assertEqual((doctor["coverage"]["read"], doctor["may_trace"]), (1, True))

	def test_keeps_the_right_to_look(self):
		subprocess.run(["setcap", "cap_sys_ptrace,cap_checkpoint_restore,cap_net_raw=ep", self.anonmem],
			check=True)
		self.watch(TRACE | LOOK, prefix=NOBODY)

	def test_fast(self):
		"""Only its owner and root may open pagemap; otherwise smaps is read."""
		with sleeper() as pid:
			smaps = self.report("--pid", pid)
			for option in (("--fast",), ("--max-stall", "1us")):
				report = self.report("--pid", pid, *option)
				self.assertEqual(report["totals"]["rss"], smaps["totals"]["rss"])
				self.assertIn("read smaps of 1 process instead", " ".join(report["notes"]))

	def test_nothing_that_the_user_names(self):
		"""Through a process's working directory, it could access what its user may not."""
		self.write("closed/in/rules", "[ -> secret\n")
		self.write("closed/in/anonmem/rules.conf", "[ -> secret\n")
		self.write("closed/in/12/smaps", "secret\n")
		os.chmod(self.path("closed"), 0o700)
		with sleeper(cwd=self.path("closed/in")) as pid:
			there = f"/proc/{pid}/cwd"
			for arguments in (("--smaps", f"{there}/12/smaps"), ("--rules", f"{there}/rules"),
					("--root", there), ("top", "-b", "-n", "1", "--root", there),
					("top", "-b", "--rules", f"{there}/rules")):
				done = self.fails("Permission denied", *arguments, prefix=NOBODY)
				self.assertNotIn("secret", done.stderr)
			for command in ((), ("top", "-b", "-n", "1")):
				self.fails("Permission denied", *command, "--by", "subsystem", prefix=NOBODY,
					variables={"XDG_CONFIG_HOME": there})

	def test_rules_of_the_user(self):
		"""Rules are read with the user's own rights."""
		self.write("home/anonmem/rules.conf", ".* -> mine\n", 0o600, 65534)
		with sleeper() as pid:
			text = self.works("--by", "subsystem", "--pid", pid, "-q", prefix=NOBODY,
				variables={"XDG_CONFIG_HOME": self.path("home")})
		self.assertIn("\nmine ", text)

	def test_libraries_of_the_user(self):
		"""What unpacks comes from where all libraries do."""
		self.write("here/libarchive.so.13", "nonsense")
		subprocess.run(["tar", "-czf", self.path("a.tar.gz"), "-C", TREE, "."], check=True)
		where = {"variables": {"LD_LIBRARY_PATH": self.path("here")}, "prefix": NOBODY}
		self.works("-q", "--from", self.path("a.tar.gz"), **where)
		subprocess.run(["setcap", "-r", self.anonmem], check=True)
		self.fails("cannot load libarchive", "-q", "--from", self.path("a.tar.gz"), **where)

	def on_terminal(self, *arguments, keys=(), **variables):
		"""Its output on a terminal of 80 columns while keys are pressed."""
		ours, theirs = pty.openpty()
		fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
		with subprocess.Popen([*NOBODY, self.anonmem, *arguments], stdin=theirs, stdout=theirs,
				stderr=theirs, env={**ENVIRONMENT, **variables}, cwd=self.folder) as process:
			os.close(theirs)
			text, keys = b"", list(keys)
			with contextlib.suppress(OSError):  # as soon as it has closed its side
				while select.select([ours], [], [], 120)[0]:
					text += os.read(ours, 65536)
					if keys and keys[0][0] in text:
						os.write(ours, keys.pop(0)[1])
			process.kill()
		os.close(ours)
		return text

	def test_terminals_of_the_user(self):
		"""A user who exploits curses with a terminal description must not gain rights."""
		text = subprocess.run(["infocmp", "xterm"], capture_output=True, text=True, check=True).stdout
		for home in ("info", "home/.terminfo"):
			os.makedirs(self.path(home))
			subprocess.run(["tic", "-o", self.path(home), "-"], check=True, text=True,
				stderr=subprocess.DEVNULL,
				input=re.sub("^xterm[^,]*", "of-mine|a terminal", text, flags=re.M))
		for variables in ({"TERMINFO": self.path("info")}, {"TERMINFO_DIRS": self.path("info")},
				{"HOME": self.path("home")}):
			seen = self.on_terminal("top", "-n", "1", TERM="of-mine", **variables)
			self.assertIn(b"without a screen (TERM=of-mine)", seen)

	def test_file_of_the_key_w(self):
		"""The file must not be created with lent rights."""
		os.chmod(self.folder, 0o777)
		seen = self.on_terminal("top", "--root", TREE, "-d", "300", keys=((b"quit", b"w"),
			(b"new file", b"\r"), (b"cannot create", b"q")))
		self.assertIn(b": Operation not permitted", seen)
		self.assertNotIn("anonmem-top.json", os.listdir(self.folder))
		subprocess.run(["setcap", "-r", self.anonmem], check=True)
		self.on_terminal("top", "--root", TREE, "-d", "300", keys=((b"quit", b"w"),
			(b"new file", b"\r"), (b"saved", b"q")))
		self.assertIn("anonmem-top.json", os.listdir(self.folder))

	def test_setuid(self):
		for owner, group, mode in ((0, 0, 0o4755), (0, 0, 0o2755), (1234, 1234, 0o4755)):
			os.chown(self.anonmem, owner, group)
			os.chmod(self.anonmem, mode)
			for arguments in (("--version",), ("run", "id"), ("top", "-b"), ("doctor",)):
				done = self.fails("setcap cap_sys_ptrace=ep", *arguments, prefix=NOBODY)
				self.assertEqual(done.stdout, "")

	def test_what_is_left(self):
		for lent in ("cap_sys_ptrace=ep", "cap_sys_ptrace,cap_dac_read_search,cap_sys_admin=ep"):
			subprocess.run(["setcap", lent, self.anonmem], check=True)
			self.watch(TRACE, prefix=NOBODY)
			self.watch(0, "--root", TREE, prefix=NOBODY)

	def test_without_tracing(self):
		subprocess.run(["setcap", "cap_dac_read_search=ep", self.anonmem], check=True)
		self.watch(0, prefix=NOBODY)

	def test_program_that_is_run(self):
		for options in ((), ("--summary",)):
			done = self.run_it("run", *options, "cat", "/proc/self/status", prefix=NOBODY)
			self.check(status_of(done.stdout), 0)


class Sandbox(Rights):
	"""The sandbox. (Not in builds with sanitizers or coverage.)"""

	def test_every_face(self):
		"""All its threads have a filter; programs that it runs have none."""
		for command in (("top", "-b", "-d", "300"), ("top", "-b", "-d", "300", "--root", TREE),
				("run", "--summary", "sh", "-c", "cat /proc/self/status; read _")):
			with subprocess.Popen([self.anonmem, *command], stdin=subprocess.PIPE, env=ENVIRONMENT,
					stdout=subprocess.PIPE, text=True) as process:
				first = [process.stdout.readline()]
				if command[0] == "run":
					while not first[-1].startswith("Speculation_Store_Bypass"):
						first.append(process.stdout.readline())
					own = status_of("".join(first))
					self.assertEqual((own["NoNewPrivs"], own["Seccomp"]), (0, 0))
				status = wait_for_status(process.pid, lambda status: status["Seccomp"])
				self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), (1, 2), command)
				process.kill()

	def test_everything_works(self):
		"""Everything works in the sandbox: no call that is needed is refused."""
		with sleeper() as pid:
			for arguments in (("--by", "user,process"), ("--fast",), ("--max-stall", "2ms"),
					("--verify", "--pid", pid), ("--stats", "--pid", pid), ("-j", "4", "--json"),
					("--smaps", f"/proc/{pid}/smaps"), ("--root", TREE, "--csv"), ("doctor",),
					("doctor", "--json"), ("top", "-b", "-n", "2", "-d", "0.1"),
					("top", "-b", "-n", "1", "--root", TREE), ("run", "--summary", "true")):
				done = self.run_it(*arguments)
				self.assertEqual(done.returncode, 0, done)
				self.assertNotIn("not permitted", done.stderr)


if __name__ == "__main__":
	ANONMEM = os.path.abspath(sys.argv.pop(1))
	os.umask(0o022)  # other users may read what is made
	unittest.main(testRunner=unittest.TextTestRunner(verbosity=2, descriptions=False))
