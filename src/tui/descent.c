#include "tui/descent.h"

#include <stdlib.h>

struct level *descent_last(const struct descent *d)
{
	return d->levels[d->count - 1];
}

static struct level *push(struct descent *d, struct watch *w, const struct grouping *by,
			  const struct report_options *options)
{
	struct level *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	level_init(l, w, by, options);
	d->own[d->count] = (struct own_watch){NULL, 0};
	d->levels[d->count++] = l;
	return l;
}

static void pop(struct descent *d)
{
	struct level *l = d->levels[--d->count];

	level_free(l);
	free(l);
	watch_free(d->own[d->count].watch);
}

void descent_free(struct descent *d)
{
	while (d->count)
		pop(d);
}

struct level *descent_begin(struct descent *d, const struct grouping *by,
			    const struct report_options *options)
{
	descent_free(d);
	return push(d, d->driver->watch, by, options);
}

void descent_up(struct descent *d)
{
	if (d->count > 1)
		pop(d);
}

static int read_own(const struct descent *d, const struct own_watch *own, struct error *e)
{
	const struct driver_options *o = &d->driver->options;

	if (own->pid)
		return driver_read(d->driver, own->watch, &own->pid, 1, e);
	return driver_read(d->driver, own->watch, o->pids, o->pid_count, e);
}

/* Begins a watch by a key that the watch of the level above lacks. It includes that watch's keys
 * too, since fixed values are matched by them. */
static int begin_watch(const struct descent *d, const struct grouping *by, struct own_watch *own,
		       struct error *e)
{
	const struct level *from = descent_last(d);
	const struct grouping *above = &from->watch->options.collecting.by;
	struct watch_options options = d->driver->options.watching;

	options.collecting.by = watch_grouping(by);
	for (unsigned k = 0; k < above->count; k++) {
		if (!grouping_has(&options.collecting.by, above->keys[k]))
			options.collecting.by.keys[options.collecting.by.count++] = above->keys[k];
	}
	own->pid = level_pid(from);
	if (own->pid) {
		/* Reads only this process, however it was selected. */
		options.collecting.children = NULL;
		selection_take_all_processes(&options.collecting.selection);
	}
	own->watch = watch_new(&options);
	return own->watch ? read_own(d, own, e) : error_memory(e);
}

int descent_down(struct descent *d, struct error *e)
{
	struct level *from = descent_last(d), *below;
	struct report_options options = from->options;
	struct own_watch own = {NULL, 0};
	struct grouping by;

	if (d->count == LEVELS_MAX || from->shown_count == 0 || !level_below(from, &by))
		return 0;
	if (!grouping_has(&from->watch->options.collecting.by, by.keys[0]) &&
	    begin_watch(d, &by, &own, e) < 0) {
		watch_free(own.watch);
		return -1;
	}
	below = push(d, own.watch ? own.watch : from->watch, &by, &options);
	if (!below) {
		watch_free(own.watch);
		return error_memory(e);
	}
	d->own[d->count - 1] = own;
	if (!level_fix(from, below))
		return error_memory(e);
	return level_update(below, e);
}

int descent_refresh(struct descent *d, struct error *e)
{
	for (size_t i = 0; i < d->count; i++) {
		if (d->own[i].watch && read_own(d, &d->own[i], e) < 0)
			return -1;
	}
	return descent_update(d, e);
}

int descent_update(struct descent *d, struct error *e)
{
	for (size_t i = 0; i < d->count; i++) {
		if (level_update(d->levels[i], e) < 0)
			return -1;
	}
	return 0;
}

bool descent_zero(struct descent *d)
{
	if (!watch_zero(d->driver->watch))
		return false;
	for (size_t i = 0; i < d->count; i++) {
		if (d->own[i].watch && !watch_zero(d->own[i].watch))
			return false;
	}
	return true;
}
