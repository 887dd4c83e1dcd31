#include "model/usages.h"

#include "parse/cgroup_path.h"

#include <stdlib.h>

/* The path down to the component that ends a part of it. */
static struct slice down_to(struct slice path, struct slice part)
{
	size_t end = (size_t)(part.ptr + part.len - path.ptr);

	if (part.len == 0)
		return SLICE("");
	while (end < path.len && path.ptr[end] != '/')
		end++;
	return (struct slice){path.ptr, end};
}

struct slice usages_group(enum key key, struct slice cgroup)
{
	struct cgroup_path path;

	if (key == KEY_CGROUP)
		return cgroup;
	cgroup_path_parse(cgroup, &path);
	if (key == KEY_CONTAINER)
		return path.container.len ? path.group : SLICE("");
	return down_to(cgroup, key == KEY_POD ? path.pod : path.unit);
}

void usages_init(struct usages *u, const struct grouping *by)
{
	*u = (struct usages){.key = KEY_COUNT};
	intern_init(&u->paths);
	for (unsigned i = 0; i < by->count && u->key == KEY_COUNT; i++) {
		if (by->keys[i] == KEY_CONTAINER || by->keys[i] == KEY_POD ||
		    by->keys[i] == KEY_UNIT || by->keys[i] == KEY_CGROUP)
			u->key = by->keys[i];
	}
}

void usages_free(struct usages *u)
{
	intern_free(&u->paths);
	free(u->list);
}

static bool reserve(struct usages *u)
{
	uint32_t capacity = u->capacity ? 2 * u->capacity : 16;
	struct named_usage *larger;

	if (u->paths.count <= u->capacity)
		return true;
	larger = reallocarray(u->list, capacity, sizeof(*larger));
	if (!larger)
		return false;
	u->list = larger;
	u->capacity = capacity;
	return true;
}

bool usages_add(struct usages *u, const struct grouping *by, const struct record *r)
{
	uint32_t known = u->paths.count;
	struct slice group;
	symbol name, path;

	if (u->key == KEY_COUNT || r->count == 0 || !(r->process.known & PROCESS_CGROUP))
		return true;
	name = record_key(r, by, 0)[grouping_find(by, u->key)];
	group = usages_group(u->key, r->process.cgroup);
	if (name == SYMBOL_NONE || group.len == 0)
		return true;
	path = intern(&u->paths, group);
	if (path == SYMBOL_NONE || !reserve(u))
		return false;
	if (path == known)
		u->list[path] = (struct named_usage){.name = name};
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct named_usage *x = a, *y = b;

	return (x->name > y->name) - (x->name < y->name);
}

/* Of a name with several groups. */
static void merge(struct usages *u)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < u->count; i++) {
		struct cgroup_usage *last = kept ? &u->list[kept - 1].usage : NULL;

		if (!last || u->list[kept - 1].name != u->list[i].name) {
			u->list[kept++] = u->list[i];
			continue;
		}
		cgroup_usage_add(last, &u->list[i].usage);
	}
	u->count = kept;
}

void usages_read(struct usages *u, const struct source *s)
{
	struct cgroup_mount *mount = u->paths.count ? cgroup_mount_open(s) : NULL;

	if (!mount)
		return;
	for (uint32_t i = 0; i < u->paths.count; i++)
		cgroup_usage_read(mount, intern_bytes(&u->paths, i), &u->list[i].usage);
	cgroup_mount_close(mount);
	u->count = u->paths.count;
	qsort(u->list, u->count, sizeof(*u->list), by_name);
	merge(u);
}

const struct cgroup_usage *usages_find(const struct usages *u, symbol name)
{
	const struct named_usage wanted = {.name = name};
	const struct named_usage *found =
		u->count ? bsearch(&wanted, u->list, u->count, sizeof(wanted), by_name) : NULL;

	return found ? &found->usage : NULL;
}
