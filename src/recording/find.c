#include "recording/asked.h"
#include "recording/reader.h"
#include "recording/when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TIME_TEXT_MAX = 32, DAY_MS = 86400000 };

/* A place in time: by the wall clock, or by the clock of the recording, which nobody sets. */
struct place {
	bool elapsed;
	uint64_t ms;
};

static bool is_utc(const char *asked)
{
	size_t len = strlen(asked);

	return len > 0 && asked[len - 1] == 'Z';
}

static void write_time(uint64_t time_ms, bool utc, char text[TIME_TEXT_MAX])
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm tm;

	if (!(utc ? gmtime_r : localtime_r)(&seconds, &tm) ||
	    strftime(text, TIME_TEXT_MAX, utc ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%dT%H:%M:%S", &tm) ==
		    0)
		snprintf(text, TIME_TEXT_MAX, "?");
}

/* The first and the last sample by their numbers; 0, or -1 with *e. */
static int find_ends(const struct recording *r, struct sample *first, struct sample *last,
		     struct error *e)
{
	uint64_t rows;
	int found;

	*first = *last = (struct sample){.number = 0};
	found = sample_find(&r->db, SAMPLE_SELECT "ORDER BY sample LIMIT 1", 0, 0, first, &rows, e);
	if (found > 0)
		found = sample_find(&r->db, SAMPLE_SELECT "ORDER BY sample DESC LIMIT 1", 0, 0,
				    last, &rows, e);
	if (found == 0)
		return error_set(e, ERROR_USAGE, "%s has no samples yet", r->db.path);
	return found < 0 ? -1 : 0;
}

/* What was recorded, where nothing was at the time that `asked` says. */
static int not_recorded(const struct recording *r, const char *asked, struct error *e)
{
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];
	struct sample first, last;

	if (find_ends(r, &first, &last, e) < 0)
		return -1;
	write_time(first.time_ms, is_utc(asked), from);
	write_time(last.time_ms, is_utc(asked), to);
	return error_set(e, ERROR_USAGE,
			 "nothing was recorded at %s: %s begins at %s and ends at %s", asked,
			 r->db.path, from, to);
}

static int in_gap(const struct recording *r, const char *asked, const struct sample *before,
		  const struct sample *after, struct error *e)
{
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];

	write_time(before->time_ms, is_utc(asked), from);
	write_time(after->time_ms, is_utc(asked), to);
	return error_set(e, ERROR_USAGE, "nothing was recorded at %s: %s has a gap from %s to %s",
			 asked, r->db.path, from, to);
}

/* The last sample at or before a place, unless a gap follows the sample. */
static int find_before(struct recording *r, const char *asked, struct place at, struct error *e)
{
	static const char *const before[] = {
		SAMPLE_SELECT "WHERE time_ms <= ?1 ORDER BY time_ms DESC, sample DESC LIMIT 1",
		SAMPLE_SELECT "WHERE elapsed_ms <= ?1 ORDER BY sample DESC LIMIT 1"};
	static const char *const after[] = {
		SAMPLE_SELECT "WHERE time_ms > ?1 ORDER BY time_ms, sample LIMIT 1",
		SAMPLE_SELECT "WHERE elapsed_ms > ?1 ORDER BY sample LIMIT 1"};
	struct sample later;
	uint64_t rows, since;
	int found = sample_find(&r->db, before[at.elapsed], at.ms, 0, &r->sample, &rows, e);

	if (found <= 0)
		return found < 0 ? -1 : not_recorded(r, asked, e);
	since = at.ms - (at.elapsed ? r->sample.elapsed_ms : r->sample.time_ms);
	if (since <= sample_reach_ms(&r->sample))
		return 0;
	found = sample_find(&r->db, after[at.elapsed], at.ms, 0, &later, &rows, e);
	if (found <= 0)
		return found < 0 ? -1 : not_recorded(r, asked, e);
	return in_gap(r, asked, &r->sample, &later, e);
}

static int bad_time(const char *time, struct error *e)
{
	if (strstr(time, ".."))
		return error_set(e, ERROR_USAGE,
				 "\"%s\" is a span of time: expected one time, such as 10:30",
				 time);
	return error_set(e, ERROR_USAGE,
			 "invalid time \"%s\": expected 10:30, 2026-11-27T10:30, -1h, first "
			 "or last",
			 time);
}

int recording_find(struct recording *r, const char *time, struct error *e)
{
	struct when when = {WHEN_LAST, 0};
	struct sample first, last;

	if (find_ends(r, &first, &last, e) < 0)
		return -1;
	if (time && !when_parse(time, last.time_ms, &when))
		return bad_time(time, e);
	r->sample = when.kind == WHEN_FIRST ? first : last;
	if (when.kind == WHEN_TIME)
		return find_before(r, time, (struct place){false, when.ms}, e);
	if (when.kind != WHEN_BACK)
		return 0;
	if (when.ms > last.elapsed_ms)
		return not_recorded(r, time, e);
	return find_before(r, time, (struct place){true, last.elapsed_ms - when.ms}, e);
}

