#include "collect/capture.h"

#include "base/textstream.h"
#include "collect/collect.h"
#include "collect/lineage.h"
#include "collect/redact_files.h"
#include "model/shares.h"
#include "parse/process.h"
#include "source/captured_segments.h"
#include "source/cgroup_memory.h"
#include "source/containers.h"
#include "source/copy.h"
#include "source/segments.h"
#include "source/system.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/* Read first, as the moment of the capture; and the kernel's account, read after the processes. */
static const char *const first_files[] = {"uptime", "stat", "sys/kernel/hostname",
					  "sys/kernel/osrelease", NULL};
static const char *const last_files[] = {"meminfo",  "zoneinfo",       "vmstat",
					 "slabinfo", "vmallocinfo",    "net/sockstat",
					 "swaps",    "self/mountinfo", NULL};

struct sharer_of {
	pid_t pid, owner; /* owner of the memory, and the process that counts it */
};

struct capture {
	const struct source *source;
	const struct capture_options *options;
	struct pack *pack;
	struct capture_result *result;
	size_t seen, all;

	struct intern symbols;
	struct intern groups; /* control groups of processes, and their parents */
	struct shares objects;
	struct sharer_of *users; /* processes that share an address space */
	size_t user_count;

	char lost[PATH_MAX]; /* the first file that could not be read, */
	int why;	     /* errno; or 0 for none */
	size_t lost_count;   /* and how many */

	struct error error; /* why the capture failed */
};

static bool has_failed(const struct capture *c)
{
	return c->error.code != ERROR_NONE;
}

/* Members. */

static bool add_member(struct capture *c, const char *folder, const char *name, bool is_link,
		       struct slice bytes)
{
	return !has_failed(c) && pack_add(c->pack, folder, name, is_link, bytes, &c->error) == 0;
}

static bool add_redacted(struct capture *c, const char *folder, const char *name, bool is_link,
			 struct slice bytes)
{
	char *text;
	size_t size;
	FILE *out = textstream_open(&text, &size);
	bool wanted;

	if (!out) {
		error_memory(&c->error);
		return false;
	}
	wanted = redact_file(c->options->redact, name, bytes, out);
	if (!textstream_close(out, &text)) {
		error_memory(&c->error);
		return false;
	}
	if (wanted)
		add_member(c, folder, name, is_link, (struct slice){text, size});
	free(text);
	return !has_failed(c);
}

static bool add_file(struct capture *c, const char *folder, const char *name, bool is_link,
		     struct slice bytes)
{
	return c->options->redact ? add_redacted(c, folder, name, is_link, bytes)
				  : add_member(c, folder, name, is_link, bytes);
}

typedef bool add_fn(struct capture *c, const char *folder, const char *name, bool is_link,
		    struct slice bytes);

/* Remembers what is there and could not be read. */
static void note_lost(struct capture *c, const char *folder, const char *name, int number)
{
	if (!copy_is_lost(number) || c->lost_count++ > 0)
		return;
	snprintf(c->lost, sizeof(c->lost), "%s%s%s", folder, *folder ? "/" : "", name);
	c->why = number;
}

/* Files that are not there or may not be read are left out. `fd` is -1 with errno. */
static void add_opened(struct capture *c, int fd, add_fn *add, const char *folder, const char *name)
{
	size_t size;
	char *bytes = fd < 0 ? NULL : copy_read_open(fd, &size);
	int number = errno;

	if (fd >= 0)
		close(fd);
	if (bytes)
		add(c, folder, name, false, (struct slice){bytes, size});
	else
		note_lost(c, folder, name, number);
	free(bytes);
}

static void say_lost(struct capture *c)
{
	char text[PATH_MAX + 128], more[64] = "";

	if (c->lost_count == 0)
		return;
	if (c->lost_count > 1)
		snprintf(more, sizeof(more), " and %zu other files", c->lost_count - 1);
	snprintf(text, sizeof(text), "the capture lacks %s%s: %s", c->lost, more, strerror(c->why));
	if (!problems_add(&c->result->problems, SIZE_MAX, text))
		error_memory(&c->error);
}

static void add_files(struct capture *c, const char *const *names)
{
	const struct procdir root = source_files(c->source);

	for (; *names && !has_failed(c); names++)
		add_opened(c, procdir_open(&root, *names), add_file, "", *names);
}

/* Processes. */

/* A group and its parents, and the root group. */
static bool add_groups(struct capture *c, struct slice path)
{
	if (intern(&c->groups, SLICE("/")) == SYMBOL_NONE)
		return false;
	while (path.len > 1) {
		const char *slash;

		if (intern(&c->groups, path) == SYMBOL_NONE)
			return false;
		slash = memrchr(path.ptr, '/', path.len);
		if (!slash)
			break;
		path.len = (size_t)(slash - path.ptr);
	}
	return true;
}

/* Those of the copied file, since reading it to identify the process may have failed. */
static bool add_copied_groups(struct capture *c, const struct copy *copy)
{
	const struct copied_file *file = copy_find(copy, "cgroup");
	struct slice path;

	return !file || !parse_cgroup((struct slice){file->bytes, file->size}, &path) ||
	       add_groups(c, path);
}

