"""Interpreted programs, which print "ready" after making their objects."""

PYTHON = "import sys; keep = [%s]; print('ready', flush=True); sys.stdin.read()"
# Waits until the process, which is anonmem, has read this one three times. How long it waits between readings
# depends on what they cost; then it reads nothing for a while.
AWAIT = """
def await_readings(pid):
	import os, time

	if not os.path.exists(f"/proc/{pid}/io"):  # a kernel that does not count what is read
		time.sleep(3)
		return

	def read():
		with open(f"/proc/{pid}/io") as f:
			return int(f.readline().split()[1])  # rchar

	for _ in range(3):
		before, quiet, began = read(), 0, False
		while quiet < 10:
			time.sleep(0.01)
			now = read()
			quiet = quiet + 1 if now == before and began else 0
			began |= now != before
			before = now
"""
OBJECTS = PYTHON % "str(n) for n in range(300000)"
BLOCKS = PYTHON % "b'x' * (3 << 20) for n in range(8)"  # from malloc, with a head before each
PHP = """
$keep = []; for ($n = 0; $n < 200000; $n++) $keep[] = "s$n";
echo "ready\\n"; fgets(STDIN);
"""
