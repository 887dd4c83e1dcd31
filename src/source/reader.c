/*
 * What reading is made of, whatever it is that is read: the parser and who gets its mappings, time
 * and calls, small files.
 */
#include "source/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SMALL_FILE_FIRST = 4096, SMALL_FILE_MAX = 1024 * 1024 };

int reader_deliver(void *ctx, const struct mapping *m, struct error *e)
{
	struct reader *r = ctx;
	int status = r->sink->mapping(r->sink->ctx, m, e);

	r->sink_failed = status < 0;
	return status;
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM;
}

void reader_note(struct reader *r, int error)
{
	if (is_shortage(error))
		r->shortage = error;
}

bool reader_is_broken(const struct reader *r, const struct error *why)
{
	return r->sink_failed || why->code == ERROR_MEMORY || is_shortage(why->number);
}

/* The parser is made once, while who wants its mappings changes from file to file. */
static int forward(void *ctx, const struct mapping *m, struct error *e)
{
	struct reader *r = ctx;

	return r->on_mapping(r->on_mapping_ctx, m, e);
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
	r->own_source = *s;
	r->source = &r->own_source;
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
	free(r->scan);
	kept_names_free(r->names);
	free(r);
}

const struct read_stats *reader_stats(const struct reader *r)
{
	return &r->stats;
}

static ssize_t read_again(int fd, char *room, size_t size)
{
	return TEMP_FAILURE_RETRY(read(fd, room, size));
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t reader_clock_start(const struct reader *r)
{
	return r->how.measure || r->how.max_stall_ns ? now_ns() : 0;
}

uint64_t reader_clock_stop(struct reader *r, uint64_t begun, size_t bytes)
{
	uint64_t ns = begun ? now_ns() - begun : 0;

	r->stats.calls++;
	r->stats.bytes += bytes;
	if (ns > r->stats.longest_ns) {
		r->stats.longest_ns = ns;
		r->stats.longest_pid = r->pid;
	}
	return ns;
}

int reader_drain(struct reader *r, int fd, enum smaps_kind kind, struct error *e)
{
	smaps_begin(r->parser, kind);
	for (;;) {
		size_t size;
		char *room = smaps_reserve(r->parser, &size);
		uint64_t begun;
		ssize_t n;

		if (!room)
			return error_memory(e);
		begun = reader_clock_start(r);
		n = read_again(fd, room, size);
		reader_clock_stop(r, begun, n > 0 ? (size_t)n : 0);
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
