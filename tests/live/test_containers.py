"""Names of containers, pods and units from what real engines leave on disk, also seen from a container.

docker, podman and containerd run in namespaces of their own, with their folders in memory, so nothing of
them stays. CRI-O and the kubelet are not in Debian: of them, unit.containers and the tree `containers` have
what their documentation says."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import anonmem
from anonmem import ENVIRONMENT, IS_ROOT, MIB, NOBODY, Live, run
from helper import Helper
from test_record import memory_groups, write
from test_serve import Server

FOLDERS = ("/run", "/etc/docker", "/var/log", "/var/lib/docker", "/var/lib/containers", "/var/lib/containerd")
GROUPS = "/sys/fs/cgroup"
UID = "0ad8dc86-6b6c-4a10-8f5d-0f2f7d3e9a01"
ID = "c0ffee" * 10 + "c0de"
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000")  # more is not permitted everywhere
SLEEP = ("/bin/sleep", "1000")


def make_root(folder):
	"""A file system that has sleep and its libraries."""
	text = subprocess.run(["ldd", "/bin/sleep"], capture_output=True, check=True, text=True).stdout
	for path in ["/bin/sleep", *(word for word in text.split() if word.startswith("/"))]:
		os.makedirs(folder + os.path.dirname(path), exist_ok=True)
		shutil.copy(path, folder + path)


class Machine:
	"""Namespaces of mounts and processes, in which the engines' folders are empty."""

	def __init__(self):
		mounts = " && ".join(f"mount -t tmpfs none {f}" for f in FOLDERS if os.path.isdir(f))
		self.holder = subprocess.Popen(["unshare", "-mpf", "--kill-child", "--mount-proc", "sh", "-c",
			f"{mounts} && echo ready && exec sleep 1000"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
			text=True)
		if self.holder.stdout.readline() != "ready\n":
			raise AssertionError("cannot make namespaces")
		with open(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children", encoding="ascii") as f:
			self.first = int(f.read())
		self.prefix = ["nsenter", "-t", str(self.first), "-m", "-p", "--"]
		self.folder = tempfile.mkdtemp(prefix="anonmem-containers-")
		make_root(self.folder)
		self.configuration = os.path.join(self.folder, "containers.conf")
		write(self.configuration, '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]\n')
		self.daemons = []

	def run(self, *command, **more):
		done = subprocess.run([*self.prefix, *map(str, command)], capture_output=True, check=False, timeout=120,
			env={**os.environ, "CONTAINERS_CONF": self.configuration}, **more)
		if done.returncode:
			raise AssertionError(f"{command}: {done.stderr.decode()}{done.stdout.decode()}")
		return done.stdout.decode().strip() or done.stderr.decode()

	def daemon(self, *command, answers):
		"""Starts it, and waits until that command succeeds."""
		with open(os.path.join(self.folder, "log"), "ab") as log:
			self.daemons.append(subprocess.Popen([*self.prefix, *command], stdout=log, stderr=log))
		for _ in range(200):
			with contextlib.suppress(AssertionError):
				return self.run(*answers)
			time.sleep(0.1)
		with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
			raise AssertionError(f"{command[0]} does not start: {log.read()[-2000:]}")

	def image(self):
		"""The file system as an archive."""
		return subprocess.run(["tar", "-C", self.folder, "--exclude", "./log", "-c", "."], capture_output=True,
			check=True).stdout

	def end(self, ids):
		"""Removes the control groups too, which outlive the processes."""
		os.kill(self.first, signal.SIGKILL)
		for process in (self.holder, *self.daemons):
			process.wait(120)
		self.holder.stdout.close()
		shutil.rmtree(self.folder)
		for top, _, _ in list(os.walk(GROUPS, topdown=False)):
			if any(i in top for i in ids) or os.path.basename(top) in ("docker", "libpod_parent", "kubepods",
					"conmon", "burstable", f"pod{UID}"):
				with contextlib.suppress(OSError):
					os.rmdir(top)


@unittest.skipUnless(IS_ROOT, "starts containers")
@unittest.skipUnless(all(map(shutil.which, ("docker", "dockerd", "podman", "containerd", "runc"))),
	"docker, podman or containerd is missing; dev/install engines installs them")
class Engines(Live):
	@classmethod
	def setUpClass(cls):
		machine = cls.machine = Machine()
		cls.ids = [ID]
		cls.addClassCleanup(machine.end, cls.ids)
		machine.daemon("dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "-s", "vfs",
			answers=("docker", "version"))
		machine.run("docker", "import", "-", "image", input=machine.image())
		cls.start("docker", "run", "-d", "--name", "shop-web", "--network", "host", "-m", "64m", *LIMITS, "image",
			*SLEEP)
		podman = cls.podman = ("podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs", "--storage-driver",
			"vfs", "--events-backend", "none")
		machine.run(*podman, "import", "-", "image", input=machine.image())
		cls.start(*podman, "pod", "create", "--name", "shop-pod", "--network", "host", "--infra-image", "image",
			"--infra-command", " ".join(SLEEP))
		cls.start(*podman, "run", "-d", "--pod", "shop-pod", "--name", "db-1", "-m", "32m", *LIMITS, "image",
			*SLEEP)
		machine.daemon("containerd", answers=("ctr", "version"))
		notes = {"container-name": "app", "sandbox-name": "web-0", "sandbox-namespace": "shop", "sandbox-uid": UID}
		annotations = [f"--annotation=io.kubernetes.cri.{key}={value}" for key, value in notes.items()]
		machine.run("ctr", "-n", "k8s.io", "run", "-d", "--rootfs", "--cgroup",
			f"/kubepods/burstable/pod{UID}/{ID}", *annotations, machine.folder, ID, *SLEEP)

	@classmethod
	def start(cls, *command):
		cls.ids.append(cls.machine.run(*command))

	def rows(self, *arguments):
		"""{container: its row}"""
		report = self.report(*arguments, "--by", "container,pod", "-o", "pss,limit,current,peak",
			prefix=self.machine.prefix)
		return {g["container"]: g for g in report["groups"]}

	def check_rows(self, rows, podman="shop-pod"):
		self.assertEqual((rows["shop-web"]["pod"], rows["shop-web"]["limit"]), (None, 64 * MIB))
		self.assertEqual((rows["db-1"]["pod"], rows["db-1"]["limit"]), (podman, 32 * MIB))
		self.assertEqual((rows["shop/web-0/app"]["pod"], rows["shop/web-0/app"]["limit"]), ("shop/web-0", None))
		for name in ("shop-web", "db-1", "shop/web-0/app"):
			self.assertGreater(rows[name]["current"], 0)
			self.assertGreaterEqual(rows[name]["peak"], rows[name]["current"])

	def test_names_and_limits(self):
		self.check_rows(self.rows())

	def test_sums(self):
		"""Anonymous memory is what the kernel charges for it, which it counts in batches."""
		group = next(os.path.join(top, "memory.stat") for top, _, files in os.walk(GROUPS)
			if self.ids[1] in top and "memory.stat" in files)
		with open(group, encoding="ascii") as f:
			stat = dict(line.split() for line in f)
		charged = int(stat.get("total_rss", stat.get("anon")))
		report = self.report("--by", "container", "-o", "anonymous", prefix=self.machine.prefix)
		ours = next(g["anonymous"] for g in report["groups"] if g["container"] == "shop-web")
		self.assertLess(abs(charged - ours), MIB)

	def test_kept_by_captures_and_recordings(self):
		"""After the containers are gone, and their state with them."""
		folder = self.enterContext(tempfile.TemporaryDirectory())
		self.start("docker", "run", "-d", "--name", "short-lived", "--network", "host", *LIMITS, "image", *SLEEP)
		capture, recording = os.path.join(folder, "c.tar"), os.path.join(folder, "r.db")
		for command in (("capture", "--output", capture),
				("record", "--by", "container,label", "--for", "10ms", "--output", recording)):
			done = run(*command, prefix=self.machine.prefix)
			self.assertEqual(done.returncode, 0, done.stderr)
		self.machine.run("docker", "rm", "-f", "short-lived")
		self.assertNotIn("short-lived", self.rows())
		for source in (capture, recording):
			report = self.report("--from", source, "--by", "container")
			self.assertIn("short-lived", [g["container"] for g in report["groups"]])

	def test_created_only(self):
		"""The state of a container that was never started has its name already."""
		groups = memory_groups()
		made = self.machine.run("docker", "create", "--name", "only-made", "image", *SLEEP)
		group = f"{groups}/docker/{made}"
		os.mkdir(group)
		self.ids.append(made)
		process = subprocess.Popen([*self.machine.prefix, "sh", "-c",
			f'echo $$ >{group}/cgroup.procs && echo ready && exec sleep 1000'], stdout=subprocess.PIPE, text=True)
		self.addCleanup(process.wait)
		self.addCleanup(process.stdout.close)
		self.addCleanup(process.kill)
		self.assertEqual(process.stdout.readline(), "ready\n")
		self.assertIn("only-made", self.rows())

	def test_from_a_container(self):
		"""anonmem serve in a container that has the host's files below /host."""
		server = Server(command=["true"])
		shared = ("/usr", "/lib", "/lib64", os.path.dirname(anonmem.PROGRAM))
		self.start("docker", "run", "-d", "--name", "exporter", "--network", "host", "--cap-add", "SYS_PTRACE",
			*LIMITS, "-v", "/:/host:ro", *(f"-v={path}:{path}:ro" for path in shared), "image", anonmem.PROGRAM,
			"serve", "--root", "/host/proc", "-d", "1d", "--by", "container,pod,kind", "--listen",
			f"127.0.0.1:{server.port}")
		for _ in range(500):
			with contextlib.suppress(OSError):
				if server.get("/healthz")[0] == 200:
					break
			time.sleep(0.02)
		else:
			self.fail(self.machine.run("docker", "logs", "exporter"))
		limits = {dict(labels)["container"]: value for (name, labels), value in server.metrics().items()
			if name == "anonmem_cgroup_limit_bytes"}
		self.assertEqual((limits["shop-web"], limits["db-1"]), (64 * MIB, 32 * MIB))
		memory = {(dict(labels).get("container"), dict(labels).get("pod")) for (name, labels), _
			in server.metrics().items() if name == "anonmem_pss_bytes"}
		self.assertLessEqual({("shop-web", ""), ("db-1", "shop-pod"), ("shop/web-0/app", "shop/web-0")}, memory)
		self.machine.run("docker", "rm", "-f", "exporter")
		server.process.communicate()


@unittest.skipUnless(IS_ROOT and memory_groups(), "makes a control group")
class Foreign(Live):
	def test_files_beside_proc(self):
		"""Where the root of process 1 may not be looked at, the files of /host/proc's system lie in /host."""
		folder = self.enterContext(tempfile.TemporaryDirectory())
		os.chmod(folder, 0o755)
		host, group = os.path.join(folder, "host"), f"{memory_groups()}/docker-{ID}.scope"
		state = f"{host}/var/lib/docker/containers/{ID}"
		for path in (state, f"{host}/proc", f"{host}{GROUPS}", group):
			os.makedirs(path)
		self.addCleanup(os.rmdir, group)
		write(f"{state}/config.v2.json", json.dumps({"ID": ID, "Name": "/shop-web"}))
		limit = f"{group}/memory.limit_in_bytes"
		write(limit if os.path.exists(limit) else f"{group}/memory.max", str(64 * MIB))
		prefix = ["sh", "-c", f'echo $$ >{group}/cgroup.procs; exec "$@"', "sh", *NOBODY]
		command = f"mount -t proc proc {host}/proc && mount --rbind {GROUPS} {host}{GROUPS} && exec \"$@\""
		program = shutil.copy(anonmem.PROGRAM, folder)
		with Helper("memory", prefix=prefix) as h:
			done = subprocess.run(["unshare", "-m", "sh", "-c", command, "sh", *NOBODY, program,
				"--root", f"{host}/proc", "-p", str(h.pid), "--by", "container", "-o", "pss,limit,current", "--json"],
				capture_output=True, check=False, env=ENVIRONMENT, timeout=120)
			self.assertEqual(done.returncode, 0, done.stderr)
			row = json.loads(done.stdout)["groups"][0]
			self.assertEqual((row["container"], row["limit"]), ("shop-web", 64 * MIB))
			self.assertGreater(row["current"], 0)

	def test_advice(self):
		"""The /proc of a running system is no capture."""
		folder = self.enterContext(tempfile.TemporaryDirectory())
		os.chmod(folder, 0o755)
		program, place = shutil.copy(anonmem.PROGRAM, folder), os.path.join(folder, "proc")
		os.mkdir(place)
		done = subprocess.run(["unshare", "-m", "sh", "-c", f'mount -t proc proc {place} && exec "$@"', "sh",
			*NOBODY, program, "--root", place], capture_output=True, check=False, env=ENVIRONMENT, timeout=120)
		self.assertIn(b"run as root or grant cap_sys_ptrace", done.stdout)
