#include "tui/curve.h"

#include "base/clock.h"
#include "model/fold.h"
#include "tui/keys.h"
#include "tui/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A scan in progress. */
struct scanning {
	struct curve *curve;
	const struct driver *driver;
	struct {
		unsigned place; /* its index among the keys */
		symbol value;
	} fixed[FOLD_FIXED_MAX];
	size_t fixed_count, capacity;
	uint64_t shown_ns;
	bool stopped, failed;
};

static bool wants(void *ctx, const symbol *key)
{
	const struct scanning *s = ctx;

	for (size_t i = 0; i < s->fixed_count; i++) {
		if (key[s->fixed[i].place] != s->fixed[i].value)
			return false;
	}
	return true;
}

/* Shows the progress each second; a key stops the scan. */
static bool continues(struct scanning *s)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), count = s->driver->recorded.count;
	char text[128];
	int key;

	if (now - s->shown_ns < SECOND_NS)
		return true;
	s->shown_ns = now;
	snprintf(text, sizeof(text), "reading the recording: %zu %%, Esc stops",
		 count ? s->curve->count * 100 / count : 0);
	screen_line(screen_height() - 1, text, STYLE_BOLD);
	screen_show(-1, 0);
	key = screen_wait(0);
	s->stopped = key == SCREEN_GONE || action_of(key) == ACTION_BACK ||
		     action_of(key) == ACTION_QUIT;
	return !s->stopped;
}

static bool end(void *ctx, const struct sample *sample, bool known, uint64_t bytes)
{
	struct scanning *s = ctx;
	struct curve *curve = s->curve;

	if (curve->count == s->capacity) {
		size_t capacity = s->capacity ? 2 * s->capacity : 1024;
		void *larger = reallocarray(curve->list, capacity, sizeof(*curve->list));

		s->failed = !larger;
		if (!larger)
			return false;
		curve->list = larger;
		s->capacity = capacity;
	}
	curve->list[curve->count++] = (struct point){.number = sample->number,
						     .time_ms = sample->time_ms,
						     .elapsed_ms = sample->elapsed_ms,
						     .reach_ms = sample_reach_ms(sample),
						     .known = known,
						     .bytes = bytes};
	return continues(s);
}

/* Sets the keys that the row at the cursor and its level fix. False if out of memory. */
static bool fix(struct scanning *s, const struct level *l)
{
	const struct grouping none = {.count = 0}, *by = &l->watch->options.collecting.by;
	struct level row;
	bool fixed = true;

	level_init(&row, l->watch, &none, &l->options);
	if (l->shown_count > 0)
		fixed = level_fix(l, &row);
	for (size_t i = 0; fixed && i < row.view.fixed_count && i < FOLD_FIXED_MAX; i++) {
		const struct fixed *f = &row.view.fixed[i];

		s->fixed[i].place = grouping_find(by, f->key);
		s->fixed[i].value =
			f->known ? intern(&l->watch->symbols, (struct slice){f->bytes, f->length})
				 : SYMBOL_NONE;
		fixed = !f->known || s->fixed[i].value != SYMBOL_NONE;
		s->fixed_count++;
	}
	level_free(&row);
	return fixed;
}

int curve_read(struct curve *curve, const struct driver *d, const struct level *l, struct error *e)
{
	struct scanning s = {.curve = curve, .driver = d, .shown_ns = clock_ns(CLOCK_MONOTONIC)};
	const struct scan scan = {
		.wants = wants, .end = end, .ctx = &s, .symbols = &l->watch->symbols};

	*curve = (struct curve){NULL, 0};
	if (!fix(&s, l))
		return error_memory(e);
	if (player_scan(d->options.player, &scan, e) < 0)
		return -1;
	if (s.failed)
		return error_memory(e);
	return !s.stopped;
}

void curve_free(struct curve *s)
{
	free(s->list);
}

bool curve_breaks(const struct curve *s, size_t point)
{
	return point > 0 && s->list[point].elapsed_ms - s->list[point - 1].elapsed_ms >
				    s->list[point - 1].reach_ms;
}

size_t curve_largest(const struct curve *s)
{
	size_t largest = s->count;
	uint64_t most = 0;

	for (size_t i = 1; i < s->count; i++) {
		const struct point *p = &s->list[i], *before = p - 1;

		if (!p->known || !before->known || curve_breaks(s, i) ||
		    p->bytes <= before->bytes || p->bytes - before->bytes <= most)
			continue;
		most = p->bytes - before->bytes;
		largest = i;
	}
	return largest;
}

size_t curve_find(const struct curve *s, uint64_t number)
{
	size_t at = 0;

	while (at + 1 < s->count && s->list[at + 1].number <= number)
		at++;
	return at;
}
