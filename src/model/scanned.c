#include "model/scanned.h"

void scanned_begin(struct scanned *s, const struct scan_facts *facts)
{
	*s = (struct scanned){.facts = *facts};
	counters_zero(&s->proven);
}

static void know(struct counters *c, enum counter counter, uint64_t bytes)
{
	c->bytes[counter] = bytes;
	c->known |= COUNTER_BIT(counter);
}

/* If nothing is swapped, SwapPss is 0 too. */
static void know_swap(struct counters *c, uint64_t bytes)
{
	know(c, COUNTER_SWAP, bytes);
	if (bytes == 0)
		know(c, COUNTER_SWAP_PSS, 0);
}

static void know_shares(struct counters *c, uint64_t bytes)
{
	know(c, COUNTER_PSS, bytes);
	know(c, COUNTER_USS, bytes);
}

static void know_proven(struct scanned *s, uint64_t bytes, struct counters *c)
{
	know_shares(c, bytes);
	counters_add(&s->proven, c);
}

static void conclude_anon(struct scanned *s, uint64_t resident, uint64_t swapped,
			  struct counters *c)
{
	know(c, COUNTER_ANONYMOUS, resident);
	know_swap(c, swapped);
	if (s->facts.private_anon)
		know_proven(s, resident, c);
}

static void conclude_file(const struct scanned *s, const struct mapping *m, uint64_t swapped,
			  struct counters *c)
{
	/* Page tables do not show swapped pages of a file in memory; only a file system on a real
	 * device is certain not to be one. */
	if (m->dev_major != 0 || s->facts.no_swap)
		know_swap(c, swapped);
	if (m->perms[3] == 's')
		know(c, COUNTER_ANONYMOUS, 0);
}

static void conclude_shared(struct scanned *s, const struct mapping *m, uint64_t resident,
			    struct counters *c)
{
	/* If a process maps every page, none is swapped. */
	if (s->facts.no_swap || (m->perms[3] == 's' && resident == m->end - m->start))
		know_swap(c, 0);
	if (m->perms[3] == 's' || resident == 0)
		know(c, COUNTER_ANONYMOUS, 0);
	if (resident == 0)
		know_shares(c, 0);
	s->unproven_seen |= resident > 0;
}

/* Pages that all processes share: the PSS of one process is too small for smaps to show. */
static bool is_kernels(const struct mapping *m)
{
	static const struct slice names[] = {
		SLICE_INIT("[vdso]"),	  SLICE_INIT("[vvar]"),	   SLICE_INIT("[vvar_vclock]"),
		SLICE_INIT("[vsyscall]"), SLICE_INIT("[vectors]"), SLICE_INIT("[sigpage]"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (slice_equals(m->name, names[i]))
			return true;
	}
	return false;
}

/* Rings and buffers of drivers: their shares are known only if the scan proved them. */
static void conclude_special(struct scanned *s, const struct mapping *m, uint64_t resident,
			     uint64_t swapped, struct counters *c)
{
	know_swap(c, swapped);
	if (m->perms[3] == 's' || is_kernels(m))
		know(c, COUNTER_ANONYMOUS, 0);
	if (resident == 0 || is_kernels(m))
		know_shares(c, 0);
	else if (counters_know(&m->counters, COUNTER_PSS) && counters_know(c, COUNTER_ANONYMOUS))
		know_proven(s, resident, c);
	else
		s->unproven_seen = true;
}

/* What the scan counted page by page, if nothing more is known. */
static void take_counted(const struct mapping *m, struct counters *c)
{
	if (!counters_know(&m->counters, COUNTER_USS) || counters_know(c, COUNTER_PSS))
		return;
	know(c, COUNTER_USS, m->counters.bytes[COUNTER_USS]);
	c->bytes[COUNTER_PSS] = m->counters.bytes[COUNTER_PSS];
	c->known |= m->counters.known & COUNTER_BIT(COUNTER_PSS);
}

void scanned_conclude(struct scanned *s, const struct mapping *m, enum kind kind,
		      struct counters *c)
{
	uint64_t resident = m->counters.bytes[COUNTER_RSS];
	uint64_t swapped = m->counters.bytes[COUNTER_SWAP];

	*c = (struct counters){0};
	know(c, COUNTER_SIZE, m->counters.bytes[COUNTER_SIZE]);
	know(c, COUNTER_RSS, resident);
	know(c, COUNTER_SHARED_HUGETLB, 0); /* otherwise the process would not be scanned */
	know(c, COUNTER_PRIVATE_HUGETLB, 0);
	switch (kind) {
	case KIND_ANON:
		conclude_anon(s, resident, swapped, c);
		break;
	case KIND_SPECIAL:
		conclude_special(s, m, resident, swapped, c);
		break;
	case KIND_FILE:
		conclude_file(s, m, swapped, c);
		break;
	case KIND_SHMEM:
	case KIND_COUNT:
		conclude_shared(s, m, resident, c);
		break;
	}
	take_counted(m, c);
}

void scanned_rest(const struct scanned *s, struct counters *c)
{
	static const enum counter told[] = {COUNTER_PSS, COUNTER_USS, COUNTER_ANONYMOUS};
	const struct counters *rollup = &s->facts.rollup;

	*c = (struct counters){0};
	if (!s->facts.private_anon || s->unproven_seen)
		return;
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		enum counter counter = told[i];

		if (counters_know(rollup, counter) &&
		    rollup->bytes[counter] >= s->proven.bytes[counter])
			know(c, counter, rollup->bytes[counter] - s->proven.bytes[counter]);
	}
}
