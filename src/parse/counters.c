#include "parse/counters.h"

void counters_zero(struct counters *sum)
{
	*sum = (struct counters){.known = COUNTERS_ALL_KNOWN};
}

static bool add(uint64_t *sum, uint64_t part)
{
	if (part > COUNTER_MAX || *sum > COUNTER_MAX - part) {
		*sum = COUNTER_MAX;
		return false;
	}
	*sum += part;
	return true;
}

bool counters_add(struct counters *sum, const struct counters *part)
{
	bool exact = true;

	sum->known &= part->known;
	for (int i = 0; i < COUNTER_COUNT; i++)
		exact &= add(&sum->bytes[i], part->bytes[i]);
	return exact;
}

bool counters_uss(const struct counters *c, uint64_t *bytes)
{
	*bytes = c->bytes[COUNTER_PRIVATE_CLEAN];
	(void)add(bytes, c->bytes[COUNTER_PRIVATE_DIRTY]);
	return counters_know(c, COUNTER_PRIVATE_CLEAN) && counters_know(c, COUNTER_PRIVATE_DIRTY);
}
