"""Interpreted programs, which print "ready" after making their objects."""

PYTHON = "import sys; keep = [%s]; print('ready', flush=True); sys.stdin.read()"
OBJECTS = PYTHON % "str(n) for n in range(300000)"
BLOCKS = PYTHON % "b'x' * (3 << 20) for n in range(8)"  # from malloc, with a head before each
PHP = """
$keep = []; for ($n = 0; $n < 200000; $n++) $keep[] = "s$n";
echo "ready\\n"; fgets(STDIN);
"""
