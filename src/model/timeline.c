#include "model/timeline.h"

#include <math.h>
#include <stdlib.h>

/* The number of tracks that determine which instants are kept. */
enum { JUDGED = 40 };

void timeline_free(struct timeline *t)
{
	for (size_t i = 0; i < t->track_count; i++)
		free(t->tracks[i].values);
	for (unsigned k = 0; k < KEY_COUNT; k++) {
		for (size_t i = 0; i < t->stacks[k].count; i++)
			free(t->stacks[k].tracks[i].values);
	}
	free(t->tracks);
	free(t->instants);
	*t = (struct timeline){.count = 0};
}

/* Series 0 is the total, the next are tracks. */
static double value_of(const struct timeline *t, size_t series, size_t at)
{
	uint64_t v = series == 0 ? t->instants[at].total : t->tracks[series - 1].values[at];

	return v == TIMELINE_UNKNOWN ? 0 : (double)v;
}

static size_t series_count(const struct timeline *t)
{
	return 1 + (t->track_count < JUDGED ? t->track_count : JUDGED);
}

/* Between two neighbours that are kept: what is farthest from the line. */
struct stretch {
	size_t from, to, worst;
	double off;
};

static void judge_series(const struct timeline *t, size_t series, struct stretch *s)
{
	double begin = (double)t->instants[s->from].time_ms,
	       length = (double)t->instants[s->to].time_ms - begin,
	       low = value_of(t, series, s->from), rise = value_of(t, series, s->to) - low;

	for (size_t i = s->from + 1; i < s->to; i++) {
		double share = ((double)t->instants[i].time_ms - begin) / length,
		       off = fabs(value_of(t, series, i) - low - share * rise);

		if (off > s->off) {
			s->off = off;
			s->worst = i;
		}
	}
}

static struct stretch judge(const struct timeline *t, size_t from, size_t to)
{
	struct stretch s = {from, to, from, -1};

	for (size_t series = 0; series < series_count(t); series++)
		judge_series(t, series, &s);
	return s;
}

static void mark(bool *marks, size_t at, size_t *left)
{
	if (!marks[at] && *left > 0) {
		marks[at] = true;
		--*left;
	}
}

static void mark_extremes(const struct timeline *t, size_t series, bool *marks, size_t *left)
{
	size_t low = 0, high = 0;

	for (size_t i = 1; i < t->count; i++) {
		if (value_of(t, series, i) < value_of(t, series, low))
			low = i;
		if (value_of(t, series, i) > value_of(t, series, high))
			high = i;
	}
	mark(marks, high, left);
	mark(marks, low, left);
}

static void mark_first(const struct timeline *t, bool *marks, size_t *left)
{
	size_t gaps = *left / 4;

	mark(marks, 0, left);
	mark(marks, t->count - 1, left);
	for (size_t series = 0; series < series_count(t); series++)
		mark_extremes(t, series, marks, left);
	for (size_t i = 1; i < t->count; i++) {
		if (t->instants[i].after_gap && gaps >= 2) {
			mark(marks, i - 1, left);
			mark(marks, i, left);
			gaps -= 2;
		}
	}
}

static size_t find_worst(const struct stretch *list, size_t count)
{
	size_t worst = 0;

	for (size_t i = 1; i < count; i++) {
		if (list[i].off > list[worst].off)
			worst = i;
	}
	return worst;
}

/* Divides the stretch that is farthest off, until there are as many as there may be. */
static void divide(const struct timeline *t, bool *marks, struct stretch *list, size_t left,
		   uint64_t *off)
{
	size_t count = 0, from = 0;

	for (size_t i = 1; i < t->count; i++) {
		if (marks[i]) {
			list[count++] = judge(t, from, i);
			from = i;
		}
	}
	*off = 0;
	while (count > 0) {
		struct stretch *worst = &list[find_worst(list, count)], old = *worst;

		if (old.off < 1 || left == 0) {
			*off = old.off < 1 ? 0 : (uint64_t)old.off;
			return;
		}
		marks[old.worst] = true;
		left--;
		*worst = judge(t, old.from, old.worst);
		list[count++] = judge(t, old.worst, old.to);
	}
}

size_t timeline_choose(const struct timeline *t, size_t most, size_t *kept, uint64_t *off)
{
	bool *marks = calloc(t->count + 1, sizeof(*marks));
	struct stretch *list = calloc(most + 1, sizeof(*list));
	size_t count = 0, left = most;

	if (marks && list) {
		mark_first(t, marks, &left);
		divide(t, marks, list, left, off);
		for (size_t i = 0; i < t->count; i++) {
			if (marks[i])
				kept[count++] = i;
		}
	}
	free(marks);
	free(list);
	return count;
}