static bool copied(void *ctx, const struct process *process, const struct copy *copy)
{
	struct capture *c = ctx;
	char folder[16];

	if (!add_copied_groups(c, copy))
		return false;
	snprintf(folder, sizeof(folder), "%d", process->pid);
	if (c->options->redact)
		redact_process(c->options->redact, copy);
	for (size_t i = 0; i < copy->count && !has_failed(c); i++) {
		const struct copied_file *f = &copy->list[i];

		add_file(c, folder, f->name, f->is_link, (struct slice){f->bytes, f->size});
	}
	if (copy->lost)
		note_lost(c, folder, copy->lost, copy->why);
	c->result->captured += !has_failed(c);
	return !has_failed(c);
}

static bool add_user(struct capture *c, pid_t pid, pid_t owner)
{
	struct sharer_of *larger = reallocarray(c->users, c->user_count + 1, sizeof(*larger));

	if (!larger)
		return false;
	c->users = larger;
	larger[c->user_count++] = (struct sharer_of){pid, owner};
	return true;
}

static bool take(void *ctx, const struct record *r)
{
	struct capture *c = ctx;
	struct capture_result *result = c->result;

	c->seen++;
	coverage_add(&result->coverage, r);
	result->sharing_unknown |= (r->how & HOW_BIT(HOW_MAYBE_SHARED)) != 0;
	if (c->options->progress)
		c->options->progress(c->options->ctx, c->seen, c->all, pack_bytes(c->pack));
	return (!r->problem || problems_add(&result->problems, r->target, r->problem)) &&
	       (r->match != MATCH_YES || !(r->process.known & PROCESS_CGROUP) ||
		add_groups(c, r->process.cgroup)) &&
	       (!r->shares_with || add_user(c, r->process.pid, r->shares_with)) &&
	       shares_add(&c->objects, r);
}

/* The rows do not matter, except that each object of shared memory has one. */
static struct collect_options describe(struct capture *c)
{
	return (struct collect_options){
		.by = {.keys = {KEY_SEGMENT}, .count = 1},
		.selection = c->options->selection,
		.children = c->options->children,
		/* Signs look at memory, which can contain anything. */
		.infer = c->options->redact ? INFER_NONE : INFER_CONTENT,
		.finds_sharers = true,
		.jobs = 1, /* so that the archive is in order */
		.reading = {.needs = NEED_STAT | NEED_CGROUP, .copies = true},
		.copied = copied,
		.copied_ctx = c,
	};
}

static int add_processes(struct capture *c, struct error *e)
{
	struct collect_options options = describe(c);
	struct read_stats ignored = {0};
	struct target_list list;
	int status = options.children ? lineage_targets(c->source, &options, &list, e)
				      : source_targets(c->source, &list, e);

	if (status < 0)
		return -1;
	if (options.children)
		options = lineage_reading(&options, &list);
	options.targets = &list;
	c->all = list.count;
	status = collect(c->source, &options, &c->symbols, take, c, &ignored, e);
	free(list.targets);
	if (has_failed(c))
		*e = c->error;
	return has_failed(c) ? -1 : status;
}

/* Files made from what was seen. */

