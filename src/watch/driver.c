#include "watch/driver.h"

#include "base/clock.h"

#include <stdlib.h>
#include <time.h>

bool driver_parse_delay(const char *text, uint64_t *ns)
{
	const double least = 0.01, most = 86400, second = 1e9;
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end != '\0' || !(number >= least && number <= most))
		return false;
	*ns = (uint64_t)(number * second);
	return true;
}

/* How closely a watch looks depends on how often. Captured trees are shown as fast or slowly as the
 * user wants. */
static void set_pace(struct driver_options *o)
{
	enum {
		PART = 200,	/* fraction of the delay for reading processes that did nothing, */
		WITHIN_S = 400, /* so that each is read within this time, or */
		RARE_S = 5,
	};
	uint64_t turn = o->delay_ns ? WITHIN_S * SECOND_NS / o->delay_ns : TURN;

	o->watching.budget_ns = o->delay_ns / PART;
	if (o->root && !o->rereads)
		return;
	o->watching.turn = turn < 1 || o->pid_count ? 1 : turn < TURN ? (unsigned)turn : TURN;
	o->watching.rare = o->delay_ns >= RARE_S * SECOND_NS;
}

int driver_open(struct driver *d, const struct driver_options *options, struct error *e)
{
	*d = (struct driver){
		.options = *options, .percent = -1, .recorded = {.player = options->player}};
	if (options->player)
		return 0;
	set_pace(&d->options);
	if (replay_open(&d->replay, options->root, options->source, e) < 0)
		return -1;
	d->watch = watch_new(&d->options.watching);
	return d->watch ? 0 : error_memory(e);
}

void driver_close(struct driver *d)
{
	watch_free(d->watch);
	replay_close(&d->replay);
}

int driver_read(const struct driver *d, struct watch *w, const pid_t *pids, size_t count,
		struct error *e)
{
	struct source *source = replay_source(&d->replay, pids, count, e);
	int status = source ? watch_refresh(w, source, e) : -1;

	replay_close_source(&d->replay, source);
	return status;
}

static int read_all(const struct driver *d, struct error *e)
{
	return driver_read(d, d->watch, d->options.pids, d->options.pid_count, e);
}

/* Measures the CPU time used since the last refresh, and sets when the next one is due. */
static void keep_time(struct driver *d)
{
	uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID), wall = clock_ns(CLOCK_MONOTONIC);

	if (d->watch && d->watch->refresh > 0)
		d->percent = 100 * (double)(cpu - d->cpu_ns) / (double)(wall - d->wall_ns);
	d->cpu_ns = cpu;
	d->wall_ns = wall;
	d->due = wall + d->options.delay_ns;
}

/* Makes a new watch for the current sample of the player. */
static int watch_recording(struct driver *d, struct error *e)
{
	struct watch *w = recorded_watch(&d->recorded, &d->options.watching, e);

	if (!w)
		return -1;
	if (d->watch) /* watch_number keeps counting */
		w->unshown -= watch_number(d->watch);
	watch_free(d->watch);
	d->watch = w;
	d->watch_number++;
	return 0;
}

static int begin_recording(struct driver *d, struct error *e)
{
	struct player *p = d->options.player;
	const char *time = d->options.time	   ? d->options.time
			   : d->options.from_first ? "first"
						   : "last";
	struct sample s;

	if (seek_find(player_recording(p), time, &s, e) < 0 || player_seek(p, &s, e) < 0)
		return -1;
	if (d->options.from_first)
		d->recorded.mark = s.number;
	return watch_recording(d, e) < 0 ? -1 : 1;
}

static int refresh_recording(struct driver *d, struct error *e)
{
	int status;

	if (!d->watch)
		return begin_recording(d, e);
	status = recorded_next(&d->recorded, d->watch, e);
	if (status < 2)
		return status;
	return watch_recording(d, e) < 0 ? -1 : 1;
}

static int find(const struct driver *d, const struct travel *t, struct sample *s, struct error *e)
{
	struct recording *r = player_recording(d->options.player);
	const struct sample *from = player_sample(d->options.player);

	switch (t->how) {
	case TRAVEL_SAMPLE:
		return seek_next(r, from, t->to, s, e);
	case TRAVEL_TIME:
		return seek_move(r, from, t->to, t->ms, s, e);
	case TRAVEL_MARK:
		return seek_mark(r, from, t->to, d->recorded.mark, s, e);
	case TRAVEL_FIND:
		return seek_find(r, t->text, s, e);
	case TRAVEL_NUMBER:
		return seek_number(r, t->number, s, e);
	}
	return 0;
}

static int show(struct driver *d, struct error *e)
{
	return recorded_suits(&d->recorded, d->watch) ? recorded_show(&d->recorded, d->watch, e)
						      : watch_recording(d, e);
}

int driver_travel(struct driver *d, const struct travel *t, struct error *e)
{
	struct player *p = d->options.player;
	const struct sample before = *player_sample(p);
	struct error ignored;
	struct sample s;
	int status = find(d, t, &s, e);

	if (status <= 0)
		return status;
	if (player_seek(p, &s, e) == 0)
		return show(d, e) < 0 ? -1 : 1;
	/* The sample is of another run, which lacks a requested key. */
	if (e->code == ERROR_USAGE && player_seek(p, &before, &ignored) < 0)
		*e = ignored;
	return -1;
}

int driver_refresh(struct driver *d, struct error *e)
{
	struct watch *w = d->watch;

	keep_time(d);
	if (d->options.player)
		return refresh_recording(d, e);
	if (w->refresh > 0 && !replay_has_next(&d->replay) && !d->options.rereads)
		return 0;
	if (w->refresh > 0)
		replay_advance(&d->replay);
	if (read_all(d, e) < 0)
		return -1;
	if (w->refresh == 1 && w->coverage.by_outcome[OUTCOME_READ] == 0 && w->problems.count > 0)
		return error_set(e, ERROR_SYSTEM, "%s", w->problems.list[0].text);
	return 1;
}

int driver_watch_by(struct driver *d, const struct grouping *by, struct error *e)
{
	d->options.watching.collecting.by = watch_grouping(by);
	watch_free(d->watch);
	d->watch = watch_new(&d->options.watching);
	return d->watch ? read_all(d, e) : error_memory(e);
}

bool driver_selects(const struct driver *d)
{
	const struct collect_options *o = &d->options.watching.collecting;

	return d->options.pid_count > 0 || o->children ||
	       selection_chooses_processes(&o->selection) ||
	       selection_chooses_memory(&o->selection);
}

bool driver_is_done(const struct driver *d)
{
	return d->options.iterations > 0 && watch_number(d->watch) >= d->options.iterations;
}

void driver_set_delay(struct driver *d, uint64_t ns)
{
	d->options.delay_ns = ns;
	d->due = clock_ns(CLOCK_MONOTONIC) + ns;
}

void driver_hurry(struct driver *d)
{
	d->due = 0;
}

uint64_t driver_time_left(const struct driver *d)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	return d->due > now ? d->due - now : 0;
}

const char *driver_path(const struct driver *d)
{
	if (d->options.player)
		return d->options.root;
	return d->replay.root ? d->replay.trees[d->replay.next] : "/proc";
}
