#include "source/limits.h"

/* Some more is allowed: the kernel keeps its counts in parts by processor, and what is read while a
 * process takes memory and gives it back need not have been there at one moment. */
static bool exceeds(uint64_t seen, uint64_t max, uint64_t slack)
{
	uint64_t excess = seen > max ? seen - max : 0;

	return excess > slack && excess > max / 8;
}

static bool is_too_much(const struct limits *l)
{
	enum { MAPPINGS = 1000 };
	/* 256 processors can keep 1.5 GiB to themselves. */
	const uint64_t bytes = UINT64_C(4) << 30;

	return exceeds(l->seen.mappings, l->max.mappings, MAPPINGS) ||
	       exceeds(l->seen.size, l->max.size, bytes) ||
	       exceeds(l->seen.resident, l->max.resident, bytes);
}

/* It may have grown. */
static void look_again(struct limits *l)
{
	uint64_t size, resident;

	if (!procdir_statm(l->dir, &size, &resident))
		return;
	l->max.size = size > l->max.size ? size : l->max.size;
	l->max.resident = resident > l->max.resident ? resident : l->max.resident;
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
			return error_set(e, ERROR_TRUNCATED,
					 "it moved its memory during the reading, so that more was "
					 "read than it has");
	}
	return stage_take(l->next, m, e);
}

struct stage limits_begin(struct limits *l, const struct procdir *dir, uint64_t max_mappings,
			  struct stage next)
{
	*l = (struct limits){.next = next, .dir = dir, .max.mappings = max_mappings};
	if (max_mappings == 0 || !procdir_statm(dir, &l->max.size, &l->max.resident))
		return next;
	return (struct stage){take, l};
}
