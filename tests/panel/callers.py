"""Who called for memory: strace(1) logs each call of mmap(2) with the functions that led to it.

The log is replayed: threads share the memory of the one that made them, a fork copies it, exec begins anew.
What the kernel mapped itself is in no log, and is judged by nobody; nor is what strace cannot follow further
than the C library."""

import bisect
import collections
import glob
import os
import re
import struct
import subprocess

from judge import Truth

FRAMES = 24  # that are looked at, of each call
LOG = "strace"
COMMAND = ("strace", "-ff", "-ttt", "--seccomp-bpf", "-k", "-qq", "-e", "signal=none", "-e",
    "trace=mmap,munmap,mremap,execve,clone,clone3,fork,vfork", "-o", LOG)

CALL = re.compile(r"^(\d+\.\d+) (\w+)\((.*)\) += (0x[0-9a-f]+|-?\d+)")
FRAME = re.compile(r"^ > (?:.*/)?([^/(]*)\(([^+)]*).*\[(0x[0-9a-f]+)\]")
Call = collections.namedtuple("Call", "time name arguments result frames")

C_LIBRARY = ("libc.so", "libc-")
# A thread's first free(3) may make an arena too.
MALLOC = re.compile(r"^(__libc_|__)?(malloc|calloc|realloc|reallocarray|memalign|posix_memalign|"
    r"aligned_alloc|valloc|pvalloc|c?free)$")


class Space:
    """Owners of ranges, which do not overlap."""

    def __init__(self):
        self.starts, self.ranges = [], []

    def copy(self):
        other = Space()
        other.starts, other.ranges = list(self.starts), list(self.ranges)
        return other

    def clear(self, start, end):
        """Takes out what lies there, and returns it."""
        low = bisect.bisect_right(self.starts, start)
        if low and self.ranges[low - 1][1] > start:
            low -= 1
        high = bisect.bisect_left(self.starts, end)
        taken = self.ranges[low:high]
        kept = [(s, min(e, start), o) for s, e, o in taken if s < start]
        kept += [(max(s, end), e, o) for s, e, o in taken if e > end]
        self.ranges[low:high] = kept
        self.starts[low:high] = [s for s, *_ in kept]
        return [(max(s, start), min(e, end), o) for s, e, o in taken]

    def put(self, start, end, owner):
        self.clear(start, end)
        at = bisect.bisect_left(self.starts, start)
        self.starts.insert(at, start)
        self.ranges.insert(at, (start, end, owner))


def read_log(path):
    """The calls of one thread that succeeded."""
    calls, frames = [], []
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            if line.startswith(" > "):
                found = FRAME.match(line)
                if len(frames) < FRAMES and found:
                    frames.append(found.groups())
                continue
            found, frames = CALL.match(line), []
            if found and not found.group(4).startswith("-"):
                calls.append(Call(float(found.group(1)), found.group(2), found.group(3),
                    int(found.group(4), 0), frames))
    return calls


def pages(size):
    return (int(size, 0) + 4095) & ~4095


def replay_mapping(space, call):
    words = call.arguments.split(", ")
    if call.name == "munmap":
        space.clear(int(words[0], 0), int(words[0], 0) + pages(words[1]))
    elif call.name == "mmap":
        is_anonymous = "MAP_ANONYMOUS" in call.arguments
        owner = (call.frames, words[2] == "PROT_NONE") if is_anonymous else None
        space.put(call.result, call.result + pages(words[1]), owner)
    else:
        old = space.clear(int(words[0], 0), int(words[0], 0) + pages(words[1]))
        owner = old[0][2] if old else (call.frames, False)
        space.put(call.result, call.result + pages(words[2]), owner)


def replay(folder, pid):
    """The address space of a process as its calls made it."""
    spaces, calls = {}, []
    for path in glob.glob(f"{folder}/{LOG}.*"):
        thread = int(path.rsplit(".", 1)[1])
        calls += [(call.time, thread, call) for call in read_log(path)]
    for _, thread, call in sorted(calls, key=lambda c: c[:2]):
        space = spaces.setdefault(thread, Space())
        if call.name == "execve":
            spaces[thread] = Space()
        elif call.name in ("clone", "clone3", "fork", "vfork"):
            is_shared = "CLONE_VM" in call.arguments or call.name == "vfork"
            spaces[call.result] = space if is_shared else space.copy()
        else:
            replay_mapping(space, call)
    return spaces.get(pid, Space())