/* Spans of time. */

/* An end of a span: a column of samples, and its least or largest value. */
struct edge {
	const char *column;
	uint64_t value;
};

static struct edge edge_at(const struct when *w, const struct sample *first,
			   const struct sample *last)
{
	switch (w->kind) {
	case WHEN_FIRST:
		return (struct edge){"sample", first->number};
	case WHEN_LAST:
		return (struct edge){"sample", last->number};
	case WHEN_BACK:
		return (struct edge){"elapsed_ms",
				     w->ms < last->elapsed_ms ? last->elapsed_ms - w->ms : 0};
	case WHEN_TIME:
		break;
	}
	return (struct edge){"time_ms", w->ms};
}

/* The wall clock at the beginning of a span. Without a beginning, a clock time at the end is that
 * of the last day. */
static uint64_t begin_of(const struct when *w, const struct sample *first,
			 const struct sample *last)
{
	uint64_t day_ago = last->time_ms - DAY_MS + 1000;

	switch (w->kind) {
	case WHEN_TIME:
		return w->ms;
	case WHEN_LAST:
		return last->time_ms;
	case WHEN_BACK:
		return w->ms < last->time_ms ? last->time_ms - w->ms : 0;
	case WHEN_FIRST:
		break;
	}
	return first->time_ms > day_ago || last->time_ms < DAY_MS ? first->time_ms : day_ago;
}

/* The first or the last sample between two edges. 1, 0 if there is none, -1 with *e. */
static int find_between(struct recording *r, const struct edge *from, const struct edge *to,
			bool backwards, struct sample *found, struct error *e)
{
	char select[2048];
	uint64_t rows;

	snprintf(select, sizeof(select),
		 SAMPLE_SELECT "WHERE %s >= ?1 AND %s <= ?2 ORDER BY sample%s LIMIT 1",
		 from->column, to->column, backwards ? " DESC" : "");
	return sample_find(&r->db, select, from->value, to->value, found, &rows, e);
}

static bool is_reversed(const struct when *begin, const struct when *end)
{
	if (begin->kind != end->kind)
		return begin->kind == WHEN_LAST && end->kind == WHEN_FIRST;
	return begin->kind == WHEN_BACK ? begin->ms < end->ms : begin->ms > end->ms;
}

/* Goes to the sample that holds for a whole span, which is shorter than the time between two. */
static int find_around(struct recording *r, const char *from, const struct when *begin,
		       const char *to, const struct when *end, const struct sample *last,
		       struct error *e)
{
	if (is_reversed(begin, end))
		return error_set(e, ERROR_USAGE,
				 "invalid span of time \"%s..%s\": the end is before the beginning",
				 from, to);
	if (end->kind == WHEN_TIME)
		return find_before(r, to, (struct place){false, end->ms}, e);
	if (end->kind == WHEN_BACK && end->ms <= last->elapsed_ms)
		return find_before(r, to, (struct place){true, last->elapsed_ms - end->ms}, e);
	return not_recorded(r, *from ? from : to, e);
}

int recording_find_span(struct recording *r, const char *span, struct sample *first,
			struct error *e)
{
	const char *dots = span ? strstr(span, "..") : NULL, *to = dots ? dots + 2 : "";
	struct when begin = {WHEN_FIRST, 0}, end = {WHEN_LAST, 0};
	struct edge lower, upper;
	char from[TIME_TEXT_MAX * 2];
	struct sample oldest, last;
	int found;

	snprintf(from, sizeof(from), "%.*s", dots ? (int)(dots - span) : 0, span ? span : "");
	if (find_ends(r, &oldest, &last, e) < 0)
		return -1;
	if (*from && !when_parse(from, last.time_ms, &begin))
		return bad_time(from, e);
	if (begin.kind == WHEN_TIME)
		begin.ms -= begin.ms % 1000; /* the whole second */
	if (*to && !when_parse_end(to, begin_of(&begin, &oldest, &last), &end))
		return bad_time(to, e);
	lower = edge_at(&begin, &oldest, &last);
	upper = edge_at(&end, &oldest, &last);
	found = find_between(r, &lower, &upper, false, first, e);
	if (found > 0)
		found = find_between(r, &lower, &upper, true, &r->sample, e);
	if (found != 0)
		return found < 0 ? -1 : 0;
	if (find_around(r, from, &begin, to, &end, &last, e) < 0)
		return -1;
	*first = r->sample;
	return 0;
}
