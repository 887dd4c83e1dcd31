#include "render/head.h"

#include "base/escape.h"
#include "base/textstream.h"
#include "render/size.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

static void write_machine(const struct watch *w, const struct head_options *o, FILE *out)
{
	const struct machine *m = &w->machine;
	char text[64];
	struct tm tm;

	fputs("anonmem top  ", out);
	escape_write(out, slice_of(m->host[0] ? m->host : "-"));
	if (m->time_known && localtime_r(&m->time.tv_sec, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) > 0)
		fprintf(out, "  %s", text);
	if (o->paused)
		fputs("  paused", out);
	else if (o->live)
		fprintf(out, "  every %.3g s", o->delay);
	else
		fprintf(out, "  refresh %" PRIu64, w->refresh);
}

static void write_size(const struct meminfo *m, enum meminfo_field field, enum units units,
		       FILE *out)
{
	char text[SIZE_TEXT_MAX];

	if (!m->known[field]) {
		putc('-', out);
		return;
	}
	size_format(m->bytes[field], units, text);
	fputs(text, out);
}

static void write_memory(const struct watch *w, const struct head_options *o, FILE *out)
{
	const struct meminfo *m = &w->machine.meminfo;
	char text[SIZE_TEXT_MAX] = "-";

	fputs("Memory     ", out);
	write_size(m, MEMINFO_TOTAL, o->units, out);
	fputs(", ", out);
	write_size(m, MEMINFO_AVAILABLE, o->units, out);
	fputs(" available   Swap ", out);
	write_size(m, MEMINFO_SWAP, o->units, out);
	if (m->known[MEMINFO_SWAP] && m->known[MEMINFO_SWAP_UNUSED])
		size_format(m->bytes[MEMINFO_SWAP] - m->bytes[MEMINFO_SWAP_UNUSED], o->units, text);
	fprintf(out, ", %s used", text);
}

static void write_times(char c, double times, FILE *out)
{
	for (int i = 0; i < (int)times; i++)
		putc(c, out);
}

/* All anonymous memory of the machine, and what of it has a name. What was not read, and what other
 * programs hold of it, is in what is left. */
static void write_anonymous(const struct watch *w, const struct head_options *o, FILE *out)
{
	enum { TEXT = 66, BAR_MIN = 10 };
	const struct meminfo *m = &w->machine.meminfo;
	const struct naming *n = &w->naming;
	uint64_t with_name = n->pss[WORD_PROCESS] + n->pss[WORD_KERNEL];
	uint64_t known = with_name + n->pss[WORD_GUESS];
	double all = (double)(m->known[MEMINFO_ANON_PAGES] ? m->bytes[MEMINFO_ANON_PAGES]
							   : known + n->pss[WORD_NONE]);
	size_t bar = o->width > TEXT + BAR_MIN ? o->width - TEXT : BAR_MIN;
	double named, inferred;
	char text[SIZE_TEXT_MAX];

	if (all < (double)known) /* they were counted at different moments */
		all = (double)known;
	named = all > 0 ? (double)with_name / all : 0;
	inferred = all > 0 ? (double)n->pss[WORD_GUESS] / all : 0;
	size_format((uint64_t)all, o->units, text);
	fprintf(out, "Anonymous  %s [", text);
	write_times('#', named * (double)bar + 0.5, out);
	write_times('+',
		    (named + inferred) * (double)bar + 0.5 -
			    (double)(int)(named * (double)bar + 0.5),
		    out);
	write_times('.', (double)bar - (double)(int)((named + inferred) * (double)bar + 0.5), out);
	fprintf(out, "] %.0f %% named, %.0f %% inferred, %.0f %% unknown", 100 * named,
		100 * inferred, 100 * (1 - named - inferred));
}

/* At 80 columns there is room for the words if there are not thousands of processes. */
static void write_cost(const struct watch *w, const struct head_options *o, FILE *out)
{
	enum { TEN_MS = 10000000, MANY = 1000 };
	const struct coverage *c = &w->coverage;
	uint64_t whole = c->seen - c->by_outcome[OUTCOME_NO_MEMORY];
	uint64_t lost = coverage_missed(c) - c->by_outcome[OUTCOME_DENIED];

	fprintf(out,
		"Processes  %" PRIu64 ": %" PRIu64 " read, %" PRIu64 " kept, %" PRIu64 " denied",
		whole, c->by_outcome[OUTCOME_READ] - w->kept, w->kept,
		c->by_outcome[OUTCOME_DENIED]);
	if (lost > 0)
		fprintf(out, ", %" PRIu64 " lost", lost);
	if (!o->live)
		return;
	fprintf(out, "; %.*f ms", w->reading_ns < TEN_MS ? 1 : 0, (double)w->reading_ns / 1e6);
	if (o->percent >= 0)
		fprintf(out, ", %.1f %% %s", o->percent,
			whole < MANY && lost == 0 ? "of one processor" : "CPU");
}

char *head_line(const struct watch *w, const struct head_options *o, unsigned line)
{
	static void (*const lines[HEAD_LINES])(const struct watch *, const struct head_options *,
					       FILE *) = {write_machine, write_memory,
							  write_anonymous, write_cost};
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);

	if (!out)
		return NULL;
	lines[line](w, o, out);
	return textstream_close(out, &text) ? text : NULL;
}
