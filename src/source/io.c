#include "source/io.h"

#include "base/clock.h"
#include "source/encoding.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SMALL_FILE_FIRST = 4096, SMALL_FILE_MAX = 1024 * 1024 };

bool io_init(struct io *io, const struct reading *reading, const struct sink *sink)
{
	*io = (struct io){.sink = sink, .reading = *reading, .parser = smaps_new()};
	return io->parser != NULL;
}

void io_free(struct io *io)
{
	smaps_free(io->parser);
	free(io->text);
}

static int deliver(void *ctx, const struct mapping *m, struct error *e)
{
	struct io *io = ctx;
	int status = io->sink->mapping(io->sink->ctx, m, e);

	io->sink_failed = status < 0;
	return status;
}

struct stage io_deliver(struct io *io)
{
	return (struct stage){deliver, io};
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM;
}

void io_note(struct io *io, int error)
{
	if (is_shortage(error))
		io->shortage = error;
}

void io_note_refusal(struct io *io, const char *name, int error)
{
	if (!procdir_refusal(error))
		return;
	io->refused = error;
	snprintf(io->refused_name, sizeof(io->refused_name), "%s", name);
}

bool io_is_broken(const struct io *io, const struct error *why)
{
	return io->sink_failed || why->code == ERROR_MEMORY || is_shortage(why->number);
}

static ssize_t read_again(int fd, char *to, size_t size)
{
	return TEMP_FAILURE_RETRY(read(fd, to, size));
}

uint64_t io_start(const struct io *io)
{
	return io->reading.measure || io->reading.max_stall_ns ? clock_ns(CLOCK_MONOTONIC) : 0;
}

uint64_t io_stop(struct io *io, uint64_t started, size_t bytes)
{
	uint64_t ns = started ? clock_ns(CLOCK_MONOTONIC) - started : 0;

	io->stats.calls++;
	io->stats.bytes += bytes;
	if (ns > io->stats.longest_ns) {
		io->stats.longest_ns = ns;
		io->stats.longest_pid = io->pid;
	}
	return ns;
}

int io_open(struct io *io, const struct procdir *dir, const char *name)
{
	int fd = procdir_open(dir, name);

	if (fd < 0) {
		io_note(io, errno);
		io_note_refusal(io, name, errno);
	}
	return fd;
}

/* Like read(), but counted. */
static ssize_t read_counted(struct io *io, int fd, char *to, size_t size, struct error *e)
{
	uint64_t started = io_start(io);
	ssize_t n = read_again(fd, to, size);

	io_stop(io, started, n > 0 ? (size_t)n : 0);
	if (n > 0 && io->copies_text)
		copy_smaps(io->copy, to, (size_t)n);
	if (n < 0)
		error_errno(e, "cannot read");
	return n;
}

/* Feeds the rest of fd to the parser. */
static int drain(struct io *io, int fd, struct error *e)
{
	for (;;) {
		size_t size;
		char *to = smaps_reserve(io->parser, &size);
		ssize_t n;

		if (!to)
			return error_memory(e);
		n = read_counted(io, fd, to, size, e);
		if (n < 0)
			return -1;
		if (n == 0)
			return smaps_end(io->parser, e);
		if (smaps_feed(io->parser, (size_t)n, e) < 0)
			return -1;
	}
}

int io_drain(struct io *io, int fd, enum smaps_kind kind, struct stage stage, struct error *e)
{
	smaps_begin(io->parser, kind, stage);
	return drain(io, fd, e);
}

/* Reads the start of the file, which tells the encoding: as much as fits, and at least
 * ENCODING_HEAD bytes unless the file ends. */
static ssize_t read_head(struct io *io, int fd, char *to, size_t size, struct error *e)
{
	size_t used = 0;
	ssize_t n;

	do {
		n = read_counted(io, fd, to + used, size - used, e);
		if (n < 0)
			return -1;
		used += (size_t)n;
	} while (n > 0 && used < ENCODING_HEAD);
	return (ssize_t)used;
}

