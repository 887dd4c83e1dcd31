"""Runs real programs, and judges what anonmem makes of their unnamed memory: see README.md."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time

import callers
import catalog
import judge

BARE, BARE_OF_ALL, LIKELY = 30, 10, 2  # per cent
ROW = "{:15} {:>9} {:>8} {:>7} {:>7} {:>7} {:>7} {:>7}  {}"


def children(pid):
    """A process and all below it."""
    found = [pid]
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as f:
                for child in f.read().split():
                    found += children(int(child))
        except OSError:
            pass
    return found


def rss(pid):
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as f:
            return int(f.read().split()[1])
    except OSError:
        return 0


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def choose(program, pid):
    """Of its processes, the largest that counts."""
    below = children(pid)[1 if program.is_traced else 0:]
    return max((p for p in below if program.child in command_line(p)), key=rss, default=pid)


def is_large(program, pid):
    return program.child in command_line(pid) and rss(pid) * 4096 >= program.least << 20


def wait_until_ready(program, process):
    if program.server:
        time.sleep(program.server)
        end = time.monotonic() + 2 * program.server
        while not is_large(program, choose(program, process.pid)) and time.monotonic() < end:
            time.sleep(2)
        return []
    lines = []
    for line in process.stdout:
        if line == "ready\n":
            return lines
        lines.append(line)
    raise RuntimeError(f"{program.name} ended before it was ready")


def run_after(program, folder):
    end = time.monotonic() + 60
    while True:
        done = subprocess.run(program.after, check=False, capture_output=True, timeout=60, cwd=folder)
        if done.returncode == 0:
            return
        if time.monotonic() > end:
            raise RuntimeError(f"{program.name}: {done.stderr.decode()}")
        time.sleep(0.1)


def stop(program, process):
    """A server has to be killed; others end with their input, and remove what they have made in /tmp."""
    below = children(process.pid)
    if process.stdin:
        process.stdin.close()
    if not program.server:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
    for pid in reversed(below if process.returncode is None else below[1:]):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def run(anonmem, program):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        catalog.prepare(program, folder)
        with open(os.path.join(folder, "errors"), "w", encoding="utf-8") as errors:
            tracer = callers.COMMAND if program.is_traced else ()
            process = subprocess.Popen([*tracer, *program.command], cwd=folder, stdin=subprocess.PIPE,
                stdout=errors if program.server else subprocess.PIPE, stderr=errors, text=True,
                env=catalog.environment(program))
        try:
            lines = wait_until_ready(program, process)
            if program.after:
                run_after(program, folder)
            time.sleep(program.settle)
            pid = choose(program, process.pid)
            verdict = judge.judge(anonmem, pid, program.tell(pid, lines, folder))
        finally:
            stop(program, process)
    return verdict


def faults(program, verdict):
    if verdict.share(verdict.bare) > BARE:
        yield f"{program.name}: {verdict.share(verdict.bare):.0f} % are bare"
    if verdict.certain:
        yield f"{program.name}: {verdict.certain} bytes have a wrong owner that was called certain"
    if verdict.share(verdict.likely) > LIKELY:
        yield f"{program.name}: {verdict.likely} bytes have a wrong owner"


def row(program, v):
    def percent(amount):
        return f"{v.share(amount):.1f}%"
    is_judged = program.how != ""
    return ROW.format(program.name, f"{v.total >> 10}K", percent(v.by_place), percent(v.bare),
        percent(v.judged) if is_judged else "-", percent(v.right) if is_judged else "-",
        percent(v.certain) if is_judged else "-", percent(v.likely) if is_judged else "-", program.how)


def selected(arguments):
    if arguments.ci:
        return [p for p in catalog.PROGRAMS if p.in_ci]
    unknown = set(arguments.programs) - {p.name for p in catalog.PROGRAMS}
    if unknown:
        sys.exit(f"unknown programs: {' '.join(sorted(unknown))}")
    return [p for p in catalog.PROGRAMS if not arguments.programs or p.name in arguments.programs]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("anonmem")
    parser.add_argument("programs", nargs="*")
    parser.add_argument("--ci", action="store_true")
    arguments = parser.parse_args()
    found, total, bare = [], 0, 0
    print(ROW.format("program", "anonymous", "by place", "bare", "judged", "right", "wrong", "wrong?",
        "truth"))
    for program in selected(arguments):
        path = catalog.missing(program)
        if path:
            print(f"{program.name:15} left out: {path} is not there")
            if arguments.ci:
                found.append(f"{program.name}: {path} is missing; dev/install test brings it")
            continue
        verdict = run(os.path.abspath(arguments.anonmem), program)
        print(row(program, verdict), flush=True)
        for mistake in verdict.mistakes[:5]:
            print("    " + mistake)
        found += faults(program, verdict)
        total += verdict.total
        bare += verdict.bare
    if total and not arguments.programs and 100 * bare / total > BARE_OF_ALL:
        found.append(f"{100 * bare / total:.0f} % of all are bare")
    print(f"bare of all: {100 * bare / total if total else 0:.1f} %")
    sys.exit("\n".join(found) or 0)


main()