static int by_owner(const void *a, const void *b)
{
	const struct sharer_of *x = a, *y = b;

	if (x->owner != y->owner)
		return x->owner > y->owner ? 1 : -1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* As shared_memory.h reads it. */
static void write_sharing(struct capture *c, FILE *out)
{
	if (c->user_count)
		qsort(c->users, c->user_count, sizeof(*c->users), by_owner);
	for (size_t i = 0; i < c->user_count; i++) {
		if (i == 0 || c->users[i].owner != c->users[i - 1].owner)
			fprintf(out, "%s%d", i > 0 ? "\n" : "", c->users[i].owner);
		fprintf(out, " %d", c->users[i].pid);
	}
	if (c->user_count)
		putc('\n', out);
}

struct segment_writer {
	struct capture *capture;
	FILE *out;
};

static bool write_segment(void *ctx, const struct segment_id *id, struct slice name,
			  const struct segment_facts *facts)
{
	struct segment_writer *w = ctx;
	struct redact *redact = w->capture->options->redact;
	char *text;
	size_t size;
	FILE *out;

	if (!redact) {
		captured_segments_write(w->out, id, name, facts);
		return true;
	}
	out = textstream_open(&text, &size);
	if (!out)
		return false;
	redact_segment(redact, name, out);
	if (!textstream_close(out, &text))
		return false;
	captured_segments_write(w->out, id, (struct slice){text, size}, facts);
	free(text);
	return true;
}

/* Mapped objects, and those that only exist. */
static void write_segments(struct capture *c, FILE *out)
{
	struct segment_writer w = {c, out};

	shares_measure(&c->objects, c->source);
	for (uint32_t i = 0; i < c->objects.ids.count; i++) {
		struct segment_facts facts = c->objects.objects[i].facts;
		struct segment_id id;

		memcpy(&id, intern_bytes(&c->objects.ids, i).ptr, sizeof(id));
		if (facts.known || facts.swapped_known)
			captured_segments_write(out, &id, SLICE(""), &facts);
	}
	if (!segments_list(c->source, write_segment, &w))
		error_memory(&c->error);
}

static void add_made(struct capture *c, const char *name, void (*make)(struct capture *, FILE *))
{
	char *text;
	size_t size;
	FILE *out = textstream_open(&text, &size);

	if (out)
		make(c, out);
	if (!out || !textstream_close(out, &text)) {
		error_memory(&c->error);
		return;
	}
	add_member(c, "", name, false, (struct slice){text, size});
	free(text);
}

/* The containers and pods of the captured processes. */
static void write_containers(struct capture *c, FILE *out)
{
	struct containers *names = containers_open(c->source, &c->error);
	char name[CONTAINER_NAME_MAX];

	for (uint32_t i = 0; names && i < c->groups.count; i++) {
		containers_name(names, intern_bytes(&c->groups, i), name);
		containers_pod(names, intern_bytes(&c->groups, i), name);
	}
	if (names && !containers_write(names, out))
		error_memory(&c->error);
	containers_close(names);
}

/* Files outside of /proc. */

/* They contain numbers; only their paths contain names. */
static void add_system_file(struct capture *c, const char *path)
{
	char *name;
	size_t size;
	FILE *out;

	if (!c->options->redact) {
		add_opened(c, system_open(c->source, path), add_member, SYSTEM_FOLDER, path + 1);
		return;
	}
	out = textstream_open(&name, &size);
	if (out)
		redact_path(c->options->redact, slice_of(path), out);
	if (!out || !textstream_close(out, &name)) {
		error_memory(&c->error);
		return;
	}
	add_opened(c, system_open(c->source, path), add_member, SYSTEM_FOLDER, name + 1);
	free(name);
}

static bool add_pool(void *ctx, const char *entry)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/%s/free_hugepages", entry);
	add_system_file(ctx, path);
	return !has_failed(ctx);
}

static bool add_disk(void *ctx, const char *entry)
{
	char path[PATH_MAX];

	if (strncmp(entry, "zram", strlen("zram")) != 0)
		return true;
	snprintf(path, sizeof(path), "/sys/block/%s/mm_stat", entry);
	add_system_file(ctx, path);
	return !has_failed(ctx);
}

/* An empty folder tells a reader that there is no zram. */
static void add_disks(struct capture *c)
{
	if (system_list(c->source, "/sys/block", add_disk, c) == 0)
		add_member(c, SYSTEM_FOLDER, "sys/block/none", false, SLICE(""));
	else
		note_lost(c, SYSTEM_FOLDER, "sys/block", errno);
}

static void add_group_files(struct capture *c, struct slice group)
{
	char name[PATH_MAX], folder[PATH_MAX], path[2 * PATH_MAX];

	snprintf(name, sizeof(name), "%.*s", (int)group.len, group.ptr);
	if (cgroup_memory_place(c->source, name, folder) < 0) {
		note_lost(c, "self", "mountinfo", errno);
		return;
	}
	for (const char *const *file = cgroup_memory_files; *file && !has_failed(c); file++) {
		snprintf(path, sizeof(path), "%s/%s", folder, *file);
		add_system_file(c, path);
	}
}

static void add_system(struct capture *c)
{
	if (system_list(c->source, "/sys/kernel/mm/hugepages", add_pool, c) < 0)
		note_lost(c, SYSTEM_FOLDER, "sys/kernel/mm/hugepages", errno);
	add_disks(c);
	for (uint32_t i = 0; i < c->groups.count && !has_failed(c); i++)
		add_group_files(c, intern_bytes(&c->groups, i));
}

static int write_all(struct capture *c, struct error *e)
{
	add_files(c, first_files);
	if (!has_failed(c) && add_processes(c, e) < 0)
		return -1;
	add_files(c, last_files);
	if (!has_failed(c) && !c->result->sharing_unknown)
		add_made(c, "shared-memory", write_sharing);
	if (!has_failed(c))
		add_made(c, CAPTURED_SEGMENTS, write_segments);
	/* Redacted control groups do not tell containers apart. */
	if (!has_failed(c) && !c->options->redact)
		add_made(c, CONTAINERS_FILE, write_containers);
	if (!has_failed(c))
		add_system(c);
	if (!has_failed(c))
		say_lost(c);
	if (has_failed(c)) {
		*e = c->error;
		return -1;
	}
	return pack_finish(c->pack, e);
}

int capture_write(const struct source *source, const struct capture_options *options,
		  struct pack *pack, struct capture_result *result, struct error *e)
{
	struct capture c = {.source = source, .options = options, .pack = pack, .result = result};
	int status;

	*result = (struct capture_result){.captured = 0};
	intern_init(&c.symbols);
	intern_init(&c.groups);
	shares_init(&c.objects);
	status = write_all(&c, e);
	problems_sort(&result->problems);
	intern_free(&c.symbols);
	intern_free(&c.groups);
	shares_free(&c.objects);
	free(c.users);
	return status;
}
