#include "parse/counters.h"

#define COUNTER_KEY(id, key, name, header, help) [COUNTER_##id] = SLICE_INIT(key),
static const struct slice keys[COUNTER_COUNT] = {ALL_COUNTERS(COUNTER_KEY)};
#undef COUNTER_KEY

void counters_zero(struct counters *sum)
{
	*sum = (struct counters){.known = COUNTERS_ALL_KNOWN};
}

static bool add_exactly(struct counters *sum, const struct counters *part)
{
	bool exact = true;

	for (int i = 0; i < COUNTER_COUNT; i++) {
		if (part->bytes[i] > COUNTER_MAX || sum->bytes[i] > COUNTER_MAX - part->bytes[i]) {
			sum->bytes[i] = COUNTER_MAX;
			exact = false;
		} else {
			sum->bytes[i] += part->bytes[i];
		}
	}
	return exact;
}

bool counters_add(struct counters *sum, const struct counters *part)
{
	uint64_t all[COUNTER_COUNT], high = 0;

	sum->known &= part->known;
	/* The sum of two numbers below 2^63 passes COUNTER_MAX only if its highest bit is set. One
	 * branchless loop handles nearly every case. */
	for (int i = 0; i < COUNTER_COUNT; i++) {
		all[i] = sum->bytes[i] + part->bytes[i];
		high |= all[i] | part->bytes[i];
	}
	if (high > COUNTER_MAX)
		return add_exactly(sum, part);
	memcpy(sum->bytes, all, sizeof(all));
	return true;
}

void counters_derive(struct counters *c)
{
	const uint32_t parts =
		COUNTER_BIT(COUNTER_PRIVATE_CLEAN) | COUNTER_BIT(COUNTER_PRIVATE_DIRTY);

	if ((c->known & parts) == parts &&
	    !__builtin_add_overflow(c->bytes[COUNTER_PRIVATE_CLEAN],
				    c->bytes[COUNTER_PRIVATE_DIRTY], &c->bytes[COUNTER_USS]))
		c->known |= COUNTER_BIT(COUNTER_USS);
}

int counter_find(struct slice key, unsigned *expected)
{
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		unsigned c = (*expected + i) % COUNTER_COUNT;

		if (key.len && slice_equals(key, keys[c])) {
			*expected = (c + 1) % COUNTER_COUNT;
			return (int)c;
		}
	}
	return -1;
}

unsigned field_mark(struct slice key, uint32_t known)
{
	static const struct {
		struct slice key;
		unsigned mark;
	} marks[] = {
		{SLICE_INIT("KernelPageSize"), MARK_KERNEL_PAGE_SIZE},
		{SLICE_INIT("MMUPageSize"), MARK_MMU_PAGE_SIZE},
		{SLICE_INIT("THPeligible"), MARK_THP_ELIGIBLE},
		{SLICE_INIT("VmFlags"), MARK_VM_FLAGS},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		if (!slice_equals(key, marks[i].key))
			continue;
		return marks[i].mark == MARK_KERNEL_PAGE_SIZE && !(known & COUNTER_BIT(COUNTER_RSS))
			       ? MARK_KERNEL_PAGE_SIZE | MARK_IS_RECENT
			       : marks[i].mark;
	}
	return 0;
}
