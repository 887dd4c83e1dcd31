"""anonmem run --summary."""

import signal
import subprocess
import tempfile

import anonmem
from anonmem import ENVIRONMENT, Live, run
from helper import PATIENCE
from interpreters import AWAIT


class Summary(Live):
	# Some memory is there until anonmem has read it, and gone at the end.
	HOLDS = AWAIT + """
import os, sys, time
a = bytearray(60 << 20)
if len(sys.argv) == 1:
	await_readings(os.getppid())
else:
	reader, folder = sys.argv[1:]
	with open(f"{folder}/{os.getpid()}", "w"):
		while len(os.listdir(folder)) < 2:
			time.sleep(.01)
	await_readings(reader)
del a
time.sleep(.3)
print(5)
"""

	def test_peaks(self):
		done = run("run", "--summary", "--", "/usr/bin/python3", "-c", self.HOLDS)
		table = done.stderr.decode()
		self.assertEqual((done.returncode, done.stdout), (0, b"5\n"))
		heads, *rows = (line.split() for line in table.splitlines())
		libc = next(row for row in rows if row[0].startswith("[anon:libc.so.6]"))
		self.assertGreater(int(libc[heads.index("PSS")].removesuffix("M")), 59)
		self.assertRegex(table, r"\nTOTAL .*\nanonmem: .* readings in \d+\.\d s")

	def test_descendants(self):
		"""Two, of which each waits for the memory of the other."""
		script = '/usr/bin/python3 -c "$1" $PPID "$2" & /usr/bin/python3 -c "$1" $PPID "$2"; wait'
		with tempfile.TemporaryDirectory() as folder:
			table = run("run", "--summary", "sh", "-c", script, "sh", self.HOLDS, folder).stderr.decode()
		self.assertRegex(table, r"\nTOTAL +3 .* 1[2-9]\dM")

	def test_as_it_was(self):
		self.assertEqual(run("run", "--summary", "sh", "-c", "cat; exit 42", input=b"in").stdout, b"in")
		self.assertEqual(run("run", "--summary", "sh", "-c", "exit 42").returncode, 42)
		self.assertEqual(run("run", "--summary", "sh", "-c", "kill -TERM $$").returncode, -signal.SIGTERM)
		ignored = "import signal; print(signal.getsignal(signal.SIGCHLD), signal.pthread_sigmask(0, []))"
		plain, watched = (subprocess.run([*before, "/usr/bin/python3", "-c", ignored], check=True,
			capture_output=True, env=ENVIRONMENT,
			preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)).stdout
			for before in ([], [anonmem.PROGRAM, "run", "--summary", "--"]))
		self.assertEqual(plain, watched)

	def test_signals_arrive(self):
		script = "trap 'exit 9' TERM; trap 'echo hup' HUP; echo ready; while :; do sleep .05; done"
		with subprocess.Popen([anonmem.PROGRAM, "run", "--summary", "sh", "-c", script], env=ENVIRONMENT,
				stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
			self.assertEqual(program.stdout.readline(), b"ready\n")
			program.send_signal(signal.SIGHUP)
			self.assertEqual(program.stdout.readline(), b"hup\n")
			program.send_signal(signal.SIGTERM)
			self.assertEqual(program.wait(PATIENCE), 9)
