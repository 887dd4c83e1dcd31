"""What /proc tells about a process."""

import time


def field(pid, name, file="status"):
	with open(f"/proc/{pid}/{file}", encoding="latin-1") as f:
		return dict(line.split(":", 1) for line in f if ":" in line)[name].split()[0]


def state(pid):
	return field(pid, "State")


def wait_for_state(pid, wanted):
	for _ in range(12000):
		if state(pid) == wanted:
			return
		time.sleep(0.01)
	raise AssertionError(f"process {pid} is in state {state(pid)}, not {wanted}")


def rollup(pid):
	with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
		return {k: int(v.split()[0]) * 1024 for k, v in (line.split(":") for line in f.readlines()[1:])}
