"""Small objects, large ones and mappings; prints where they lie. What runs it chooses more."""

import ctypes
import mmap
import sys
import threading

PAGE = 4096
DONE = threading.Event()


def pages(addresses):
    """Their pages, together where they lie together."""
    start = end = 0
    for page in sorted({a // PAGE for a in addresses}):
        if page != end:
            if end:
                yield start * PAGE, end * PAGE
            start = page
        end = page + 1
    yield start * PAGE, end * PAGE


def say(owner, start, end):
    print(owner, f"{start:x} {end:x}")


def make(into):
    into.append([f"object {n}" for n in range(40000)])
    DONE.wait()


def main():
    objects, foreign, large = [], [], []
    for _ in range(3):
        foreign.append(mmap.mmap(-1, 256 << 10, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        foreign[-1].write(b"x" * (256 << 10))
        large.append(bytes(b"y" * (3 << 20)))
        objects.append([f"object {n}" for n in range(60000)])
    if "threads" in sys.argv:
        threads = [threading.Thread(target=make, args=(objects,), daemon=True) for _ in range(50)]
        for thread in threads:
            thread.start()
        while len(objects) < 53:
            pass
    if "numpy" in sys.argv:
        import numpy
        import pandas
        large += [numpy.ones(1 << 20) for _ in range(4)]
        objects.append(pandas.DataFrame({"a": range(100000)}))
        for array in large[3:]:
            at = array.__array_interface__["data"][0]
            say("large", at // PAGE * PAGE + PAGE, at + array.nbytes)
    for some in objects:
        if isinstance(some, list):
            for start, end in pages(id(o) for o in some):
                say("small", start, end)
    for some in large[:3]:
        say("large", id(some), id(some) + len(some))
    for some in foreign:
        at = ctypes.addressof(ctypes.c_char.from_buffer(some))
        say("foreign", at, at + len(some))
    print("ready", flush=True)
    sys.stdin.read()


main()
