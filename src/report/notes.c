#include "report/notes.h"

#include "base/textstream.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

/* Not of a capture. Another system's /proc is a tree, too. */
static bool is_running(const struct snapshot *s)
{
	return s->source == SOURCE_PROC || (s->source == SOURCE_TREE && s->machine.is_live);
}

/* What the user can do about processes that could not be read. */
static const char *advice(const struct snapshot *s)
{
	const struct coverage *c = &s->coverage;

	if (is_running(s))
		return c->by_how[HOW_NO_SMAPS] > 0 ? "this kernel has no smaps"
						   : advice_on_rights(s->machine.may_trace,
								      s->machine.in_user_namespace);
	switch (s->source) {
	case SOURCE_TREE:
		if (c->by_how[HOW_NO_SMAPS] > 0)
			return "this capture has no smaps, only maps, as if its kernel had none";
		return "no permission when the capture was made";
	case SOURCE_RECORDING:
		return "no permission when the recording was made";
	case SOURCE_PROC:
	case SOURCE_SMAPS:
	case SOURCE_REPORT:
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
		{OUTCOME_MALFORMED, "malformed"},
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

/* Writes a sentence, or nothing if it does not apply. */
typedef void note_fn(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out);

/* In a watch, only the first refresh says so. */
static void note_kernel(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	(void)hidden;
	if (s->machine.keeps_labels != ANSWER_NO || s->refresh > 1)
		return;
	fputs("this kernel keeps no names of memory", out);
	if (s->inferred)
		fputs(", ~ marks a guess", out);
	fputs("; see anonmem doctor", out);
}

static void note_recorded(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	char text[64];
	struct tm tm;

	(void)hidden;
	if (s->source == SOURCE_RECORDING && localtime_r(&s->machine.time.tv_sec, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) > 0)
		fprintf(out, "recorded at %s, sample %" PRIu64, text, s->sample);
}

static void note_processes(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	(void)hidden;
	if (s->processes_at_least)
		fputs("process counts are lower bounds: the recording does not tell processes "
		      "apart; see anonmem record --by process,label",
		      out);
}

static void note_unmatched(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	uint64_t n = s->coverage.unmatched;

	(void)hidden;
	if (n > 0)
		fprintf(out,
			"%" PRIu64
			" process%s skipped: could not tell whether %s --name, --user, --cgroup or "
			"--children",
			n, plural(n), n == 1 ? "it matches" : "they match");
}

static void note_timed_out(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	uint64_t n = s->coverage.by_how[HOW_TIMED_OUT];

	(void)hidden;
	if (n > 0)
		fprintf(out,
			"%" PRIu64
			" process%s skipped: reading %s memory map timed out (mmap lock held?); as "
			"root, see /proc/%d/task/*/stack",
			n, plural(n), n == 1 ? "its" : "their", (int)s->coverage.timed_out);
}

static void note_lost_names(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	uint64_t n = s->coverage.by_how[HOW_NAMES_LOST];
	bool captured = !is_running(s);

	(void)hidden;
	if (n == 0)
		return;
	fprintf(out,
		"%" PRIu64 " process%s names of memory that %s; that memory is shown without names",
		n, n == 1 ? " keeps" : "es keep",
		captured ? "are not in the capture" : "could not be read");
	if (!captured && !s->machine.may_trace)
		fprintf(out, ": %s", advice(s));
}

static void note_scan(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	(void)hidden;
	if (s->coverage.by_how[HOW_CANNOT_SCAN] > 0)
		fputs("read smaps instead: this kernel cannot scan page tables (needs Linux 6.7)",
		      out);
}

static void note_may_not_scan(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	uint64_t n = s->coverage.by_how[HOW_MAY_NOT_SCAN];

	(void)hidden;
	if (n > 0)
		fprintf(out,
			"read smaps of %" PRIu64
			" process%s instead: only root may scan the pages of other users",
			n, plural(n));
}

static void note_marked(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	uint64_t n = s->coverage.by_how[HOW_MARKED];

	(void)hidden;
	if (n > 0)
		fprintf(out,
			"read smaps of %" PRIu64 " process%s instead: a scan cannot distinguish "
			"swap from marks of userfaultfd",
			n, plural(n));
}

static void note_pss(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	(void)hidden;
	if (counts_pss(s))
		return;
	if (s->coverage.by_how[HOW_SCANNED] > 0)
		fputs("PSS and USS are unknown (-) where pages are shared by processes that were "
		      "scanned rather than read",
		      out);
	else
		fputs("PSS is unknown: some mappings were read without it", out);
}

static void note_sharers(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	enum { NAMED = 4 };
	uint64_t n = s->coverage.sharers;

	(void)hidden;
	if (n == 0)
		return;
	fprintf(out, "%" PRIu64 " process%s the memory of another, which counts it", n,
		n == 1 ? " shares" : "es share");
	for (size_t i = 0; i < s->sharers.count && i < NAMED; i++)
		fprintf(out, "%s%d shares that of %d", i ? ", " : ": ", s->sharers.list[i].pid,
			s->sharers.list[i].with);
	if (s->sharers.count > NAMED)
		fputs(", ...", out);
}

static void note_maybe_shared(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	uint64_t n = s->coverage.by_how[HOW_MAYBE_SHARED];

	(void)hidden;
	if (n > 0)
		fprintf(out,
			"%" PRIu64
			" process%s may share the memory of another; such memory counts twice: %s",
			n, plural(n),
			is_running(s) ? "kcmp is not permitted here"
				      : "this capture lacks the file shared-memory");
}

static void note_unseen(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	(void)hidden;
	if (s->machine.unseen & UNSEEN_HIDDEN)
		fputs("processes of other users are hidden and not counted (/proc is mounted with "
		      "hidepid); run as root",
		      out);
	else if (s->machine.unseen & UNSEEN_SYSTEM)
		fputs("figures of the whole system are hidden (/proc is mounted with subset=pid)",
		      out);
}

static void note_hugetlb(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	uint64_t bytes = counters_hugetlb(&s->totals.counters);

	(void)hidden;
	if (bytes > 0)
		fprintf(out,
			"%" PRIu64
			" MiB of hugetlb pages are in neither RSS nor PSS; see the column hugetlb",
			bytes >> 20);
}

static void note_swap(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	(void)hidden;
	if (s->coverage.shared_swappers > 1)
		fputs("SWAP counts swapped shared memory once for each process that maps it; "
		      "SWAPPSS does not",
		      out);
}

static void note_shares(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	uint64_t n = s->unmeasured_segments;
	const struct counters *c = &s->totals.counters;

	(void)hidden;
	if (s->source == SOURCE_RECORDING) {
		if (!counters_know(c, COUNTER_SWAP_PSS) && c->bytes[COUNTER_SWAP_PSS] > 0)
			fputs("SWAPPSS with a + is a lower bound: the swap of a shared object was "
			      "unknown when it was recorded",
			      out);
		return;
	}
	if (s->shares_incomplete)
		fputs("SWAPPSS of swapped shared memory is unknown (-): some processes that may "
		      "map it were scanned rather than read",
		      out);
	else if (n > 0)
		fprintf(out,
			"SWAPPSS with a + is a lower bound: the swap of %" PRIu64
			" shared object%s %s",
			n, n == 1 ? "" : "s",
			is_running(s) ? "is unknown; run as root or grant cap_checkpoint_restore"
				      : "is not in the capture");
	else if (s->coverage.shared_swappers > 0 && s->coverage.by_outcome[OUTCOME_DENIED] > 0)
		fputs("SWAPPSS divides swapped shared memory among the processes that could be "
		      "read",
		      out);
}

/* Why EXCLUSIVE is not a single figure. */
static const char *why_bounds(const struct snapshot *s)
{
	if (s->source != SOURCE_PROC)
		return "a capture does not show which processes share a page";
	if (s->trends)
		return "anonmem top does not examine single pages";
	if (s->coverage.by_how[HOW_SCANNED] > 0)
		return "--fast and --max-stall do not examine single pages";
	return "run as root (CAP_SYS_ADMIN) to see which processes share a page";
}

static void note_exclusive(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	(void)hidden;
	if (s->exclusive == EXCLUSIVE_BOUNDS)
		fprintf(out,
			"EXCLUSIVE of shared memory lies between two bounds, USS..PSS with swap: "
			"%s",
			why_bounds(s));
	else if (s->objects_unseen)
		fputs("some processes could not be examined; EXCLUSIVE assumes that none of them "
		      "has the shared memory mapped or open",
		      out);
}

/* What the figures of a heap are, or why there are none. */
static void note_heaps(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	const struct heap_use *all = &s->totals.heap;

	(void)hidden;
	if (!s->heaps || s->totals.mappings == 0)
		return;
	if (all->known)
		fprintf(out, "HEAPUSED and HEAPFREE are what malloc had at the moment of reading%s",
			all->partial ? "; a + marks a lower bound, where some memory could not be "
				       "read or identified as malloc's"
				     : "");
	else if (s->source != SOURCE_PROC)
		fputs("HEAPUSED and HEAPFREE are unknown: captures lack the contents of memory",
		      out);
	else
		fprintf(out, "HEAPUSED and HEAPFREE are unknown: %s",
			all->partial ? "the memory could not be read or identified as malloc's"
				     : "none of this memory is known to be from glibc's malloc");
}

static void note_zeros(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	(void)s;
	if (hidden->zeros > 0)
		fprintf(out, "%zu row%s of zeros hidden; -a shows %s, the totals count %s",
			hidden->zeros, hidden->zeros == 1 ? "" : "s",
			hidden->zeros == 1 ? "it" : "them", hidden->zeros == 1 ? "it" : "them");
}

static void note_limit(const struct snapshot *s, const struct hidden_rows *hidden, FILE *out)
{
	(void)s;
	if (hidden->limited > 0)
		fprintf(out, "%zu more row%s beyond --limit; the totals include %s",
			hidden->limited, hidden->limited == 1 ? "" : "s",
			hidden->limited == 1 ? "it" : "them");
}

static bool add_note(struct list notes, note_fn *note, const struct snapshot *s,
		     const struct hidden_rows *hidden)
{
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);
	bool added;

	if (!out)
		return false;
	note(s, hidden, out);
	added = textstream_close(out, &text) && (size == 0 || add(notes, "%s", text));
	free(text);
	return added;
}

bool notes_make(const struct snapshot *s, const struct hidden_rows *hidden, char ***lines,
		size_t *count)
{
	static note_fn *const all[] = {
		note_recorded,	 note_processes, note_kernel,	    note_unseen,
		note_unmatched,	 note_timed_out, note_sharers,	    note_maybe_shared,
		note_lost_names, note_scan,	 note_may_not_scan, note_marked,
		note_pss,	 note_hugetlb,	 note_swap,	    note_shares,
		note_exclusive,	 note_heaps,	 note_zeros,	    note_limit,
	};
	struct list notes = {lines, count};
	bool added = true;

	for (size_t i = 0; added && i < sizeof(all) / sizeof(*all); i++)
		added = add_note(notes, all[i], s, hidden);
	return added;
}

bool missing_make(const struct snapshot *s, char ***lines, size_t *count)
{
	static const struct hidden_rows none = {0};
	struct list missing = {lines, count};
	char *sentence;
	bool added = true;

	/* Problems are reported by sentences of their own. */
	if (coverage_missed(&s->coverage) > s->problems.count) {
		sentence = coverage_sentence(s);
		added = sentence && add(missing, "%s", sentence);
		free(sentence);
	}
	return added && add_note(missing, note_unmatched, s, &none) &&
	       add_note(missing, note_timed_out, s, &none);
}

#define COUNTER_NAME(id, key, name, header, help) [COUNTER_##id] = "" key,
static const char *const counter_keys[COUNTER_COUNT] = {ALL_COUNTERS(COUNTER_NAME)};
#undef COUNTER_NAME

static bool add_difference(const struct list checks, const struct snapshot *s,
			   const struct process_difference *of)
{
	struct process_identity p = key_process(&s->symbols, of->process);
	const struct difference *d = &of->difference;
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

/* If some processes are not visible, counting less than the kernel proves nothing. */
static bool add_unseen_check(const struct list checks, const struct verification *v)
{
	return add(checks,
		   "anonymous memory of all processes cannot be compared with AnonPages of "
		   "meminfo: %s",
		   v->anon_unseen & UNSEEN_OUTSIDE
			   ? "AnonPages includes processes outside this PID namespace"
		   : v->anon_unseen & UNSEEN_HIDDEN
			   ? "AnonPages includes processes that are hidden here (hidepid)"
			   : "meminfo is hidden here (subset=pid)");
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
		   : more ? ": memory was freed during the reading, or is counted twice"
			  : ": memory was allocated during the reading, or belongs to processes "
			    "that are not visible here");
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
	if (v->anon_known && (v->anon_whole || !verification_anon_agrees(v)))
		return add_anon_check(checks, v);
	return v->anon_unseen == 0 || add_unseen_check(checks, v);
}
