#include "source/cgroup_memory.h"

#include "parse/mountinfo.h"
#include "parse/number.h"
#include "parse/process.h"
#include "source/handle.h"
#include "source/lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

/* Where the memory controller is mounted: version 1 if it is there, else version 2. */

struct hierarchy {
	unsigned version;
	char root[PATH_MAX];  /* the group mounted there; "/" outside of containers */
	char point[PATH_MAX]; /* mount point */
};

static bool has_option(struct slice options, struct slice wanted)
{
	while (options.len > 0) {
		const char *comma = memchr(options.ptr, ',', options.len);
		size_t len = comma ? (size_t)(comma - options.ptr) : options.len;

		if (slice_equals((struct slice){options.ptr, len}, wanted))
			return true;
		options = slice_inner(options, len + (comma != NULL), 0);
	}
	return false;
}

static void keep(char to[PATH_MAX], struct slice text)
{
	snprintf(to, PATH_MAX, "%.*s", (int)text.len, text.ptr);
}

static bool keep_hierarchy(void *ctx, struct slice line)
{
	struct hierarchy *h = ctx;
	struct mount mount;
	unsigned version = 0;

	if (!take_mount(&line, &mount))
		return true;
	if (slice_equals(mount.type, SLICE("cgroup")) && has_option(mount.options, SLICE("memory")))
		version = 1;
	else if (slice_equals(mount.type, SLICE("cgroup2")) && h->version != 1)
		version = 2;
	if (version == 0)
		return true;
	h->version = version;
	keep(h->root, mount.root);
	keep(h->point, mount.point);
	return true;
}

/* Of another system, process 1 sees what is mounted there; "self" is in a container, if anywhere.
 */
static bool read_mounts(const struct source *s, struct hierarchy *m)
{
	if (s->kind == SOURCE_TREE && s->is_live)
		return lines_read(s, "1/mountinfo", keep_hierarchy, m) == LINES_READ;
	return lines_read(s, "self/mountinfo", keep_hierarchy, m) == LINES_READ;
}

static int find_mount(const struct source *s, struct hierarchy *m, struct error *e)
{
	bool known;

	*m = (struct hierarchy){.version = 0};
	known = read_mounts(s, m);
	if (!known && s->kind == SOURCE_TREE)
		return error_set(e, ERROR_USAGE,
				 "the account of a control group needs the running system, or a "
				 "capture by anonmem capture");
	if (!known && s->kind == SOURCE_PROC)
		return error_errno(e, "cannot read %s/self/mountinfo", s->root);
	if (m->version == 0)
		return error_set(e, ERROR_SYSTEM,
				 "no control groups with a memory controller are mounted");
	return 0;
}

/* Files of a group */

static bool make_path(const struct hierarchy *m, const char *group, const char *file,
		      char path[PATH_MAX])
{
	const char *below = group;
	size_t root = strcmp(m->root, "/") == 0 ? 0 : strlen(m->root);

	if (strncmp(below, m->root, root) == 0)
		below += root;
	return snprintf(path, PATH_MAX, "%s%s/%s", m->point, strcmp(below, "/") == 0 ? "" : below,
			file) < PATH_MAX;
}

struct place {
	const struct source *source;
	const struct hierarchy *mount;
	struct cgroup_memory *memory;
	const char *path; /* of the group that is read */
};

static enum lines_outcome read_file(const struct place *p, const char *file, line_fn *take,
				    void *ctx)
{
	char path[PATH_MAX];

	if (!make_path(p->mount, p->path, file, path)) {
		errno = ENAMETOOLONG;
		return LINES_MISSING;
	}
	return lines_read(p->source, path, take, ctx);
}

/* "max", or in version 1 an impossibly large number, means no limit. */
static bool take_number(void *ctx, struct slice line)
{
	struct amount *a = ctx;
	uint64_t n;

	if (!a->known && take_decimal(&line, &n) > 0 && n < INT64_MAX / 2)
		*a = (struct amount){true, n};
	return true;
}

static void read_number(const struct place *p, const char *file, struct amount *a)
{
	read_file(p, file, take_number, a);
}

static const char *const keys[CGROUP_FIELD_COUNT][2] = {
#define CGROUP_FIELD_KEYS(id, v2, v1) [CGROUP_##id] = {v1, v2},
	CGROUP_FIELDS(CGROUP_FIELD_KEYS)
#undef CGROUP_FIELD_KEYS
};

