#!/usr/bin/env python3
"""in_step.py PROGRAM SOURCE: checks that manual, completions and program agree.

The program is asked if it can answer (--help, --columns help, --json); the rest is read from the
source. The manual pages are read as mdoc, in which each thing is an .It line of its section.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

problems = []


def compare(what, wanted, found, where, against):
    """Reports what is in only one of two sets, or a different order of two lists."""
    for item in wanted:
        if item not in found:
            problems.append(f"{what}: {item} of {against} is missing in {where}")
    for item in found:
        if item not in wanted:
            problems.append(f"{what}: {item} of {where} is not in {against}")
    if isinstance(wanted, list) and sorted(wanted) == sorted(found) and wanted != found:
        problems.append(f"{what}: the order in {where} is not that of {against}")


def need(found, what):
    """Fails if an answer is empty: that is a broken test, which must not look like agreement."""
    if not found:
        sys.exit(f"in_step.py: found no {what}; did its form change?")
    return found


# The manual.


# The backslash comes last; otherwise its result would be taken for another escape.
ESCAPES = {"\\-": "-", "\\(ha": "^", "\\(ti": "~", "\\(aq": "'", "\\e": "\\"}


def plain(roff):
    """The text of a roff line."""
    for escape, text in ESCAPES.items():
        roff = roff.replace(escape, text)
    return roff


class Page:
    def __init__(self, path):
        self.name = path.name
        self.lines = path.read_text().splitlines()

    def part(self, macro, title):
        """The lines below `.Sh title` or `.Ss title`."""
        inside, found = False, []
        for line in self.lines:
            if line.startswith(".Sh ") or macro == ".Ss" and line.startswith(".Ss "):
                inside = line == f"{macro} {title}"
            elif inside:
                found.append(line)
        return need(found, f"{title} in {self.name}")

    def items(self, title, macro=".Sh"):
        return [line[4:] for line in self.part(macro, title) if line.startswith(".It ")]

    def literal(self, title):
        """The lines of the first literal block of a section."""
        lines = self.part(".Sh", title)
        begin = next(i for i, line in enumerate(lines) if line.startswith(".Bd -literal"))
        return [plain(line) for line in lines[begin + 1:lines.index(".Ed", begin)]]


def first_words(items):
    """What the macro Cm or Va marks in the item, if anything."""
    return [item.split()[1] for item in items if item.split()[0] in ("Cm", "Va")]


# The program.


def run(program, *arguments):
    environment = dict(os.environ, LC_ALL="C")
    return subprocess.run([program, *arguments], capture_output=True, text=True, env=environment)


def help_options(text):
    """(heading, "-p --pid", whether it takes a value) of each option, in the order of --help."""
    heading, found = None, []
    for line in text.splitlines():
        option = re.match(r"  (?:(-\w), |    )(--[a-z-]+)( \S+)?", line)
        if option:
            names = " ".join(filter(None, option.groups()[:2]))
            found.append((heading, names, option.group(3) is not None))
        elif re.fullmatch(r"[A-Z][^:]*:", line):
            heading = line[:-1]
    return need(found, "options in --help")


# Options: --help, manual, completions.


def manual_options(page):
    heading, found = None, []
    for line in page.part(".Sh", "OPTIONS"):
        if line.startswith(".Ss "):
            heading = line[4:]
        elif line.startswith(".It Fl "):
            flags = re.findall(r"Fl (-?[A-Za-z][a-z-]*)", line)
            found.append((heading, " ".join("-" + flag for flag in flags), " Ar " in line))
    return found


def bash_options(text, name):
    words = re.search(rf'^{name}="([^"]*)"', text, re.M).group(1).split()
    return set(words)


def bash_options_with_value(text):
    body = re.search(r"^_anonmem_values\(\)\n\{(.*?)^\}", text, re.M | re.S).group(1)
    cases = re.findall(r"^\t(-[^)]*)\)", body, re.M)
    return {word for case in cases for word in case.split(" | ")}


def zsh_options(text):
    """Option to whether it takes a value."""
    found = {}
    body = text[text.index("watching=("):]
    for line in body.splitlines()[1:]:
        # Removes what precedes the option: '(excluded ones)' or '*', quoted together or separately.
        spec = re.sub(r"^\s*'\([^)]*\)'|^\s*'\*'", "", line).strip().strip("\"'")
        spec = re.sub(r"^\*|^\([^)]*\)", "", spec)
        spec = spec.split("[")[0] + "["
        for option, sign in re.findall(r"(?:^|[{,])(--?[A-Za-z][a-z-]*)([+=]?)(?=[,}\[])", spec):
            found[option] = bool(sign) and "]:" in line
    return found


def fish_options(text):
    found = {}
    for line in re.findall(r"^complete -c anonmem (-[sl] .*)", text, re.M):
        takes = re.search(r" -[xr] ", line) is not None
        for kind, name in re.findall(r"-([sl]) ([A-Za-z-]+)", line.split(" -d ")[0]):
            found[("-" if kind == "s" else "--") + name] = takes
    return found


def names_of(listed):
    """The names of all options, and those of the ones that take a value."""
    wanted = {name for _, names, _ in listed for name in names.split()}
    return wanted, {name for _, names, takes in listed if takes for name in names.split()}


def check_options(program, page, top, completions):
    listed = help_options(run(program, "--help").stdout)
    watching = help_options(run(program, "top", "--help").stdout)
    compare("options", listed, manual_options(page), page.name, "--help")
    compare("options", watching, manual_options(top), top.name, "top --help")
    wanted, valued = names_of(listed)
    of_top, valued_top = names_of(watching)
    of_record, valued_record = names_of(help_options(run(program, "record", "--help").stdout))
    of_serve, valued_serve = names_of(help_options(run(program, "serve", "--help").stdout))

    bash, zsh, fish = completions["bash"], completions["zsh"], completions["fish"]
    compare("options", wanted, bash_options(bash, "_anonmem_options"), "anonmem.bash", "--help")
    compare("options", of_top, bash_options(bash, "_anonmem_top_options"), "anonmem.bash",
            "top --help")
    wanted |= of_top | of_record | of_serve
    valued |= valued_top | valued_record | valued_serve
    capturing = names_of(help_options(run(program, "capture", "--help").stdout))[1]
    for other in ("check", "diff"):
        capturing |= names_of(help_options(run(program, other, "--help").stdout))[1]
    compare("options with a value", valued | capturing, bash_options_with_value(bash), "anonmem.bash",
            "--help")
    for name, found in (("_anonmem", zsh_options(zsh)), ("anonmem.fish", fish_options(fish))):
        compare("options", wanted, set(found), name, "--help")
        compare("options with a value", valued, {o for o in found if found[o]}, name, "--help")


def check_help(program, completions):
    """`help COMMAND` and `version` are the options, and the help lists every command."""
    text = run(program, "--help").stdout
    listed = re.findall(r"^  ([a-z]+) +[a-z]", text[text.index("Commands"):text.index("Selection:")], re.M)
    compare("commands", set(need(listed, "commands")), set(word_list(completions["bash"], "commands")),
            "anonmem.bash", "--help")
    pairs = [(["help"], ["--help"]), (["help", "help"], ["--help"]), (["version"], ["--version"])]
    pairs += [(["help", command], [command, "--help"]) for command in listed]
    for words, options in pairs:
        if need(run(program, *options).stdout, "help") != run(program, *words).stdout:
            problems.append(f"anonmem {' '.join(words)} is not anonmem {' '.join(options)}")


def check_run(program, source, page, completions):
    listed = help_options(run(program, "run", "--help").stdout)
    compare("options of run", listed, manual_options(page), page.name, "run --help")
    compare("options of run", names_of(listed)[0],
            bash_options(completions["bash"], "_anonmem_run_options"), "anonmem.bash", "run --help")
    text = (source / "src/cli/run.c").read_text()
    hows = c_strings(re.search(r"labels\[\] = \{([^}]*)\}", text).group(1))
    compare("labels of run", hows, first_words(page.items("OPTIONS")), page.name, "run.c")
    compare("labels of run", hows, word_list(completions["bash"], "run_labels"), "anonmem.bash", "run.c")


def check_top(program, source, page, form, completions):
    """Checks what only top has: keys, columns, members of JSON."""
    table = (source / "src/tui/keys.c").read_text()
    table = table[table.index("bindings[] = {"):]
    keys = [shown for shown, text in re.findall(r'"([^"]*)",\s*"([^"]*)"\}', table) if text]
    described_keys = [item[3:].replace(r"\&", "") for item in page.items("KEYS")]
    compare("keys", need(keys, "keys"), described_keys, page.name, "keys.c")

    def columns(*words):
        shown = run(program, *words, "--columns", "help").stdout.splitlines()
        return [tuple(line.split()[:2]) for line in need(shown, "columns")]

    own = [column for column in columns("top") if column not in columns()]
    items = [re.match(r"Cm (\S+) Pq (\S+)", item).groups() for item in page.items("COLUMNS")]
    compare("columns", own, items, page.name, "top --columns help")
    for shell, text in completions.items():
        compare("columns of top", [name for name, _ in own], word_list(text, "trend_columns"),
                f"the completion of {shell}", "top --columns help")

    def members(report):
        return set(report) | set(report["totals"]) | set(need(report["groups"], "group")[0])

    of_top = members(json.loads(run(program, "top", "-b", "-n1", "--json", "-p", str(os.getpid()),
                                    "--by", "label").stdout))
    plain_ones = members(json.loads(run(program, "--json", "-p", str(os.getpid())).stdout))
    compare("JSON of top", of_top - plain_ones, set(described(form, "Added by anonmem top")),
            form.name, "the program")


# Lists of values.


def word_list(text, name):
    """The words of NAME="a b", NAME=(a b) or set -l NAME a b, which may take several lines."""
    forms = (
        rf'^_anonmem_{name}="([^"]*)"',
        rf"^\s*{name}=\(([^)]*)\)",
        rf"^\s*set -l {name} ((?:[^\n]*\\\n)*[^\n]*)",
    )
    for form in forms:
        match = re.search(form, text, re.M)
        if match:
            return match.group(1).replace("\\\n", " ").split()
    sys.exit(f"in_step.py: a completion has no list {name}")


def c_strings(text):
    literals = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
    return [re.sub(r"\\(.)", r"\1", literal) for literal in literals]


def names_in_c(source, path, array):
    """The strings of a constant array."""
    text = (source / path).read_text()
    body = re.search(rf"\b{array}\[\w*\] = \{{(.*?)\}};", text, re.S)
    return c_strings(need(body, array).group(1))


def check_values(program, source, page, completions):
    help_text = run(program, "--help").stdout
    keys = names_in_c(source, "src/model/key.c", "key_names")
    # A literal may be in parts.
    values = re.sub(r'"\s*\n\s*"', "", (source / "src/cli/values.c").read_text())
    lists = {
        "keys": keys,
        "kinds": names_in_c(source, "src/classify/class.c", "kind_names"),
        "formats": re.split(", | or ", re.search(r'"--format: .* expected ([a-z, ]+)', values).group(1)),
        "units": c_strings(re.search(r"names\[\] = \{([^}]*UNITS_GIB[^}]*)\}", values).group(1)),
        "colors": c_strings(re.search(r"names\[\] = \{([^}]*COLOR_NEVER[^}]*)\}", values).group(1)),
    }
    for name, wanted in lists.items():
        for shell, text in completions.items():
            where = f"the completion of {shell}"
            compare(name, wanted, word_list(text, name), where, "the program")

    shown = re.search(r"^Keys: (label), ([a-z,\s]+)\.$", help_text, re.M)
    compare("keys", keys, [shown.group(1), *re.split(r",\s+", shown.group(2))], "--help", "the program")
    compare("keys", keys, first_words(page.items("GROUPING")), page.name, "the program")
    compare("kinds", lists["kinds"], first_words(page.items("KINDS")), page.name, "the program")


def check_columns(program, source, page, completions):
    shown = [line.split()[:2] for line in run(program, "--columns", "help").stdout.splitlines()]
    need(shown, "columns in --columns help")
    items = [re.match(r"Cm (\S+) Pq (\S+)", item).groups() for item in page.items("COLUMNS")]
    compare("columns", [tuple(line) for line in shown], items, page.name, "--columns help")

    table = (source / "src/report/column.c").read_text()
    keys = re.findall(r'\{"(\w+)", "[^"]+",\s*"[^"]*",\s*\w+,\s*COLUMN_KEY\b', table)
    for shell, text in completions.items():
        where = f"the completion of {shell}"
        found = word_list(text, "columns")
        compare("columns", [name for name, _ in shown], found, where, "--columns help")
        found = word_list(text, "key_columns")
        compare("key columns", need(keys, "key columns"), found, where, "column.c")


# Rules, labels, exit statuses.


def check_rules(source, page):
    rules = names_in_c(source, "src/classify/rules.c", "builtin")
    wanted = []
    for pattern, subsystem in zip(rules[::2], rules[1::2]):
        # In a file, trailing blanks of a pattern are dropped, so the manual writes them like this.
        wanted.append(re.sub(r" $", "[ ]", pattern) + " -> " + subsystem)
    found = page.literal("BUILT-IN RULES")
    compare("built-in rules", need(wanted, "rules"), found, page.name, "rules.c")


def check_labels(source, page):
    """Every label that class.c can make is in the manual."""
    text = (source / "src/classify/class.c").read_text()
    made = set(re.findall(r'(?:SLICE_INIT|SLICE)\("(\[[a-z_]+[:\]])"?', text))
    listed = set(re.findall(r"^Li (\[[a-z_]+[:\]])", "\n".join(page.items("LABELS")), re.M))
    # Special mappings are shown as the kernel prints them, without a table.
    compare("labels", need(made, "labels"), listed - {"[vdso]"}, page.name, "class.c")


def check_guesses(source, page):
    """Every guess is explained, as certain or as likely, in the order of the rules or another."""
    text = (source / "src/classify/guess.h").read_text()
    made = {"~" + label for label in re.findall(r'\bX\(\w+, "([^"]*)"\)', text)}
    rows = re.findall(r"^Li (\\\(ti.*?) Ta (\w+)", "\n".join(
        page.items("GUESSES")), re.M)
    listed = {plain(label).rstrip("?") for label, _ in rows}
    compare("guesses", need(made, "guesses"), listed, page.name, "guess.h")
    doubted = {plain(label) for label, _ in rows if label.endswith("?")}
    likely = {plain(label) for label, trust in rows if trust == "likely"}
    compare("likely guesses", likely, doubted, page.name, "the column Trust")


def check_doctor(program, source, page, form, completions):
    """Its options, the programs that it knows, and the members of its JSON."""
    listed = help_options(run(program, "doctor", "--help").stdout)
    compare("options of doctor", listed, manual_options(page), page.name, "doctor --help")
    compare("options of doctor", names_of(listed)[0],
            bash_options(completions["bash"], "_anonmem_doctor_options"), "anonmem.bash", "doctor --help")
    known = re.findall(r'^\t\{"([^"]+)", ', (source / "src/cli/known.c").read_text(), re.M)
    rows = [item.split(" Ta ")[0] for item in page.items("PROGRAMS")[1:]]
    compare("programs of doctor", need(known, "programs"), rows, page.name, "known.c")
    printed = json.loads(run(program, "doctor", "--json", "--pid", str(os.getpid())).stdout)
    found = {re.match(r"Va (\S+) Pq", item).group(1) for item in form.items("DOCTOR")}
    compare("JSON of doctor", set(printed), found, form.name, "the program")


def check_capture(program, page, completions):
    listed = help_options(run(program, "capture", "--help").stdout)
    compare("options of capture", listed, manual_options(page), page.name, "capture --help")
    compare("options of capture", names_of(listed)[0],
            bash_options(completions["bash"], "_anonmem_capture_options"), "anonmem.bash",
            "capture --help")


def check_check(program, source, page, form, completions):
    """Its options, and the members of its JSON."""
    listed = help_options(run(program, "check", "--help").stdout)
    compare("options of check", listed, manual_options(page), page.name, "check --help")
    compare("options of check", names_of(listed)[0],
            bash_options(completions["bash"], "_anonmem_check_options"), "anonmem.bash",
            "check --help")
    tree = str(source / "fixtures/trees/once")
    printed = json.loads(run(program, "check", "--json", "--max", "pss=1T", "--from", tree).stdout)
    found = set()
    for item in form.items("CHECK"):
        found |= set(re.match(r"Va (.*?) Pq", item + " Pq").group(1).replace(" ,", "").split())
    compare("JSON of check", set(printed), found, form.name, "the program")
    text = (source / "src/render/verdict.c").read_text()
    formats = re.findall(r'\{"(\w+)", write_\w+\}', text)
    for shell in completions:
        compare("formats of check", need(formats, "formats"),
                word_list(completions[shell], "check_formats"), shell, "verdict.c")


def check_diff(program, source, page, form, completions):
    """Its options, and the members of its JSON."""
    listed = help_options(run(program, "diff", "--help").stdout)
    compare("options of diff", listed, manual_options(page), page.name, "diff --help")
    compare("options of diff", names_of(listed)[0],
            bash_options(completions["bash"], "_anonmem_diff_options"), "anonmem.bash",
            "diff --help")
    tree = str(source / "fixtures/trees/once")
    printed = json.loads(run(program, "diff", "--json", tree, tree).stdout)
    found = set()
    for item in form.items("DIFF"):
        found |= set(re.match(r"Va (.*?) Pq", item + " Pq").group(1).replace(" ,", "").split())
    compare("JSON of diff", set(printed), found, form.name, "the program")


def check_machine(program, page, form, completions):
    """Its options, and the members of its JSON."""
    listed = help_options(run(program, "machine", "--help").stdout)
    compare("options of machine", listed, manual_options(page), page.name, "machine --help")
    compare("options of machine", names_of(listed)[0],
            bash_options(completions["bash"], "_anonmem_machine_options"), "anonmem.bash",
            "machine --help")
    printed = json.loads(run(program, "machine", "--json").stdout)
    found = set()
    for item in form.items("MACHINE"):
        found |= set(re.match(r"Va (.*?) Pq", item + " Pq").group(1).replace(" ,", "").split())
    compare("JSON of machine", set(printed), found, form.name, "the program")


def check_keyed(command, program, page, completions):
    """The options and keys of record or serve."""
    text = run(program, command, "--help").stdout
    listed = help_options(text)
    compare(f"options of {command}", listed, manual_options(page), page.name, f"{command} --help")
    compare(f"options of {command}", names_of(listed)[0],
            bash_options(completions["bash"], f"_anonmem_{command}_options"), "anonmem.bash",
            f"{command} --help")
    keys = re.split(r",\s+", re.search(r"^Keys: ([a-z,\s]+)\.$", text, re.M).group(1))
    for shell, completion in completions.items():
        compare(f"keys of {command}", need(keys, "keys"), word_list(completion, f"{command}_keys"),
                f"the completion of {shell}", f"{command} --help")


def check_metrics(program, source, page):
    """The families of metrics that the source has; those of rows are what a report writes."""
    text = (source / "src/render/metrics.c").read_text()
    found = set()
    for name, kind in re.findall(r'\{\s*"((?:anonmem|process)_\w+)",\s*METRIC_(\w+)', text):
        found.add(name + {"GAUGE": "", "COUNTER": "_total", "INFO": "_info"}[kind])
    described = set()
    for item in page.items("METRICS"):
        described |= set(re.findall(r"(?:anonmem|process)_\w+", item))
    compare("metrics", need(found, "families"), described, page.name, "src/render/metrics.c")
    written = set(re.findall(r"^# TYPE (\S+)", run(
        program, "--root", str(source / "fixtures/trees/server"), "--format", "prometheus").stdout, re.M))
    if not written or written - described:
        problems.append(f"metrics that {page.name} lacks: {sorted(written - described)}")


def check_exit(program, source, page):
    header = (source / "src/cli/command.h").read_text()
    body = re.search(r"enum exit_status \{(.*?)\}", header, re.S).group(1)
    known, value = [], 0
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
    for given in re.findall(r"EXIT_\w+(?:\s*=\s*(\d+))?", body):
        value = int(given) if given else value
        known.append(str(value))
        value += 1
    text = run(program, "--help").stdout
    shown = re.findall(r"\b(\d) ", re.search(r"^Exit status: .*(\n  .*)*", text, re.M).group())
    compare("exit statuses", known, shown, "--help", "command.h")
    compare("exit statuses", known, page.items("EXIT STATUS"), page.name, "command.h")


def check_coverage(source, page):
    """The outcomes, and the words in which the line under the table counts them."""
    schema = json.loads((source / "man/anonmem-1.schema.json").read_text())
    outcomes = [name for name in schema["properties"]["coverage"]["required"] if name != "seen"]
    compare("coverage", outcomes, first_words(page.items("COVERAGE")), page.name, "the schema")
    notes = (source / "src/report/notes.c").read_text()
    words = re.findall(r'\{OUTCOME_\w+, "([^"]+)"\}', notes)
    text = "\n".join(page.part(".Sh", "COVERAGE"))
    compare("coverage", need(words, "words"), re.findall(r"\.Dq (.*) :", text)[3:], page.name, "notes.c")


# JSON.


def described(page, title):
    """Member to its type, as the manual gives it: .It Va NAME Pq TYPE."""
    found = {}
    for item in page.items(title, ".Ss"):
        name, kind = re.match(r"Va (\S+) Pq (.*)", item).groups()
        found[name] = kind
    return found


def schema_type(schema, member):
    if member.get("$ref") == "#/$defs/bytes":
        return "bytes or null"
    if "$ref" in member:
        return "object"
    if "const" in member or "enum" in member:
        return "string"
    types = member["type"] if isinstance(member["type"], list) else [member["type"]]
    if types == ["array"]:
        items = member["items"]
        return f"array of {schema_type(schema, items)}s"
    return " or ".join(types)


def check_members(what, page, title, schema, properties, extra):
    wanted = {name: schema_type(schema, member) for name, member in properties.items()}
    found = described(page, title)
    compare(what, set(wanted) | extra, set(found), page.name, "the schema")
    for name in set(wanted) & set(found):
        if wanted[name] != found[name]:
            problems.append(f"{what}: {name} is \"{wanted[name]}\" in the schema, "
                            f"\"{found[name]}\" in {page.name}")


SECTIONS = {
    "report": "Of the report",
    "tool": "Of tool",
    "source": "Of source",
    "coverage": "Of coverage",
    "counters": "Of totals and of each group: the counters",
    "keys": "Of each group: the keys",
    "meminfo": "Of meminfo",
}


def check_schema(source, page):
    schema = json.loads((source / "man/anonmem-1.schema.json").read_text())
    top = schema["properties"]
    members = {
        "report": (top, {"checks"}),
        "tool": (top["tool"]["properties"], set()),
        "source": (top["source"]["properties"], set()),
        "coverage": (top["coverage"]["properties"], set()),
        "counters": (schema["$defs"]["counters"]["properties"], {"pss_percent", "rss_percent"}),
        "keys": (schema["$defs"]["group"]["properties"], set()),
    }
    for part, (properties, extra) in members.items():
        check_members(f"JSON, {part}", page, SECTIONS[part], schema, properties, extra)


def check_json(program, page):
    """What the program really prints, with everything that adds members."""
    keys = "label,subsystem,kind,process,name,user,cgroup,container,pod,unit,command,file,mapping,segment"
    result = run(program, "--json", "--pid", str(os.getpid()), "--by", keys, "--verify",
                 "--kind", "anon,shmem,file,special",
                 "--columns",
                 "pss_percent,rss_percent,exclusive,heap_used,heap_free,limit,current,peak",
                 "--limit", "1", "--no-rules")
    report = json.loads(result.stdout)
    names = {part: set(described(page, title)) for part, title in SECTIONS.items()}
    for bound in ("swap_pss_min", "heap_used_min", "heap_free_min"):
        names["counters"].remove(bound)  # only where the amount is unknown
    printed = {
        "report": set(report),
        "tool": set(report["tool"]),
        "source": set(report["source"]),
        "coverage": set(report["coverage"]),
        # Where exclusive is a bound; and a sum over a heap may be one.
        "counters": (set(report["totals"]) | {"exclusive_max"}) - {"heap_used_min", "heap_free_min"},
        "keys": set(need(report["groups"], "group")[0]) - set(report["totals"]),
        "meminfo": set(report["meminfo"]),
    }
    names["source"].discard("sample")  # only of a recording
    names["keys"].discard("shares_memory_with")  # only of a process that does
    names["keys"].discard("certainty")  # only of a guess
    for part, found in printed.items():
        compare(f"JSON, {part}", names[part], found, "the program", page.name)


def check_quotes(source):
    """A quoted bracket or stop without an escape would be printed outside of its quotes."""
    for page in sorted((source / "man").glob("*.[1357]")):
        text = subprocess.run(["mandoc", "-T", "utf8", page], capture_output=True, text=True,
                              check=True).stdout
        for empty in ("\u2018\u2019", "\u201c\u201d"):
            if empty in need(text, page.name):
                problems.append(f"{page.name}: quotes nothing: {empty}")


def main():
    program, source = sys.argv[1], pathlib.Path(sys.argv[2])
    folder = source / "src/cli/completions"
    files = {"bash": "anonmem.bash", "zsh": "_anonmem", "fish": "anonmem.fish"}
    completions = {shell: (folder / name).read_text() for shell, name in files.items()}
    command, capture, checked, diff, doctor, machine, record, started, serve, top, rules, form, labels = (
        Page(source / "man" / name)
        for name in (
            "anonmem.1", "anonmem-capture.1", "anonmem-check.1", "anonmem-diff.1", "anonmem-doctor.1",
            "anonmem-machine.1", "anonmem-record.1", "anonmem-run.1",
            "anonmem-serve.1", "anonmem-top.1", "anonmem-rules.5", "anonmem-json.5",
            "anonmem-labels.7",
        )
    )

    check_options(program, command, top, completions)
    check_help(program, completions)
    check_run(program, source, started, completions)
    check_top(program, source, top, form, completions)
    check_values(program, source, command, completions)
    check_columns(program, source, command, completions)
    check_rules(source, rules)
    check_labels(source, labels)
    check_guesses(source, labels)
    check_exit(program, source, command)
    check_coverage(source, command)
    check_schema(source, form)
    check_json(program, form)
    check_doctor(program, source, doctor, form, completions)
    check_capture(program, capture, completions)
    check_check(program, source, checked, form, completions)
    check_diff(program, source, diff, form, completions)
    check_machine(program, machine, form, completions)
    check_keyed("record", program, record, completions)
    check_keyed("serve", program, serve, completions)
    check_metrics(program, source, serve)
    check_quotes(source)
    for problem in problems:
        print(problem)
    print(f"in step: {'no' if problems else 'yes'}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
