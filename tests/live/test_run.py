"""anonmem run: the program works as before, except for names."""

import os
import signal
import subprocess
import tempfile

import anonmem
from anonmem import ENVIRONMENT, MIB, Live, run
from helper import wait_for_state


class Run(Live):
	def shell(self, script, *arguments, **more):
		return subprocess.run([anonmem.PROGRAM, "run", "--", "bash", "-c", script, "bash", *arguments],
			capture_output=True, check=False, timeout=120, **more)

	def test_php(self):
		program = 'echo "ready\\n"; $a = range(1, 200000); fgets(STDIN);'
		with subprocess.Popen([anonmem.PROGRAM, "run", "php", "-r", program], stdin=subprocess.PIPE,
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
		"""Libraries preloaded before are kept."""
		before = dict(ENVIRONMENT, LD_PRELOAD="libm.so.6", ASAN_OPTIONS="verify_asan_link_order=0")
		done = self.shell("env -0", env=before)
		self.assertEqual(done.returncode, 0, done.stderr)
		after = dict(line.split("=", 1) for line in done.stdout.decode().split("\0") if line)
		changed = {k for k in {*before, *after} if before.get(k) != after.get(k)}
		self.assertLessEqual(changed, {"LD_PRELOAD", "GLIBC_TUNABLES", "ASAN_OPTIONS", "_", "SHLVL",
			"PWD", "OLDPWD"})
		self.assertTrue(after["LD_PRELOAD"].endswith(before["LD_PRELOAD"]))

	def test_failing(self):
		for status, words, arguments in (
			(2, "missing command", ["run"]),
			(2, "--nonesuch: unknown option", ["run", "--nonesuch", "true"]),
			(2, "expected library, function or none", ["run", "--label", "name", "true"]),
			(2, "--label: missing value", ["run", "--label"]),
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
			done = self.fails(7, "run", program, words="is statically linked")
			self.assertEqual(done.stdout, b"")
			# An empty part of PATH means the current directory.
			for path in (":/usr/bin", "/usr/bin::/bin", "/usr/bin:"):
				self.fails(7, "run", "static", words="is statically linked", cwd=folder,
					prefix=("env", f"PATH={path}"))
