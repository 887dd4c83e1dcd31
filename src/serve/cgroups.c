#include "base/textstream.h"
#include "model/usages.h"
#include "render/metric_value.h"
#include "serve/gather.h"

#include <stdlib.h>

/* The control group of the container that a path lies in, or else of its unit; empty if there is
 * neither. */
static struct slice group_of(struct slice path)
{
	struct slice container = usages_group(KEY_CONTAINER, path);

	return container.len ? container : usages_group(KEY_UNIT, path);
}

/* The labels of a group; `key` is that of a record. */
static char *make_labels(const struct watch *w, const symbol *key)
{
	static const enum key shown[] = {KEY_CONTAINER, KEY_POD, KEY_UNIT};
	const struct grouping *by = &w->options.collecting.by;
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);

	for (size_t i = 0; out && i < sizeof(shown) / sizeof(*shown); i++) {
		symbol name = key[grouping_find(by, shown[i])];
		struct slice value =
			name == SYMBOL_NONE ? SLICE("") : intern_bytes(&w->symbols, name);
		char buffer[METRIC_VALUE_MAX];

		metric_label_write(i == 0, key_names[shown[i]],
				   metric_value(value, metric_folds(shown[i]), buffer), out);
	}
	if (out)
		textstream_close(out, &text);
	return text;
}

/* Groups with the same labels become one, since each series may exist only once. */
static bool add_labelled(struct gathered_cgroups *g, struct intern *labels, char *text,
			 const struct cgroup_usage *usage)
{
	const struct metric_cgroup group = {text, *usage};
	symbol at = text ? intern(labels, slice_of(text)) : SYMBOL_NONE;
	struct metric_cgroup *larger;

	if (at != SYMBOL_NONE && at < g->count) {
		cgroup_usage_add(&g->list[at].usage, usage);
		free(text);
		return true;
	}
	larger = at == SYMBOL_NONE ? NULL : reallocarray(g->list, g->count + 1, sizeof(*larger));
	if (!larger) {
		free(text);
		return false;
	}
	g->list = larger;
	g->list[g->count++] = group;
	return true;
}

struct search {
	const struct watch *watch;
	struct cgroup_mount *mount;
	struct gathered_cgroups *found;
	struct intern paths, labels; /* of the groups seen */
};

static bool add_group(struct search *s, const symbol *key)
{
	const struct watch *w = s->watch;
	symbol name = key[grouping_find(&w->options.collecting.by, KEY_CGROUP)];
	struct slice group =
		name == SYMBOL_NONE ? SLICE("") : group_of(intern_bytes(&w->symbols, name));
	uint32_t seen = s->paths.count;
	struct cgroup_usage usage;

	if (group.len == 0)
		return true;
	if (intern(&s->paths, group) == SYMBOL_NONE)
		return false;
	if (s->paths.count == seen)
		return true;
	cgroup_usage_read(s->mount, group, &usage);
	if (!usage.current.known)
		return true;
	return add_labelled(s->found, &s->labels, make_labels(w, key), &usage);
}

static int by_use(const void *a, const void *b)
{
	const struct metric_cgroup *x = a, *y = b;

	if (x->usage.limit.known != y->usage.limit.known)
		return x->usage.limit.known ? -1 : 1;
	if (x->usage.current.bytes != y->usage.current.bytes)
		return x->usage.current.bytes < y->usage.current.bytes ? 1 : -1;
	return strcmp(x->labels, y->labels);
}

static void keep_largest(struct gathered_cgroups *g, size_t most)
{
	if (g->count)
		qsort(g->list, g->count, sizeof(*g->list), by_use);
	while (g->count > most)
		free(g->list[--g->count].labels);
}

int gather_cgroups(const struct watch *w, const struct source *source, size_t most,
		   struct gathered_cgroups *g, struct error *e)
{
	struct search s = {.watch = w, .found = g};
	bool added = true;

	*g = (struct gathered_cgroups){NULL, 0};
	s.mount = cgroup_mount_open(source);
	if (!s.mount)
		return 0; /* without a memory controller, there are no figures */
	intern_init(&s.paths);
	intern_init(&s.labels);
	for (size_t i = 0; added && i < w->now.count; i++) {
		const struct record *r = w->now.processes[i]->record;

		if (r->count > 0)
			added = add_group(&s, record_key(r, &w->options.collecting.by, 0));
	}
	intern_free(&s.paths);
	intern_free(&s.labels);
	cgroup_mount_close(s.mount);
	keep_largest(g, most);
	return added ? 0 : error_memory(e);
}

void gathered_cgroups_free(struct gathered_cgroups *g)
{
	for (size_t i = 0; i < g->count; i++)
		free(g->list[i].labels);
	free(g->list);
}
