#include "collect/census.h"

#include "source/kpagecount.h"
#include "source/objects.h"

#include <stdlib.h>

bool census_note(struct census *c, const struct record *r)
{
	enum { FIRST = 64 };

	if (!r->holdings)
		return true;
	if (c->count == c->capacity) {
		size_t capacity = c->capacity ? 2 * c->capacity : FIRST;
		pid_t *larger = reallocarray(c->known, capacity, sizeof(*larger));

		if (!larger)
			return false;
		c->known = larger;
		c->capacity = capacity;
	}
	c->known[c->count++] = r->process.pid;
	return true;
}

void census_free(struct census *c)
{
	free(c->known);
}

static int by_pid(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void drop_known(const struct census *c, struct target_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (!c->count ||
		    !bsearch(&list->targets[i].pid, c->known, c->count, sizeof(*c->known), by_pid))
			list->targets[kept++] = list->targets[i];
	}
	list->count = kept;
}

struct look {
	const struct source *source;
	struct exclusive *exclusive;
};

/* A process that has exited uses nothing any more. */
static bool take(void *ctx, const struct record *r)
{
	const struct look *look = ctx;
	bool missed = r->outcome != OUTCOME_READ && r->outcome != OUTCOME_NO_MEMORY;

	if (missed && objects_may_be_with(look->source, r->process.pid))
		look->exclusive->unseen = true;
	return exclusive_add_other(look->exclusive, r);
}

/* Reads only the maps of the others, without walking their pages. */
static int look_at_others(const struct source *all, const struct target_list *others, unsigned jobs,
			  struct exclusive *x, struct error *e)
{
	const struct collect_options options = {
		.by = {.keys = {KEY_KIND}, .count = 1},
		.exclusive = true,
		.jobs = jobs,
		.reading = {.owners = true, .outlines = true},
		.targets = others,
	};
	struct look look = {all, x};
	struct read_stats ignored = {0};
	struct intern symbols;
	int status;

	intern_init(&symbols);
	status = collect(all, &options, &symbols, take, &look, &ignored, e);
	intern_free(&symbols);
	return status;
}

int census_take(struct census *c, const struct source *source,
		const struct collect_options *options, struct exclusive *x, struct error *e)
{
	struct source *all = source_open_proc(NULL, NULL, 0, e);
	struct target_list others = {NULL, 0};
	int status = all ? source_targets(all, &others, e) : -1;

	x->unseen |= !source_sees_all(source);
	if (status == 0) {
		if (c->count)
			qsort(c->known, c->count, sizeof(*c->known), by_pid);
		drop_known(c, &others);
		status = look_at_others(all, &others, options->jobs, x, e);
	}
	free(others.targets);
	source_close(all);
	return status;
}