static bool take_stat(void *ctx, struct slice line)
{
	struct cgroup_memory *m = ctx;
	struct slice key = take_word(&line);
	uint64_t n;

	for (int i = 0; i < CGROUP_FIELD_COUNT; i++) {
		const char *wanted = keys[i][m->version - 1];

		if (wanted && slice_equals(key, slice_of(wanted)) && take_decimal(&line, &n) > 0)
			m->fields[i] = (struct amount){true, n};
	}
	return true;
}

static bool take_event(void *ctx, struct slice line)
{
	struct cgroup_memory *m = ctx;
	struct slice key = take_word(&line);
	uint64_t n;

	if (take_decimal(&line, &n) == 0)
		return true;
	if (slice_equals(key, SLICE("max")))
		m->events_max = (struct amount){true, n};
	if (slice_equals(key, SLICE("oom")))
		m->events_oom = (struct amount){true, n};
	if (slice_equals(key, SLICE("oom_kill")))
		m->events_kill = (struct amount){true, n};
	return true;
}

const char *const cgroup_memory_files[] = {
	"memory.stat",
	/* version 1 */
	"memory.usage_in_bytes",
	"memory.max_usage_in_bytes",
	"memory.limit_in_bytes",
	"memory.memsw.limit_in_bytes",
	"memory.kmem.usage_in_bytes",
	"memory.kmem.tcp.usage_in_bytes",
	"memory.failcnt",
	"memory.oom_control",
	/* version 2 */
	"memory.current",
	"memory.peak",
	"memory.max",
	"memory.high",
	"memory.swap.max",
	"memory.swap.current",
	"memory.events",
	NULL,
};

static void read_version_1(const struct place *p)
{
	struct cgroup_memory *m = p->memory;

	read_number(p, "memory.usage_in_bytes", &m->usage);
	read_number(p, "memory.max_usage_in_bytes", &m->peak);
	read_number(p, "memory.limit_in_bytes", &m->limit);
	read_number(p, "memory.memsw.limit_in_bytes", &m->swap_limit);
	/* For the root group, usage_in_bytes counts file and anonymous pages, but no kernel
	 * memory. */
	if (strcmp(m->path, "/") != 0)
		read_number(p, "memory.kmem.usage_in_bytes", &m->fields[CGROUP_KERNEL]);
	read_number(p, "memory.kmem.tcp.usage_in_bytes", &m->tcp);
	read_number(p, "memory.failcnt", &m->events_max);
	read_file(p, "memory.oom_control", take_event, m);
}

static void read_version_2(const struct place *p)
{
	struct cgroup_memory *m = p->memory;

	read_number(p, "memory.current", &m->usage);
	read_number(p, "memory.peak", &m->peak);
	read_number(p, "memory.max", &m->limit);
	read_number(p, "memory.high", &m->high);
	read_number(p, "memory.swap.max", &m->swap_limit);
	read_number(p, "memory.swap.current", &m->fields[CGROUP_SWAP]);
	read_file(p, "memory.events", take_event, m);
}

/* Makes the path that of the group above; false if there is none. */
static bool go_up(char path[PATH_MAX])
{
	char *slash = strrchr(path, '/');

	if (!slash || strcmp(path, "/") == 0)
		return false;
	slash[slash == path] = '\0';
	return true;
}

static uint64_t room_below(const struct amount *limit, const struct amount *usage)
{
	return limit->bytes > usage->bytes ? limit->bytes - usage->bytes : 0;
}

static void read_above(const struct source *s, const struct hierarchy *mount,
		       struct cgroup_memory *m)
{
	bool first = mount->version == 1;
	struct cgroup_above *best = &m->above;
	char path[PATH_MAX];
	const struct place place = {s, mount, m, path};

	snprintf(path, sizeof(path), "%s", m->path);
	while (go_up(path)) {
		struct amount limit = {.known = false}, usage = {.known = false};

		read_number(&place, first ? "memory.limit_in_bytes" : "memory.max", &limit);
		read_number(&place, first ? "memory.usage_in_bytes" : "memory.current", &usage);
		if (!limit.known || !usage.known ||
		    (best->limit.known &&
		     room_below(&limit, &usage) >= room_below(&best->limit, &best->usage)))
			continue;
		strlcpy(best->path, path, sizeof(best->path));
		best->limit = limit;
		best->usage = usage;
	}
}

/* Removes empty components and ".", and follows "..". A path of a namespace may begin with "..";
 * that stays. */
static void simplify(char path[PATH_MAX])
{
	char from[PATH_MAX], *next = from, *name;
	size_t length = 0, fixed = 0;

	snprintf(from, sizeof(from), "%s", path);
	while ((name = strsep(&next, "/"))) {
		if (*name == '\0' || strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0 && length > fixed) {
			while (path[--length] != '/')
				continue;
			continue;
		}
		path[length++] = '/';
		memmove(path + length, name, strlen(name));
		length += strlen(name);
		if (strcmp(name, "..") == 0)
			fixed = length;
	}
	path[length] = '\0';
	if (length == 0)
		strlcpy(path, "/", PATH_MAX);
}

