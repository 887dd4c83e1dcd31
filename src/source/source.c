#include "source/source.h"

#include "source/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SMALL_FILE_FIRST = 4096, SMALL_FILE_MAX = 1024 * 1024 };

struct source *source_open_proc(const char *root, const pid_t *pids, size_t count, struct error *e)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s) {
		error_memory(e);
		return NULL;
	}
	s->kind = root ? SOURCE_TREE : SOURCE_PROC;
	s->root = root ? root : "/proc";
	s->pids = pids;
	s->pid_count = count;
	s->root_fd = open(s->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->root_fd < 0) {
		error_errno(e, "%s: cannot be opened as a folder of processes", s->root);
		free(s);
		return NULL;
	}
	return s;
}

struct source *source_open_files(char *const *paths, size_t count, struct error *e)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s) {
		error_memory(e);
		return NULL;
	}
	s->kind = SOURCE_SMAPS;
	s->root_fd = -1;
	s->paths = paths;
	s->path_count = count;
	return s;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	if (s->root_fd >= 0)
		close(s->root_fd);
	free(s);
}

enum source_kind source_kind(const struct source *s)
{
	return s->kind;
}

bool source_is_limited(const struct source *s)
{
	return s->kind == SOURCE_SMAPS || s->pid_count > 0;
}

/* The parser is made once, while who wants its mappings changes from file to file. */
static int forward(void *ctx, const struct mapping *m, struct error *e)
{
	struct reader *r = ctx;

	return r->on_mapping(r->on_mapping_ctx, m, e);
}

int reader_deliver(void *ctx, const struct mapping *m, struct error *e)
{
	struct reader *r = ctx;
	int status = r->sink->mapping(r->sink->ctx, m, e);

	r->sink_failed = status < 0;
	return status;
}

bool reader_is_broken(const struct reader *r, const struct error *why)
{
	return r->sink_failed || why->code == ERROR_MEMORY || why->number == EMFILE ||
	       why->number == ENFILE;
}

struct reader *reader_new(const struct source *s, const struct reading *how,
			  const struct sink *sink)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->parser = smaps_new(forward, r);
	if (!r->parser) {
		free(r);
		return NULL;
	}
	r->source = s;
	r->how = *how;
	r->sink = sink;
	return r;
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	smaps_free(r->parser);
	free(r->text);
	scan_free(r->scan);
	names_free(r->names);
	free(r);
}

const struct effort *reader_effort(const struct reader *r)
{
	return &r->effort;
}

int reader_read(struct reader *r, struct target target, struct error *e)
{
	r->pid = target.pid;
	if (r->source->kind == SOURCE_SMAPS)
		return files_read(r, target.file, e);
	return procfs_read(r, target.pid, e);
}

static ssize_t read_again(int fd, char *room, size_t size)
{
	ssize_t n;

	do
		n = read(fd, room, size);
	while (n < 0 && errno == EINTR);
	return n;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t effort_begin(const struct reader *r)
{
	return r->how.measure || r->how.max_stall_ns ? now_ns() : 0;
}

uint64_t effort_end(struct reader *r, uint64_t begun, size_t bytes)
{
	uint64_t ns = begun ? now_ns() - begun : 0;

	r->effort.calls++;
	r->effort.bytes += bytes;
	if (ns > r->effort.longest_ns) {
		r->effort.longest_ns = ns;
		r->effort.longest_pid = r->pid;
	}
	return ns;
}

int reader_drain(struct reader *r, int fd, enum smaps_kind kind, struct error *e)
{
	smaps_begin(r->parser, kind);
	for (;;) {
		size_t size;
		char *room = smaps_room(r->parser, &size);
		uint64_t begun;
		ssize_t n;

		if (!room)
			return error_memory(e);
		begun = effort_begin(r);
		n = read_again(fd, room, size);
		effort_end(r, begun, n > 0 ? (size_t)n : 0);
		if (n < 0)
			return error_errno(e, "cannot be read");
		if (n == 0)
			return smaps_end(r->parser, e);
		if (smaps_feed(r->parser, (size_t)n, e) < 0)
			return -1;
	}
}

int reader_slurp(struct reader *r, int fd, struct slice *text)
{
	size_t used = 0;
	ssize_t n;

	do {
		if (r->text_capacity - used < SMALL_FILE_FIRST / 2) {
			size_t capacity =
				r->text_capacity ? 2 * r->text_capacity : SMALL_FILE_FIRST;
			char *larger =
				capacity > SMALL_FILE_MAX ? NULL : realloc(r->text, capacity);

			if (!larger) {
				errno = capacity > SMALL_FILE_MAX ? EFBIG : ENOMEM;
				return -1;
			}
			r->text = larger;
			r->text_capacity = capacity;
		}
		n = read_again(fd, r->text + used, r->text_capacity - used);
		if (n < 0)
			return -1;
		used += (size_t)n;
	} while (n > 0);
	*text = (struct slice){r->text, used};
	return 0;
}
