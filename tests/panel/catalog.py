"""The programs of the panel."""

import glob
import os
import subprocess
from dataclasses import dataclass
from typing import Callable

import callers
import truth

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")
NPM = os.environ.get("ANONMEM_NPM", "/nonexistent")
BUN = NPM + "/node_modules/bun/bin/bun.exe"
ESBUILD = NPM + "/node_modules/@esbuild/linux-x64/bin/esbuild"
LIBRARIES = "/usr/lib/x86_64-linux-gnu/"
BLOCKS = truth.MALLOC


@dataclass
class Program:
    name: str
    command: list
    tell: Callable
    how: str  # how the truth is measured
    build: tuple = ()  # commands, before
    needs: tuple = ()  # files
    preload: str = ""
    environment: tuple = ()
    after: tuple = ()  # a command when it is ready, which fails before
    child: str = ""  # whose memory counts: the largest process with this in its command line
    server: int = 0  # says nothing; is ready after so many seconds
    least: int = 0  # the MiB of RSS from which on it is; waits longer otherwise
    settle: int = 0  # seconds, after which it has given back what it does not need
    is_traced: bool = False  # strace logs its calls
    in_ci: bool = False


def source(name):
    return os.path.join(HERE, name)


def addresses(**owners):
    return truth.by_lines(owners)


NO_FILES = truth.NO_FILES  # in /tmp, by Java
PYTHON = addresses(small={"~python objects", "[heap]"}, large=truth.MALLOC)
ADDRESSES = "addresses"
COMPILE = ("g++", "-O1", "-pthread", source("blocks.cpp"), "-o", "blocks")


def blocks(name, labels, **more):
    return Program(name, ["./blocks"], addresses(blocks=labels), ADDRESSES, build=(COMPILE,), **more)


def java(name, *arguments):
    return Program(name, ["java", NO_FILES, "-XX:NativeMemoryTracking=detail", "-Xmx512m", *arguments, "-cp",
        ".", "Objects"], truth.by_jcmd, "jcmd",
        build=(("javac", "-J" + NO_FILES, "-d", ".", source("Objects.java")),),
        needs=("/usr/bin/java", "/usr/bin/javac", "/usr/bin/jcmd"))


def traced(name, command, own, **more):
    return Program(name, command, callers.by_callers(own), "callers", is_traced=True,
        needs=("/usr/bin/strace", *more.pop("needs", ())), **more)


def node(name, *arguments, **more):
    return Program(name, ["node", source("objects.js"), *arguments], truth.by_total({"~v8 heap"}),
        "heap spaces", needs=("/usr/bin/node", *more.pop("needs", ())), **more)


