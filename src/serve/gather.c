#include "serve/gather.h"

#include "model/fold.h"
#include "render/metric_value.h"

#include <stdlib.h>

struct grouping gather_keys(const struct grouping *by)
{
	static const enum key needed[] = {KEY_SUBSYSTEM, KEY_KIND, KEY_CGROUP,
					  KEY_CONTAINER, KEY_POD,  KEY_UNIT};
	struct grouping all = *by;

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		if (!grouping_has(&all, needed[i]))
			all.keys[all.count++] = needed[i];
	}
	return all;
}

/* Translates symbols of the watch into symbols of label values. */
struct values {
	const struct intern *names;
	struct snapshot *snapshot;
	symbol *known; /* for each key of the snapshot, by the watch's symbol; or SYMBOL_NONE */
};

static symbol make_value(const struct values *v, enum key key, symbol name)
{
	struct intern *symbols = &v->snapshot->symbols;
	char buffer[METRIC_VALUE_MAX];
	enum origin origin;

	if (key == KEY_LABEL)
		return key_intern_label(symbols, ORIGIN_KERNEL,
					metric_value(key_label(v->names, name, &origin),
						     metric_folds(key), buffer));
	return intern(symbols,
		      metric_value(intern_bytes(v->names, name), metric_folds(key), buffer));
}

static symbol rename_symbol(void *ctx, unsigned part, symbol name)
{
	const struct values *v = ctx;
	symbol *known = &v->known[(size_t)part * v->names->count + name];

	if (*known == SYMBOL_NONE)
		*known = make_value(v, v->snapshot->by.keys[part], name);
	return *known;
}

static bool fold_all(const struct watch *w, struct values *v)
{
	struct snapshot *s = v->snapshot;
	struct fold f;
	bool folded = true;

	fold_init(&f, &w->options.collecting.by, &s->by, &s->groups, &s->totals);
	f.shares = &w->shares;
	f.rename = rename_symbol;
	f.rename_ctx = v;
	for (size_t i = 0; folded && i < w->now.count; i++) {
		const struct record r = state_record(&w->now, i);

		folded = fold_add(&f, &r);
	}
	fold_free(&f);
	return folded;
}

int gather_memory(const struct watch *w, const struct grouping *by, struct snapshot *s,
		  struct error *e)
{
	struct values v = {.names = &w->symbols, .snapshot = s};
	size_t size = ((size_t)by->count * w->symbols.count + 1) * sizeof(*v.known);
	bool folded;

	snapshot_init(s, w->source, by);
	s->machine = w->machine;
	s->coverage = w->coverage;
	s->heaps = w->options.collecting.reading.heaps;
	v.known = malloc(size);
	if (!v.known)
		return error_memory(e);
	memset(v.known, 0xff, size);
	folded = fold_all(w, &v);
	free(v.known);
	return folded ? 0 : error_memory(e);
}