def owner_of(frames, is_closed, own):
    """The labels that are right for what these functions called for."""
    for file, symbol, _ in frames:
        if file.startswith(C_LIBRARY) and MALLOC.match(symbol):
            return {"~malloc arena"} if is_closed else {"~malloc"}
        if file.startswith(C_LIBRARY) and symbol.startswith("pthread_create"):
            return {"~thread stack"}
        if file.startswith("ld-linux"):
            return {"~.bss"}
        for pattern, labels in own.items():
            if re.match(pattern, f"{file}:{symbol}"):
                return labels
    return {"none"}


def stack_pointers(pid):
    """Those of its threads, where the kernel tells."""
    for path in glob.glob(f"/proc/{pid}/task/*/syscall"):
        try:
            with open(path, encoding="ascii") as f:
                words = f.read().split()
        except OSError:
            continue
        if len(words) >= 3:
            yield int(words[-2], 0)


def stacks(pid):
    """Unnamed mappings behind a guard page in which a thread has its stack pointer."""
    pointers, guard_end = list(stack_pointers(pid)), 0
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as f:
        for line in f:
            words = line.split()
            start, end = (int(word, 16) for word in words[0].split("-"))
            if len(words) == 5 and start == guard_end and any(start <= p < end for p in pointers):
                yield start, end
            guard_end = end if words[1].startswith("---") else 0


def by_callers(own=None):
    """`own` has the labels that are right for functions, as regular expressions of FILE:SYMBOL."""
    def tell(pid, _, folder):
        truth, space = Truth(), replay(folder, pid)
        for start, end in stacks(pid):
            space.clear(start, end)
            truth.ranges.append((start, end, {"~thread stack"}))
        for start, end, owner in space.ranges:
            if owner and any(not file.startswith(C_LIBRARY) for file, *_ in owner[0]):
                truth.ranges.append((start, end, owner_of(*owner, own or {})))
        return truth
    return tell


def go_functions(path):
    """Where the functions of a program of Go begin, and what they are called: stripped programs keep that for
    their stack traces."""
    done = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True, check=True)
    sections = {name: (int(address, 16), int(offset, 16), int(size, 16)) for name, address, offset, size in
        re.findall(r"\] (\S+)\s+\w+\s+([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)", done.stdout)}
    _, offset, size = sections[".gopclntab"]
    with open(path, "rb") as f:
        f.seek(offset)
        table = f.read(size)
    count, _, text, names_at, *_, functions_at = struct.unpack_from("<8Q", table, 8)
    text = text or sections[".text"][0]  # where C begins in programs with both; not kept from 1.26 on
    functions = []
    for i in range(count):
        entry, function = struct.unpack_from("<II", table, functions_at + 8 * i)
        name = names_at + struct.unpack_from("<i", table, functions_at + function + 4)[0]
        functions.append((text + entry, table[name:table.index(b"\0", name)].decode()))
    return functions


def go_owner(names):
    """Of its runtime, what makes the heap grow reserves address space for that, or maps it. None where the
    log does not see beyond a call of C."""
    called = set(names)
    if not called or "runtime.asmcgocall" in called:
        return None
    is_own = called & {"runtime.sysAllocOS", "runtime.sysAlloc"} or any("pageAlloc" in name for name in names)
    if not is_own and called & {"runtime.(*mheap).sysAlloc", "runtime.(*mheap).grow"}:
        return {"~go heap"}
    return {"~go runtime"} if any(name.startswith("runtime.") for name in names) else {"none"}


def by_go_callers(path, base=0x400000):
    """The same of a program of Go that is linked at `base`."""
    def tell(pid, _, folder):
        starts, names = zip(*go_functions(path))
        truth = Truth()
        for start, end, owner in replay(folder, pid).ranges:
            if owner:
                called = [names[bisect.bisect_right(starts, base + int(at, 16)) - 1]
                    for file, _, at in owner[0] if file == os.path.basename(path)]
                labels = go_owner(called)
                if labels:
                    truth.ranges.append((start, end, labels))
        return truth
    return tell
