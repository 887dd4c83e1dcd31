#include "source/division.h"

#include "source/pages.h"

static bool has_pages(const struct counters *c)
{
	return c->bytes[COUNTER_RSS] || c->bytes[COUNTER_SWAP];
}

bool division_is_exclusive(const struct mapping *whole)
{
	static const enum counter none[] = {COUNTER_SHARED_CLEAN, COUNTER_SHARED_DIRTY,
					    COUNTER_SWAP};

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		if (!counters_know(&whole->counters, none[i]) || whole->counters.bytes[none[i]])
			return false;
	}
	return true;
}

static int count_pages(struct division *d, struct process_memory *memory)
{
	if (!process_memory_open(memory))
		return -1;
	if (division_is_exclusive(d->whole))
		return pages_count_exclusive(memory->map, d->parts, d->count);
	return memory->io->reading.max_stall_ns > 0
		       ? pages_count_sparing(memory->map, d->parts, d->count)
		       : pages_count(memory->map, d->parts, d->count);
}

int division_count(struct division *d, struct process_memory *memory)
{
	const struct counters *whole = &d->whole->counters;

	d->swap_known = true;
	if (d->count <= 1 || !has_pages(whole))
		return 0;
	if (!d->is_counted && count_pages(d, memory) < 0)
		return -1;
	/* Page tables do not show which shared memory is swapped. */
	d->swap_known = mapping_has_inode(d->whole) ||
			pages_settle_swap(d->parts, d->count, whole->bytes[COUNTER_SWAP]);
	return 0;
}

static struct mapping make_part(const struct mapping *whole, const struct part *part,
				const struct counters *counters)
{
	struct mapping m = *whole;

	m.start = part->start;
	m.end = part->end;
	if (mapping_has_inode(&m))
		m.offset += part->start - whole->start;
	m.counters = *counters;
	return m;
}

int division_deliver(const struct division *d, division_fn *take, void *ctx, struct error *e)
{
	const struct counters *whole = &d->whole->counters;
	struct apportionment apportionment;
	struct counters counters = {0};
	int status = 0;

	if (d->count > 1)
		apportion_begin(&apportionment, whole, d->parts, d->count);
	for (size_t i = 0; status == 0 && i < d->count; i++) {
		struct mapping m;

		if (d->count == 1)
			counters = *whole;
		else if (whole->known)
			apportion_next(&apportionment, &d->parts[i], &counters);
		if (!d->swap_known)
			counters.known &=
				~(COUNTER_BIT(COUNTER_SWAP) | COUNTER_BIT(COUNTER_SWAP_PSS));
		m = make_part(d->whole, &d->parts[i], &counters);
		status = take(ctx, &m, &d->parts[i], e);
	}
	return status;
}
