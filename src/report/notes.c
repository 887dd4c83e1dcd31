#include "report/notes.h"

#include "base/textstream.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* A list of sentences. */
struct list {
	char ***lines;
	size_t *count;
};

static bool add(struct list list, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool add(struct list list, const char *format, ...)
{
	char **larger = reallocarray(*list.lines, *list.count + 1, sizeof(*larger));
	va_list args;
	int length;

	if (!larger)
		return false;
	*list.lines = larger;
	va_start(args, format);
	length = vasprintf(&larger[*list.count], format, args);
	va_end(args);
	if (length < 0)
		return false;
	++*list.count;
	return true;
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "es";
}

/* What the user can do about processes that may not be read. */
static const char *advice(const struct snapshot *s)
{
	switch (s->source) {
	case SOURCE_PROC:
		return s->machine.may_trace ? "a sandbox or a security module protects them"
					    : "run as root or grant cap_sys_ptrace";
	case SOURCE_TREE:
		return "capture them as root";
	case SOURCE_SMAPS:
		break;
	}
	return "check who may read the files";
}

char *coverage_sentence(const struct snapshot *s)
{
	static const struct {
		enum outcome outcome;
		const char *text;
	} missed[] = {
		{OUTCOME_VANISHED, "gone"},
		{OUTCOME_TRUNCATED, "cut short"},
		{OUTCOME_MALFORMED, "not smaps"},
	};
	const struct coverage *c = &s->coverage;
	uint64_t without = c->by_outcome[OUTCOME_NO_MEMORY];
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%" PRIu64 " of %" PRIu64 " process%s read", c->by_outcome[OUTCOME_READ],
		c->seen - without, plural(c->seen - without));
	for (size_t i = 0; i < sizeof(missed) / sizeof(*missed); i++) {
		uint64_t n = c->by_outcome[missed[i].outcome];

		if (n > 0)
			fprintf(out, "; %" PRIu64 " %s", n, missed[i].text);
	}
	if (c->by_outcome[OUTCOME_DENIED] > 0)
		fprintf(out, "; %" PRIu64 " could not be read: %s", c->by_outcome[OUTCOME_DENIED],
			advice(s));
	if (without > 0)
		fprintf(out, "; %" PRIu64 " more without memory (kernel threads, zombies)",
			without);
	return textstream_close(out, &text) ? text : NULL;
}

static bool counts_pss(const struct snapshot *s)
{
	return counters_know(&s->totals.counters, COUNTER_PSS) ||
	       s->coverage.by_outcome[OUTCOME_READ] == 0;
}

static const char *pss_unknown(const struct snapshot *s)
{
	if (s->effort.scanned > 0)
		return "PSS and USS are unknown (-) where pages are shared by processes that were "
		       "scanned rather than read";
	return "PSS is unknown: it was not in what was read of every mapping";
}

static bool add_lost_names(struct list notes, const struct snapshot *s)
{
	uint64_t lost = s->effort.names_lost;
	bool captured = s->source != SOURCE_PROC;

	return add(notes,
		   "%" PRIu64
		   " process%s names of memory that %s, so that memory has none here%s%s",
		   lost, lost == 1 ? " keeps" : "es keep",
		   captured ? "are not in what was captured" : "could not be read",
		   captured || s->machine.may_trace ? "" : ": ",
		   captured || s->machine.may_trace ? "" : advice(s));
}

static bool add_held_up(struct list notes, const struct snapshot *s)
{
	uint64_t count = s->effort.held_up;
	int pid = (int)s->effort.held_up_pid;

	return add(notes,
		   "%" PRIu64
		   " process%s left out, because the kernel does not give %s memory map, as if "
		   "something held its lock; as root, see in /proc/%d/task/*/stack what process %d "
		   "waits for",
		   count, count == 1 ? " is" : "es are", count == 1 ? "its" : "their", pid, pid);
}

