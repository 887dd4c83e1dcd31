"""Compares what anonmem says of the memory of a process with what is true."""

import json
import os
import subprocess
from dataclasses import dataclass, field

ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", HOME="/nonexistent", XDG_CONFIG_HOME="/nonexistent")


@dataclass
class Truth:
    """Ranges of addresses, each with the labels that are right there; and, by labels, how much there is
    at most."""
    ranges: list = field(default_factory=list)
    amounts: list = field(default_factory=list)


@dataclass
class Verdict:
    total: int = 0
    bare: int = 0
    by_place: int = 0  # what would be bare if only the place of memory were looked at
    foreign: int = 0  # bare, and rightly so
    judged: int = 0
    right: int = 0
    certain: int = 0  # wrong, though it was called certain
    likely: int = 0  # wrong, and called likely
    mistakes: list = field(default_factory=list)

    def share(self, amount):
        return 100 * amount / self.total if self.total else 0


def mappings(anonmem, pid, *more):
    done = subprocess.run([anonmem, "--pid", str(pid), "--by", "label,mapping", "--kind", "anon", "--json",
        *more], capture_output=True, check=True, env=ENVIRONMENT, timeout=120)
    return [(int(g["start"], 16), int(g["end"], 16), g) for g in json.loads(done.stdout)["groups"]]


def is_guess(group):
    return group["label"].startswith("~")


def judge_range(verdict, found, start, end, labels):
    for mapped, until, group in found:
        low, high = max(start, mapped), min(end, until)
        if low >= high:
            continue
        amount = min(high - low, group["pss"])
        # Of several ranges in one mapping, nobody knows how much of it is where.
        known = min(amount, group.setdefault("unjudged", group["pss"]))
        group["unjudged"] -= known
        verdict.judged += known
        if group["label"].rstrip("?") in labels:
            verdict.right += known
        elif group["label"] == "[anon]" and not labels:
            verdict.foreign += known
            verdict.judged -= known
        elif is_guess(group) and amount:
            blame(verdict, group.get("certainty"), amount)
            verdict.mistakes.append(f"{low:x}-{high:x} {group['label']}, not {sorted(labels)}")


def distinct(ranges):
    return list({(start, end): (start, end, labels) for start, end, labels in ranges}.values())


def blame(verdict, certainty, amount):
    if certainty == "likely":
        verdict.likely += amount
    else:
        verdict.certain += amount


def judge_amount(verdict, found, labels, most):
    """More than there is cannot be right. Some may be taken between the two readings."""
    groups = [g for *_, g in found if g["label"].rstrip("?") in labels]
    claimed = sum(g["pss"] for g in groups)
    verdict.judged += max(claimed, 0)
    verdict.right += min(claimed, most)
    if claimed > most * 1.02 + (1 << 20):
        certain = sum(g["pss"] for g in groups if g.get("certainty") == "certain")
        blame(verdict, "certain" if certain > most else "likely", claimed - most)
        verdict.mistakes.append(f"{sorted(labels)}: {claimed} of at most {most}")


def judge(anonmem, pid, truth):
    verdict, found = Verdict(), mappings(anonmem, pid)
    verdict.total = sum(g["pss"] for *_, g in found)
    verdict.bare = sum(g["pss"] for *_, g in found if g["label"] == "[anon]")
    verdict.by_place = sum(g["pss"] for *_, g in mappings(anonmem, pid, "--infer", "place")
        if g["label"] == "[anon]")
    for start, end, labels in distinct(truth.ranges):
        judge_range(verdict, found, start, end, labels)
    verdict.bare -= verdict.foreign
    verdict.total -= verdict.foreign
    for labels, most in truth.amounts:
        judge_amount(verdict, found, labels, most)
    return verdict
