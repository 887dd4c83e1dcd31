#include "render/head.h"

#include "base/escape.h"
#include "base/textstream.h"
#include "render/size.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

/* A time of so many milliseconds in its two largest units. */
static void write_duration(uint64_t ms, FILE *out)
{
	const uint64_t s = ms / 1000, m = s / 60, h = m / 60;

	if (h >= 24)
		fprintf(out, "%" PRIu64 "d %" PRIu64 "h", h / 24, h % 24);
	else if (h > 0)
		fprintf(out, "%" PRIu64 "h %" PRIu64 "m", h, m % 60);
	else if (m > 0)
		fprintf(out, "%" PRIu64 "m %" PRIu64 "s", m, s % 60);
	else if (ms % 1000)
		fprintf(out, "%.1fs", (double)ms / 1e3);
	else
		fprintf(out, "%" PRIu64 "s", s);
}

/* What is out of the ordinary about a sample, and whether it is playing. */
static void write_events(const struct head_options *o, FILE *out)
{
	const struct sample *s = player_sample(o->recorded->player);
	const struct gap *gap = &o->recorded->gap;

	if (!o->paused)
		fputs("  playing", out);
	if (gap->first)
		fputs("  the first sample", out);
	if (gap->rebooted)
		fputs("  after a reboot", out);
	if (gap->ms > 0) {
		fputs("  after a gap of ", out);
		write_duration(gap->ms, out);
	}
	if (s->lost > 0)
		fprintf(out, "  %" PRIu64 " lost before", s->lost);
	if (s->cause != CAUSE_TIME && s->cause != CAUSE_START)
		fprintf(out, "  taken on %s", cause_names[s->cause]);
}

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
	if (o->recorded)
		write_events(o, out);
	else if (o->paused)
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

/* The amount that percentages refer to. It includes unread processes of the machine and pages held
 * otherwise, as unknown; for a selection, only what was read is known. */
static uint64_t anonymous(const struct watch *w, const struct head_options *o)
{
	const struct meminfo *m = &w->machine.meminfo;
	uint64_t sum = naming_total(o->naming), told = sum - o->naming->pss[WORD_NONE];

	if (o->selected || !m->known[MEMINFO_ANON_PAGES])
		return sum;
	/* They were counted at different times. */
	return m->bytes[MEMINFO_ANON_PAGES] > told ? m->bytes[MEMINFO_ANON_PAGES] : told;
}

static void write_bar(const double *percent, size_t width, FILE *out)
{
	static const char marks[WORD_COUNT] = {'#', '=', '+', '.'};
	double sum = 0;
	size_t at = 0;

	for (int word = 0; word < WORD_COUNT; word++) {
		sum += percent[word];
		for (; (double)at + 0.5 <= sum * (double)width / 100; at++)
			putc(marks[word], out);
	}
	for (; at < width; at++)
		putc(marks[WORD_NONE], out);
}

/* Writes the anonymous memory of the machine or the selection, and how it is known. */
static void write_anonymous(const struct watch *w, const struct head_options *o, FILE *out)
{
	enum { TEXT = 66, BAR_MIN = 5 };
	const char *of = o->selected ? " selected" : "";
	size_t taken = TEXT + strlen(of);
	uint64_t all = anonymous(w, o);
	double percent[WORD_COUNT];
	char text[SIZE_TEXT_MAX];

	for (int word = 0; word < WORD_COUNT; word++)
		percent[word] = naming_percent(o->naming, all, (enum word)word);
	size_format(all, o->units, text);
	fprintf(out, "Anonymous  %s%s", text, of);
	if (all == 0)
		return;
	fputs(" [", out);
	write_bar(percent, o->width > taken + BAR_MIN ? o->width - taken : BAR_MIN, out);
	fputs("] ", out);
	for (int word = 0; word < WORD_COUNT; word++)
		fprintf(out, "%s%.0f%% %s", word ? ", " : "", percent[word], word_names[word]);
}

/* With fewer than a thousand processes, 80 columns have room for the words. */
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
		fprintf(out, ", %.1f%% %s", o->percent,
			whole < MANY && lost == 0 ? "of one processor" : "CPU");
}

/* Which sample it is, what was read then, and since when growth counts. */
static void write_sample(const struct watch *w, const struct head_options *o, FILE *out)
{
	const struct recorded *r = o->recorded;
	const struct coverage *c = &w->coverage;
	const time_t since = (time_t)(r->mark_ms / 1000);
	uint64_t lost = coverage_missed(c) - c->by_outcome[OUTCOME_DENIED];
	char text[32];
	struct tm tm;

	fprintf(out, "Sample     %" PRIu64 " of %" PRIu64 ", for ", r->index, r->count);
	write_duration(player_sample(r->player)->span_ms, out);
	fprintf(out, ": %" PRIu64 " read, %" PRIu64 " denied", c->by_outcome[OUTCOME_READ],
		c->by_outcome[OUTCOME_DENIED]);
	if (lost > 0)
		fprintf(out, ", %" PRIu64 " lost", lost);
	if (localtime_r(&since, &tm) && strftime(text, sizeof(text), "%m-%d %H:%M", &tm) > 0)
		fprintf(out, "; growth since %s", text);
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
	if (o->recorded && line == HEAD_LINES - 1)
		write_sample(w, o, out);
	else
		lines[line](w, o, out);
	return textstream_close(out, &text) ? text : NULL;
}
