"""What is true of a program's memory, by its own word."""

import os
import re
import subprocess
import tempfile

from judge import Truth

MALLOC = {"~malloc", "~malloc arena", "[heap]"}


def by_lines(owners):
    """Lines "OWNER START END" of what it printed; "foreign" is nobody's."""
    def tell(_, lines, __):
        truth = Truth()
        for line in lines:
            words = line.split()
            if len(words) == 3 and (words[0] in owners or words[0] == "foreign"):
                truth.ranges.append((int(words[1], 16), int(words[2], 16), owners.get(words[0], set())))
        return truth
    return tell


def by_total(labels):
    """A line "total BYTES" of what it printed."""
    def tell(_, lines, __):
        total = next(int(line.split()[1]) for line in lines if line.startswith("total "))
        return Truth(amounts=[(labels, total)]) if total else Truth()
    return tell


NO_FILES = "-XX:-UsePerfData"
JAVA = {
    "Java Heap": {"~java heap"}, "Class": {"~java classes"}, "Metaspace": {"~java classes"},
    "Code": {"~java code"}, "GC": {"~java gc"}, "Thread Stack": {"~thread stack"},
}


def by_jcmd(pid, _, __):
    """What HotSpot reserved, and what for. What it does not list is not its own."""
    done = subprocess.run(["jcmd", "-J" + NO_FILES, str(pid), "VM.native_memory", "detail"],
        capture_output=True, text=True, check=True, timeout=60)
    truth = Truth()
    line = r"^\[(0x\w+) - (0x\w+)\] reserved (?:and committed )?\d+KB for ([\w ]+?) from"
    for start, end, owner in re.findall(line, done.stdout, re.M):
        truth.ranges.append((int(start, 16), int(end, 16), JAVA.get(owner, {"~.bss"})))
    return truth


def by_info(_, __, folder):
    """What redis is told by its jemalloc."""
    done = subprocess.run(["redis-cli", "-s", "socket", "info", "memory"], capture_output=True, text=True,
        check=True, timeout=60, cwd=folder)
    resident = int(re.search(r"allocator_resident:(\d+)", done.stdout).group(1))
    return Truth(amounts=[({"~jemalloc"}, resident)])


def by_malloc_info(pid, *_):
    """What the GNU C library's malloc has, written by the program under gdb."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "info")
        os.chmod(folder, 0o777)  # the program may be somebody else's
        subprocess.run(["gdb", "-q", "-batch", "-nx", "-p", str(pid),
            "-ex", f'set $f = ((void*(*)(char*,char*))fopen)("{path}", "w")',
            "-ex", "call ((int(*)(int,void*))malloc_info)(0, $f)",
            "-ex", "call ((int(*)(void*))fclose)($f)"], capture_output=True, check=True, timeout=120)
        with open(path, encoding="ascii") as f:
            text = f.read()
    mapped = int(re.findall(r'<total type="mmap" count="\d+" size="(\d+)"', text)[-1])
    arenas = int(re.findall(r'<system type="current" size="(\d+)"', text)[-1])
    return Truth(amounts=[({"~malloc"}, mapped), ({"~malloc arena"}, arenas)])


def nothing(*_):
    return Truth()