/* Decodes UTF-16 into the parser: `head`, then the rest of fd. */
static int drain_utf16(struct io *io, int fd, struct encoding *encoding, struct slice head,
		       struct error *e)
{
	enum { PART = 1024 };
	char part[PART];
	struct slice text = head;

	do {
		size_t size, n = text.len < PART ? text.len : PART;
		char *to = smaps_reserve(io->parser, &size);
		ssize_t more;

		if (!to)
			return error_memory(e);
		n = encoding_decode(encoding, (struct slice){text.ptr, n}, to);
		if (smaps_feed(io->parser, n, e) < 0)
			return -1;
		text = slice_inner(text, text.len < PART ? text.len : PART, 0);
		if (text.len)
			continue;
		more = read_counted(io, fd, part, sizeof(part), e);
		if (more < 0)
			return -1;
		text = (struct slice){part, (size_t)more};
	} while (text.len);
	return smaps_end(io->parser, e);
}

int io_drain_capture(struct io *io, int fd, struct stage stage, struct separators separators,
		     struct error *e)
{
	struct encoding encoding;
	size_t size;
	char *to, *head;
	ssize_t n;
	int status;

	smaps_begin(io->parser, SMAPS_MAPPINGS, stage);
	smaps_expect_separators(io->parser, separators);
	to = smaps_reserve(io->parser, &size);
	if (!to)
		return error_memory(e);
	n = read_head(io, fd, to, size, e);
	if (n < 0)
		return -1;
	encoding_find(&encoding, (struct slice){to, (size_t)n});
	if (encoding.other)
		return error_set(e, ERROR_MALFORMED, "%s", encoding.other);
	n -= (ssize_t)encoding.mark;
	if (!encoding.is_utf16) {
		memmove(to, to + encoding.mark, (size_t)n);
		return smaps_feed(io->parser, (size_t)n, e) < 0 ? -1 : drain(io, fd, e);
	}
	head = malloc((size_t)n + 1);
	if (!head)
		return error_memory(e);
	memcpy(head, to + encoding.mark, (size_t)n);
	status = drain_utf16(io, fd, &encoding, (struct slice){head, (size_t)n}, e);
	free(head);
	return status;
}

static int keep_counters(void *ctx, const struct mapping *m, struct error *e)
{
	(void)e;
	*(struct counters *)ctx = m->counters;
	return 0;
}

bool io_rollup(struct io *io, const struct procdir *dir, struct counters *sums)
{
	struct error ignored;
	int fd = io_open(io, dir, "smaps_rollup");
	int status;

	if (fd < 0)
		return false;
	status = io_drain(io, fd, SMAPS_ROLLUP, (struct stage){keep_counters, sums}, &ignored);
	close(fd);
	return status == 0 && smaps_mappings(io->parser) == 1;
}

/* Makes room in io->text. False with errno. */
static bool reserve(struct io *io, size_t used)
{
	size_t capacity = io->text_capacity ? 2 * io->text_capacity : SMALL_FILE_FIRST;
	char *larger;

	if (io->text_capacity - used >= SMALL_FILE_FIRST / 2)
		return true;
	larger = capacity > SMALL_FILE_MAX ? NULL : realloc(io->text, capacity);
	if (!larger) {
		errno = capacity > SMALL_FILE_MAX ? EFBIG : ENOMEM;
		return false;
	}
	io->text = larger;
	io->text_capacity = capacity;
	return true;
}

/* Reads a file into io->text; returns its length, or -1 with errno. */
static ssize_t slurp(struct io *io, int fd)
{
	size_t used = 0;
	ssize_t n;

	do {
		if (!reserve(io, used))
			return -1;
		n = read_again(fd, io->text + used, io->text_capacity - used);
		if (n < 0)
			return -1;
		used += (size_t)n;
	} while (n > 0);
	return (ssize_t)used;
}

struct slice io_slurp(struct io *io, const struct procdir *dir, const char *name)
{
	int fd = io_open(io, dir, name);
	ssize_t size;

	if (fd < 0)
		return SLICE("");
	size = slurp(io, fd);
	if (size < 0)
		io_note(io, errno);
	close(fd);
	return size < 0 ? SLICE("") : (struct slice){io->text, (size_t)size};
}
