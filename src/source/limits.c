#include "source/limits.h"

#include "parse/number.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Counting again costs a tenth of reading smaps, so it is done rarely: from COUNT_SUSPECT mappings
 * on if more bytes were read than there are, and in any case if there are more mappings than the
 * kernel's default limit. */
enum { COUNT_SUSPECT = 2000, COUNT_ANY = 1 << 16, COUNT_AGAIN = 4 };

/* Allows some slack: the kernel keeps its counters per CPU, and a process that allocates and frees
 * while it is read may never have had all of it at once. */
static bool exceeds(uint64_t seen, uint64_t max, uint64_t slack)
{
	uint64_t excess = seen > max ? seen - max : 0;

	return excess > slack && excess > max / 8;
}

static bool is_too_much(const struct limits *l)
{
	/* 256 CPUs can hold back 1.5 GiB. */
	const uint64_t bytes = UINT64_C(4) << 30;

	return exceeds(l->seen.size, l->max.size, bytes) ||
	       exceeds(l->seen.resident, l->max.resident, bytes);
}

/* The process may have grown. */
static void look_again(struct limits *l)
{
	uint64_t size, resident;

	if (!procdir_statm(l->dir, &size, &resident))
		return;
	l->max.size = size > l->max.size ? size : l->max.size;
	l->max.resident = resident > l->max.resident ? resident : l->max.resident;
}

/* Counts lines that begin with an address below `end`. False at the first line that does not. */
static bool count_below(struct slice text, uint64_t end, uint64_t *count)
{
	uint64_t address;
	struct slice line;

	while (take_line(&text, &line)) {
		if (take_hex(&line, &address) == 0 || address >= end)
			return false;
		++*count;
	}
	return true;
}

/* Counts the lines of maps up to an address; stops soon after `enough`. */
static uint64_t count_lines(struct io *io, int fd, uint64_t end, uint64_t enough)
{
	size_t used = 0, whole; /* bytes used, and those in whole lines */
	uint64_t count = 0;
	char buffer[16384];

	while (count < enough && used < sizeof(buffer)) {
		uint64_t started = io_start(io);
		ssize_t n = TEMP_FAILURE_RETRY(read(fd, buffer + used, sizeof(buffer) - used));
		const char *newline;

		io_stop(io, started, n > 0 ? (size_t)n : 0);
		if (n <= 0)
			break;
		used += (size_t)n;
		newline = memrchr(buffer, '\n', used);
		whole = newline ? (size_t)(newline + 1 - buffer) : 0;
		if (!count_below((struct slice){buffer, whole}, end, &count))
			break;
		used -= whole;
		memmove(buffer, buffer + whole, used);
	}
	return count;
}

/* Whether the mappings that were read are no longer there, below the last one. */
static bool have_gone(struct limits *l, const struct mapping *last)
{
	enum { MAPPINGS = 1000 };
	uint64_t seen = l->seen.mappings, count;
	int fd = procdir_open(l->dir, "maps");

	if (fd < 0)
		return false;
	count = count_lines(l->io, fd, last->end, seen);
	close(fd);
	return exceeds(seen, count, MAPPINGS);
}

static bool is_suspect(struct limits *l)
{
	if (!exceeds(l->seen.size, l->max.size, 0))
		return false;
	look_again(l);
	return exceeds(l->seen.size, l->max.size, 0);
}

static bool is_counted_again(struct limits *l)
{
	uint64_t seen = l->seen.mappings;

	if (seen < l->count_at && (seen < l->count_suspect_at || !is_suspect(l)))
		return false;
	l->count_suspect_at = COUNT_AGAIN * seen;
	if (seen >= l->count_at)
		l->count_at = COUNT_AGAIN * seen;
	return true;
}

static int reject(struct error *e)
{
	return error_set(e, ERROR_TRUNCATED,
			 "it moved its memory during the reading, so that more was read than it "
			 "has");
}

static int take(void *ctx, const struct mapping *m, struct error *e)
{
	struct limits *l = ctx;

	l->seen.mappings++;
	l->seen.size += m->end - m->start;
	l->seen.resident += m->counters.bytes[COUNTER_RSS];
	if (is_too_much(l)) {
		look_again(l);
		if (is_too_much(l))
			return reject(e);
	}
	if (is_counted_again(l) && have_gone(l, m))
		return reject(e);
	return stage_take(l->next, m, e);
}

struct stage limits_begin(struct limits *l, struct io *io, const struct procdir *dir,
			  struct stage next)
{
	*l = (struct limits){.next = next,
			     .io = io,
			     .dir = dir,
			     .count_at = COUNT_ANY,
			     .count_suspect_at = COUNT_SUSPECT};
	if (!procdir_statm(dir, &l->max.size, &l->max.resident))
		return next;
	return (struct stage){take, l};
}
