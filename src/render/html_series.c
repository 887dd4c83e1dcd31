#include "render/html_series.h"

#include <inttypes.h>
#include <stdlib.h>

bool chosen_init(struct chosen *c, const struct timeline *t, size_t most)
{
	*c = (struct chosen){.timeline = t, .kept = calloc(most + 1, sizeof(*c->kept))};
	if (c->kept)
		c->count = timeline_choose(t, most, c->kept, &c->off);
	if (c->count > 0)
		return true;
	free(c->kept);
	return false;
}

void chosen_free(struct chosen *c)
{
	free(c->kept);
}

/* A value at an instant; the context is what it is taken from. */
typedef uint64_t value_fn(const struct chosen *c, const void *ctx, size_t instant);

/* KiB, unless something is no multiple of it. */
static uint64_t find_unit(const struct chosen *c, value_fn *value, const void *ctx)
{
	for (size_t i = 0; i < c->count; i++) {
		uint64_t v = value(c, ctx, c->kept[i]);

		if (v != TIMELINE_UNKNOWN && v % 1024 != 0)
			return 1;
	}
	return 1024;
}

static void write_same(size_t *same, FILE *out)
{
	if (*same > 0)
		fprintf(out, ",[%zu]", *same);
	*same = 0;
}

static void write_steps(const struct chosen *c, value_fn *value, const void *ctx, FILE *out)
{
	uint64_t unit = find_unit(c, value, ctx), last = 0, before = 0;
	size_t same = 0;

	fprintf(out, "{\"unit\":%" PRIu64 ",\"steps\":[", unit);
	for (size_t i = 0; i < c->count; i++) {
		uint64_t v = value(c, ctx, c->kept[i]);

		if (i > 0 && v == before) {
			same++;
			continue;
		}
		before = v;
		write_same(&same, out);
		if (i > 0)
			putc(',', out);
		if (v == TIMELINE_UNKNOWN) {
			fputs("null", out);
			continue;
		}
		fprintf(out, "%" PRId64, (int64_t)(v / unit) - (int64_t)(last / unit));
		last = v;
	}
	write_same(&same, out);
	fputs("]}", out);
}

static uint64_t value_in_list(const struct chosen *c, const void *ctx, size_t instant)
{
	const uint64_t *values = ctx;

	(void)c;
	return values[instant];
}

static uint64_t time_of(const struct chosen *c, const void *ctx, size_t instant)
{
	(void)ctx;
	return c->timeline->instants[instant].time_ms;
}

static uint64_t total_of(const struct chosen *c, const void *ctx, size_t instant)
{
	(void)ctx;
	return c->timeline->instants[instant].total;
}

static uint64_t available(const struct chosen *c, const void *ctx, size_t instant)
{
	const struct meminfo *m = &c->timeline->instants[instant].meminfo;

	(void)ctx;
	return m->known[MEMINFO_AVAILABLE] ? m->bytes[MEMINFO_AVAILABLE] : TIMELINE_UNKNOWN;
}

static uint64_t swap_used(const struct chosen *c, const void *ctx, size_t instant)
{
	const struct meminfo *m = &c->timeline->instants[instant].meminfo;

	(void)ctx;
	if (!m->known[MEMINFO_SWAP] || !m->known[MEMINFO_SWAP_UNUSED] ||
	    m->bytes[MEMINFO_SWAP] < m->bytes[MEMINFO_SWAP_UNUSED])
		return TIMELINE_UNKNOWN;
	return m->bytes[MEMINFO_SWAP] - m->bytes[MEMINFO_SWAP_UNUSED];
}

/* Whether samples are missing between an instant that is kept and the one before it. */
static bool is_after_gap(const struct chosen *c, size_t i)
{
	for (size_t k = c->kept[i - 1] + 1; k <= c->kept[i]; k++) {
		if (c->timeline->instants[k].after_gap)
			return true;
	}
	return false;
}

static void write_gaps(const struct chosen *c, FILE *out)
{
	bool first = true;

	for (size_t i = 1; i < c->count; i++) {
		if (!is_after_gap(c, i))
			continue;
		fprintf(out, "%s%zu", first ? "" : ",", i);
		first = false;
	}
}

void chosen_write(const struct chosen *c, FILE *out)
{
	const struct {
		const char *name;
		value_fn *value;
	} series[] = {{"times", time_of},
		      {"total", total_of},
		      {"available", available},
		      {"swapped", swap_used}};

	for (size_t i = 0; i < sizeof(series) / sizeof(*series); i++) {
		fprintf(out, "\"%s\":", series[i].name);
		write_steps(c, series[i].value, NULL, out);
		fputs(",\n", out);
	}
	fputs("\"gaps\":[", out);
	write_gaps(c, out);
	fputs("],\n", out);
}

void series_write(const struct chosen *c, const uint64_t *values, FILE *out)
{
	write_steps(c, value_in_list, values, out);
}