/* Converts `given` to a path in the hierarchy. */
static void take_path(const struct hierarchy *m, const char *given, struct cgroup_memory *c)
{
	size_t point = strlen(m->point);
	char text[PATH_MAX];

	snprintf(text, sizeof(text), "%s%s", given[0] == '/' ? "" : "/", given);
	simplify(text);
	if (strncmp(text, m->point, point) == 0 && (text[point] == '/' || text[point] == '\0'))
		snprintf(c->path, sizeof(c->path), "%s%s", m->root, text + point);
	else
		snprintf(c->path, sizeof(c->path), "%s", text);
	simplify(c->path);
}

int cgroup_memory_read(const struct source *s, const char *path, struct cgroup_memory *m,
		       struct error *e)
{
	struct hierarchy mount;
	const struct place place = {s, &mount, m, m->path};

	*m = (struct cgroup_memory){.version = 0};
	if (find_mount(s, &mount, e) < 0)
		return -1;
	m->version = mount.version;
	take_path(&mount, path, m);
	if (read_file(&place, "memory.stat", take_stat, m) != LINES_READ)
		return error_errno(e, "cannot read memory.stat of control group %s", m->path);
	if (m->version == 1)
		read_version_1(&place);
	else
		read_version_2(&place);
	if (!m->usage.known)
		return error_set(e, ERROR_SYSTEM,
				 "control group %s does not report its memory; for the root group "
				 "of version 2, see anonmem machine",
				 m->path);
	read_above(s, &mount, m);
	return 0;
}

struct cgroup_mount {
	const struct source *source;
	struct hierarchy hierarchy;
	char path[PATH_MAX]; /* of the group that is read */
};

struct cgroup_mount *cgroup_mount_open(const struct source *s)
{
	struct cgroup_mount *m = calloc(1, sizeof(*m));
	struct error ignored;

	if (m && find_mount(s, &m->hierarchy, &ignored) == 0) {
		m->source = s;
		return m;
	}
	free(m);
	return NULL;
}

void cgroup_mount_close(struct cgroup_mount *m)
{
	free(m);
}

void cgroup_usage_read(struct cgroup_mount *m, struct slice path, struct cgroup_usage *u)
{
	const struct place place = {m->source, &m->hierarchy, NULL, m->path};
	bool first = m->hierarchy.version == 1;

	*u = (struct cgroup_usage){.limit = {.known = false}};
	if (path.len >= PATH_MAX)
		return;
	keep(m->path, path);
	read_number(&place, first ? "memory.limit_in_bytes" : "memory.max", &u->limit);
	read_number(&place, first ? "memory.usage_in_bytes" : "memory.current", &u->current);
	read_number(&place, first ? "memory.max_usage_in_bytes" : "memory.peak", &u->peak);
}

static void add(struct amount *sum, const struct amount *part)
{
	sum->known = sum->known && part->known;
	sum->bytes += part->bytes;
}

void cgroup_usage_add(struct cgroup_usage *sum, const struct cgroup_usage *part)
{
	add(&sum->limit, &part->limit);
	add(&sum->current, &part->current);
	sum->peak.known = false;
}

int cgroup_memory_place(const struct source *s, const char *group, char folder[PATH_MAX])
{
	struct hierarchy mount;
	struct cgroup_memory m;
	struct error ignored;

	errno = 0; /* stays so if there is no memory controller */
	if (find_mount(s, &mount, &ignored) < 0)
		return -1;
	take_path(&mount, group, &m);
	if (!make_path(&mount, m.path, "", folder))
		return -1;
	folder[strlen(folder) - 1] = '\0'; /* the slash */
	return 0;
}

int cgroup_memory_find(const struct source *s, pid_t pid, char path[PATH_MAX], struct error *e)
{
	const struct procdir root = source_root(s);
	char name[32], text[2 * PATH_MAX];
	struct slice found;
	ssize_t n;

	snprintf(name, sizeof(name), "%d/cgroup", pid);
	n = procdir_read(&root, name, text, sizeof(text));
	if (n < 0)
		return error_errno(e, "cannot read the control group of process %d", pid);
	if (!parse_cgroup((struct slice){text, (size_t)n}, &found))
		return error_set(e, ERROR_SYSTEM, "process %d is in no control group", pid);
	keep(path, found);
	return 0;
}
