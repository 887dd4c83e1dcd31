#include "tui/travel.h"

#include "tui/ask.h"
#include "tui/chart.h"

#include <stdio.h>
#include <stdlib.h>

#include <bsd/string.h>

enum { MINUTE_MS = 60000, HOUR_MS = 60 * MINUTE_MS };

/* Where keys go without asking. */
static const struct key_travel {
	enum action action;
	struct travel travel;
	const char *none;
} steps[] = {
	{ACTION_SAMPLE_BACK, {.how = TRAVEL_SAMPLE, .to = BACK}, "this is the first sample"},
	{ACTION_SAMPLE_FORTH, {.how = TRAVEL_SAMPLE, .to = FORTH}, "this is the last sample"},
	{ACTION_MINUTE_BACK,
	 {.how = TRAVEL_TIME, .to = BACK, .ms = MINUTE_MS},
	 "this is the first sample"},
	{ACTION_MINUTE_FORTH,
	 {.how = TRAVEL_TIME, .to = FORTH, .ms = MINUTE_MS},
	 "this is the last sample"},
	{ACTION_HOUR_BACK,
	 {.how = TRAVEL_TIME, .to = BACK, .ms = HOUR_MS},
	 "this is the first sample"},
	{ACTION_HOUR_FORTH,
	 {.how = TRAVEL_TIME, .to = FORTH, .ms = HOUR_MS},
	 "this is the last sample"},
	{ACTION_MARK_BACK, {.how = TRAVEL_MARK, .to = BACK}, "no marked moment before"},
	{ACTION_MARK_FORTH, {.how = TRAVEL_MARK, .to = FORTH}, "no marked moment after"},
};

enum { STEPS = sizeof(steps) / sizeof(*steps) };

static const struct key_travel *find_step(enum action action)
{
	for (size_t i = 0; i < STEPS; i++) {
		if (steps[i].action == action)
			return &steps[i];
	}
	return NULL;
}

bool travel_has(enum action action)
{
	return find_step(action) || action == ACTION_GO_TO || action == ACTION_LARGEST ||
	       action == ACTION_CHART;
}

/* It is not a failure if the requested sample does not exist. */
static int travel(struct driver *d, const struct travel *t, const char *none,
		  char message[TRAVEL_MESSAGE_MAX], struct error *e)
{
	int status = driver_travel(d, t, e);

	if (status == 0)
		snprintf(message, TRAVEL_MESSAGE_MAX, "%s", none);
	if (status >= 0 || e->code != ERROR_USAGE)
		return status;
	strlcpy(message, e->text, TRAVEL_MESSAGE_MAX);
	e->code = ERROR_NONE;
	return 0;
}

static int go_to(struct driver *d, char message[TRAVEL_MESSAGE_MAX], struct error *e)
{
	const struct question question = {
		.text = "Go to (10:30, 2026-11-27T10:30, -1h, first, last)"};
	char text[64] = "";
	const struct travel t = {.how = TRAVEL_FIND, .text = text};

	if (!ask_text(&question, text, sizeof(text)) || !text[0])
		return 0;
	return travel(d, &t, "", message, e);
}

static int go_to_number(struct driver *d, uint64_t number, char message[TRAVEL_MESSAGE_MAX],
			struct error *e)
{
	const struct travel t = {.how = TRAVEL_NUMBER, .number = number};

	return travel(d, &t, "", message, e);
}

static int go_to_largest(struct driver *d, const struct curve *s, char message[TRAVEL_MESSAGE_MAX],
			 struct error *e)
{
	size_t at = curve_largest(s);

	if (at < s->count)
		return go_to_number(d, s->list[at].number, message, e);
	snprintf(message, TRAVEL_MESSAGE_MAX, "this row never grows");
	return 0;
}

/* The row at the cursor as a title. NULL if out of memory. */
static char *title_of(const struct level *l)
{
	char *row = l->shown_count ? level_text(l, l->cursor) : strdup("all"), *title = NULL;

	if (row && asprintf(&title, "%s%s%s over the whole recording", l->title ? l->title : "",
			    l->title ? ": " : "", row) < 0)
		title = NULL;
	free(row);
	return title;
}

static int show_chart(struct driver *d, const struct curve *s, const struct level *l,
		      enum units units, char message[TRAVEL_MESSAGE_MAX], struct error *e)
{
	char *title = title_of(l);
	uint64_t chosen;

	if (!title)
		return error_memory(e);
	chosen = chart_run(s, title, player_sample(d->options.player)->number, units);
	free(title);
	return chosen ? go_to_number(d, chosen, message, e) : 0;
}

/* Actions that read the whole recording. */
static int run_curve(struct driver *d, enum action action, const struct level *l, enum units units,
		     char message[TRAVEL_MESSAGE_MAX], struct error *e)
{
	struct curve s;
	int status = curve_read(&s, d, l, e);

	if (status > 0 && s.count > 0)
		status = action == ACTION_CHART ? show_chart(d, &s, l, units, message, e)
						: go_to_largest(d, &s, message, e);
	curve_free(&s);
	return status;
}

int travel_run(struct driver *d, enum action action, const struct level *l, enum units units,
	       char message[TRAVEL_MESSAGE_MAX], struct error *e)
{
	const struct key_travel *step = find_step(action);

	if (!d->options.player) {
		snprintf(message, TRAVEL_MESSAGE_MAX,
			 "this key needs a recording; see anonmem record");
		return 0;
	}
	if (step)
		return travel(d, &step->travel, step->none, message, e);
	if (action == ACTION_GO_TO)
		return go_to(d, message, e);
	return run_curve(d, action, l, units, message, e);
}