PROGRAMS = [
    Program("redis", ["redis-server", "--port", "0", "--unixsocket", "socket", "--save", ""], truth.by_info,
        "INFO", server=2, needs=("/usr/bin/redis-server",), in_ci=True,
        after=("redis-cli", "-s", "socket", "eval",
            "for i=1,300000 do redis.call('set','key:'..i,string.rep('x',i%200)) end", "0")),
    Program("postgres", ["sh", "-c", "chown nobody . && "
        "exec setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '"
        "P=$(ls -d /usr/lib/postgresql/*/bin) && $P/initdb -D d >/dev/null && "
        "{ $P/postgres -D d -k $PWD -h \"\" & sleep 3; $P/psql -h $PWD -d postgres -f query.sql; }'"],
        truth.by_malloc_info, "malloc_info", server=12, child="postgres: nobody",
        build=(("cp", source("query.sql"), "."),), needs=("/usr/bin/setpriv", "/usr/lib/postgresql")),
    traced("mariadb", ["sh", "-c",
        "exec mariadbd --no-defaults --user=root --datadir=$PWD/d --socket=$PWD/s --skip-networking"],
        {"mariadbd:my_virtual_mem": {"~innodb buffer pool"}},
        build=(("sh", "-c", "mysql_install_db --no-defaults --user=root --datadir=$PWD/d"),), server=15,
        needs=("/usr/sbin/mariadbd",)),
    Program("nginx", ["nginx", "-p", ".", "-e", "stderr", "-g",
        "daemon off; master_process off; pid nginx.pid; error_log stderr;", "-c", source("nginx.conf")],
        truth.by_malloc_info, "malloc_info", server=8, needs=("/usr/sbin/nginx",)),
    Program("memcached", ["memcached", "-u", "root", "-s", "socket"], truth.by_malloc_info, "malloc_info",
        server=8, needs=("/usr/bin/memcached",)),
    Program("php", ["php", "-n", source("objects.php")], truth.by_total({"~php heap"}), "memory_get_usage",
        needs=("/usr/bin/php",), in_ci=True),
    node("node"),
    traced("bun", [BUN, source("objects.js")], {"bun": {"~mimalloc", "~jit"}}, needs=(BUN,)),
    Program("esbuild", [ESBUILD, "index.js", "--bundle", "--outdir=out", "--watch=forever"],
        callers.by_go_callers(ESBUILD), "callers", is_traced=True, server=10, needs=(ESBUILD,),
        build=(("sh", "-c", "for i in $(seq 400); do echo \"export const z$i = $i; function f$i(a) { "
        "return a * $i }\" >f$i.js; echo \"export * from './f$i.js'\"; done >index.js"),)),
    node("node-swc", "swc.js", needs=(NPM + "/node_modules/@swc/core",)),
    node("node-sharp", "sharp.js", needs=(NPM + "/node_modules/sharp",)),
    java("java-g1", "-XX:+UseG1GC"),
    java("java-serial", "-XX:+UseSerialGC"),
    java("java-parallel", "-XX:+UseParallelGC"),
    java("java-z", "-XX:+UseZGC"),
    java("java-wide", "-XX:-UseCompressedOops"),
    Program("python", ["/usr/bin/python3", source("objects.py")], PYTHON, ADDRESSES, in_ci=True),
    Program("python-numpy", ["/usr/bin/python3", source("objects.py"), "numpy"], PYTHON, ADDRESSES,
        needs=("/usr/lib/python3/dist-packages/pandas",)),
    Program("python-threads", ["/usr/bin/python3", source("objects.py"), "threads"], PYTHON,
        ADDRESSES),
    Program("python-malloc", ["/usr/bin/python3", source("objects.py")],
        addresses(small=truth.MALLOC, large=truth.MALLOC), ADDRESSES,
        environment=(("PYTHONMALLOC", "malloc"),)),
    Program("perl", ["perl", source("objects.pl")], truth.by_malloc_info, "malloc_info",
        needs=("/usr/bin/perl",)),
    Program("ruby", ["ruby", source("objects.rb")], addresses(small={"~ruby heap"}), ADDRESSES,
        needs=("/usr/bin/ruby",)),
    Program("erlang", ["erl", "-noshell", "-s", "objects", "main", "-s", "init", "stop"],
        truth.by_total({"~erlang heap"}), "allocator_sizes", settle=5,
        build=(("erlc", source("objects.erl")),),
        needs=("/usr/bin/erlc",)),
    Program("ocaml", ["./objects"], truth.by_malloc_info, "malloc_info", needs=("/usr/bin/ocamlopt",),
        build=(("cp", source("objects.ml"), "."), ("ocamlopt", "objects.ml", "-o", "objects"))),
    Program("octave", ["octave-cli", "--eval", "a = ones(2000, 2000); s = cell(1, 20000); for i = 1:20000, "
        "s{i} = sprintf('x%d', i); end; disp('ready'); fflush(stdout); input('', 's');"],
        truth.by_malloc_info, "malloc_info", needs=("/usr/bin/octave-cli",)),
    Program("sbcl", ["sbcl", "--noinform", "--non-interactive", "--load", source("objects.lisp")],
        addresses(heap={"~sbcl heap"}), ADDRESSES, needs=("/usr/bin/sbcl",)),
    traced("guile", ["guile", source("objects.scm")], {"libguile": {"~jit"}, "libgc": {"~libgc heap"}},
        environment=(("GUILE_AUTO_COMPILE", "0"),), needs=("/usr/bin/guile",)),
    traced("luajit", ["luajit", source("objects.lua")], {"(lib)?luajit": {"~luajit heap", "~jit"}},
        needs=("/usr/bin/luajit",)),
    traced("ghc", ["./objects"], {"objects": {"~ghc heap"}}, needs=("/usr/bin/ghc",),
        build=(("cp", source("objects.hs"), "."), ("ghc", "-O", "objects.hs"))),
    Program("go", ["./objects"], addresses(heap={"~go heap"}), ADDRESSES, needs=("/usr/bin/go",),
        build=(("sh", "-c", "GOCACHE=$PWD/cache go build -ldflags '-s -w' -o objects \"$0\"",
        source("objects.go")),)),
    traced("chromium", ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=d",
        "--remote-debugging-port=0", "file://" + source("page.html")],
        {"chromium": {"~partitionalloc", "~oilpan heap", "~v8 heap", "~jit"}}, server=40, least=50,
        settle=5, child="--type=renderer", needs=("/usr/bin/chromium",)),
    traced("firefox", ["firefox-esr", "--headless", "--profile", ".", "file://" + source("page.html")],
        {"firefox-esr|libmozglue|libxul": {"~firefox heap", "~spidermonkey heap", "~jit"}},
        server=60, least=50, settle=5, child="-contentproc", needs=("/usr/bin/firefox-esr",)),
    Program("valgrind", ["valgrind", "-q", "./blocks"], addresses(blocks={"~valgrind"}), ADDRESSES,
        build=(COMPILE,), needs=("/usr/bin/valgrind",), in_ci=True),
    blocks("c++", BLOCKS, in_ci=True),
    blocks("c++-jemalloc", {"~jemalloc"}, preload=LIBRARIES + "libjemalloc.so.2", in_ci=True),
    blocks("c++-mimalloc", {"~mimalloc"}, preload=LIBRARIES + "libmimalloc.so.2"),
    blocks("c++-tcmalloc", {"[heap]"}, preload=LIBRARIES + "libtcmalloc_minimal.so.4"),
    Program("c++-asan", ["./blocks-asan"], addresses(blocks={"~asan"}), ADDRESSES,
        build=(("g++", "-O1", "-pthread", "-fsanitize=address", source("blocks.cpp"), "-o", "blocks-asan"),)),
]


def missing(program):
    """A file that it needs and that is not there."""
    for path in (*program.needs, *([program.preload] if program.preload else ())):
        if not glob.glob(path):
            return path
    return None


def prepare(program, folder):
    for command in program.build:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300,
            env=dict(os.environ, **dict(program.environment)))


def environment(program):
    more = dict(program.environment)
    if program.preload:
        more["LD_PRELOAD"] = program.preload
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return dict({k: os.environ[k] for k in ("HOME", "ANONMEM_NPM") if k in os.environ}, LC_ALL="C.UTF-8",
        PATH=path, **more)