bool notes_make(const struct snapshot *s, size_t hidden, char ***lines, size_t *count)
{
	const struct list notes = {lines, count};

	if (s->machine.keeps_labels == ANSWER_NO &&
	    !add(notes,
		 "this kernel cannot keep names of memory (it was built without "
		 "CONFIG_ANON_VMA_NAME), so private memory beside heap and stacks is [anon]%s%s",
		 s->inferred ? " or, where its surroundings tell more, a guess that begins with ~"
			     : "",
		 s->effort.names_read > 0 ? ", unless its process keeps names itself (*)" : ""))
		return false;
	if (s->unidentified > 0 &&
	    !add(notes,
		 "%" PRIu64
		 " process%s left out, of which it is not known whether --name, --user or "
		 "--cgroup asks for %s",
		 s->unidentified, s->unidentified == 1 ? " is" : "es are",
		 s->unidentified == 1 ? "it" : "them"))
		return false;
	if (s->effort.held_up > 0 && !add_held_up(notes, s))
		return false;
	if (s->effort.names_lost > 0 && !add_lost_names(notes, s))
		return false;
	if (s->effort.unscannable > 0 &&
	    !add(notes, "smaps was read all the same: this kernel cannot scan page tables, which "
			"takes Linux 6.7"))
		return false;
	if (s->effort.barred > 0 &&
	    !add(notes,
		 "smaps of %" PRIu64 " process%s was read all the same: only root may scan the "
		 "pages of others",
		 s->effort.barred, plural(s->effort.barred)))
		return false;
	if (!counts_pss(s) && !add(notes, "%s", pss_unknown(s)))
		return false;
	if (s->shared_swappers > 1 &&
	    !add(notes, "SWAP counts swapped shared memory once for each process that maps it; "
			"SWAPPSS does not"))
		return false;
	if (hidden > 0 && !add(notes, "%zu more row%s beyond --limit; the totals include %s",
			       hidden, hidden == 1 ? "" : "s", hidden == 1 ? "it" : "them"))
		return false;
	return true;
}

#define COUNTER_NAME(id, key, name, header, help) [COUNTER_##id] = "" key,
static const char *const counter_keys[COUNTER_COUNT] = {ALL_COUNTERS(COUNTER_NAME)};
#undef COUNTER_NAME

static bool add_difference(const struct list checks, const struct snapshot *s,
			   const struct difference *d)
{
	struct process_identity p = key_process(&s->symbols, d->process);
	uint64_t rollup = d->sum > d->after ? d->sum - d->after : d->after - d->sum;

	return add(checks,
		   "process %d (%.*s): %s adds up to %" PRIu64 " bytes, %" PRIu64
		   " %s than smaps_rollup: %s",
		   p.pid, (int)p.name.len, p.name.ptr, counter_keys[d->counter], d->sum, rollup,
		   d->sum > d->after ? "more" : "less",
		   d->before != d->after ? "it changed while it was read"
		   : s->source == SOURCE_TREE
			   ? "they were captured at different moments, or one of the two is wrong"
			   : "its memory did not change, so one of the two is wrong");
}

static bool add_anon_check(const struct list checks, const struct verification *v)
{
	bool agrees = verification_anon_agrees(v);
	bool more = v->pss_anon > v->anon_after;
	uint64_t off = more ? v->pss_anon - v->anon_after : v->anon_after - v->pss_anon;

	return add(checks,
		   "anonymous memory of all processes: %" PRIu64 " bytes, %" PRIu64
		   " %s than AnonPages of meminfo%s",
		   v->pss_anon, off, more ? "more" : "less",
		   agrees ? ", as near as readings at different times can be"
		   : more ? ": memory was given back while it was read"
			  : ": memory was taken while it was read, or belongs to processes that "
			    "cannot be seen from here");
}

bool checks_make(const struct snapshot *s, char ***lines, size_t *count)
{
	const struct verification *v = &s->verification;
	const struct list checks = {lines, count};
	uint64_t differ = 0;

	if (!s->verified)
		return true;
	for (size_t i = 0; i < v->count; i++) {
		differ += i == 0 || v->differences[i].process != v->differences[i - 1].process;
		if (!add_difference(checks, s, &v->differences[i]))
			return false;
	}
	if (!add(checks, "%" PRIu64 " of %" PRIu64 " process%s agree%s with smaps_rollup",
		 v->compared - differ, v->compared, plural(v->compared),
		 v->compared == 1 ? "s" : ""))
		return false;
	if (v->without_rollup > 0 &&
	    !add(checks, "%" PRIu64 " process%s not compared: smaps_rollup could not be read",
		 v->without_rollup, v->without_rollup == 1 ? " was" : "es were"))
		return false;
	return !v->anon_known || add_anon_check(checks, v);
}
