/*
 * No process has more memory than it has. But one that moves its memory upwards while it is read
 * from below is read again and again: for hours, if it is meant to, and counted as often. What is
 * more than it can have had at any moment is therefore no reading of it.
 */
#include "source/internal.h"

#include "parse/number.h"

#include <unistd.h>

/* Size and residence from statm, in bytes; false where that is not to be had. */
static bool read_statm(const struct procdir *dir, struct amount *amount)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), size, resident;
	char buffer[128];
	ssize_t n = procdir_read(dir, "statm", buffer, sizeof(buffer));
	struct slice text = {buffer, n > 0 ? (size_t)n : 0};

	if (!take_decimal(&text, &size) || !take_byte(&text, ' ') ||
	    !take_decimal(&text, &resident))
		return false;
	return !__builtin_mul_overflow(size, page, &amount->size) &&
	       !__builtin_mul_overflow(resident, page, &amount->resident);
}

uint64_t resident_pages(const struct procdir *dir)
{
	struct amount amount;

	return read_statm(dir, &amount) ? amount.resident / (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

void limits_begin(struct reader *r, const struct procdir *dir)
{
	struct limits *l = &r->limits;

	*l = (struct limits){.dir = dir};
	l->known = r->source->is_live && read_statm(dir, &l->most);
	l->most.mappings = r->source->mappings_most;
}

/* Something is allowed beyond it: the kernel keeps its counts in parts by each processor, and what
 * is read while a process takes memory and gives it back need not have been there at one moment. */
static bool exceeds(uint64_t seen, uint64_t most, uint64_t slack)
{
	uint64_t excess = seen > most ? seen - most : 0;

	return excess > slack && excess > most / 8;
}

static bool is_too_much(const struct limits *l)
{
	enum { MAPPINGS = 1000 };
	/* 256 processors can keep 1.5 GiB to themselves. */
	const uint64_t bytes = UINT64_C(4) << 30;

	return exceeds(l->seen.mappings, l->most.mappings, MAPPINGS) ||
	       exceeds(l->seen.size, l->most.size, bytes) ||
	       exceeds(l->seen.resident, l->most.resident, bytes);
}

/* It may have grown. */
static void look_again(struct limits *l)
{
	struct amount now;

	if (!read_statm(l->dir, &now))
		return;
	l->most.size = now.size > l->most.size ? now.size : l->most.size;
	l->most.resident = now.resident > l->most.resident ? now.resident : l->most.resident;
}

int limits_hold(struct reader *r, const struct mapping *m, struct error *e)
{
	struct limits *l = &r->limits;

	if (!l->known)
		return 0;
	l->seen.mappings++;
	l->seen.size += m->end - m->start;
	l->seen.resident += m->counters.bytes[COUNTER_RSS];
	if (!is_too_much(l))
		return 0;
	look_again(l);
	if (!is_too_much(l))
		return 0;
	return error_set(
		e, ERROR_TRUNCATED,
		"it moves its memory while that is read, so that more was read than it has");
}
