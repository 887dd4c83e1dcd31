/* scanned: what pages alone tell about a mapping, by kind. */
#include "support.h"

#include "model/scanned.h"

enum { KIB = 1024 };

static struct scanned scanned;
static struct counters c;

static void begin(bool no_swap, bool private_anon)
{
	struct scan_facts facts = {.no_swap = no_swap, .private_anon = private_anon};

	facts.rollup.known = COUNTER_BIT(COUNTER_PSS) | COUNTER_BIT(COUNTER_ANONYMOUS);
	facts.rollup.bytes[COUNTER_PSS] = 100 * KIB;
	facts.rollup.bytes[COUNTER_ANONYMOUS] = 90 * KIB;
	scanned_begin(&scanned, &facts);
}

static void conclude(enum kind kind, const char *perms, uint32_t dev_major, uint64_t resident,
		     uint64_t swapped)
{
	struct mapping m = {.start = 0, .end = 256 * KIB, .dev_major = dev_major};

	memcpy(m.perms, perms, sizeof(m.perms));
	m.counters.bytes[COUNTER_SIZE] = m.end;
	m.counters.bytes[COUNTER_RSS] = resident;
	m.counters.bytes[COUNTER_SWAP] = swapped;
	scanned_conclude(&scanned, &m, kind, &c);
	assert_int_equal(c.bytes[COUNTER_SIZE], 256 * KIB);
	assert_int_equal(c.bytes[COUNTER_RSS], resident);
}

static void conclude_driver(const char *name, uint64_t resident, bool exclusive)
{
	struct mapping m = {.end = 256 * KIB, .perms = "rw-s", .name = slice_of(name)};

	m.counters.bytes[COUNTER_SIZE] = m.end;
	m.counters.bytes[COUNTER_RSS] = resident;
	if (exclusive)
		m.counters.known = COUNTER_BIT(COUNTER_PSS) | COUNTER_BIT(COUNTER_USS);
	scanned_conclude(&scanned, &m, KIND_SPECIAL, &c);
}

static bool knows(enum counter counter, uint64_t bytes)
{
	return counters_know(&c, counter) && c.bytes[counter] == bytes;
}

TEST(anonymous_memory)
{
	begin(false, false);
	conclude(KIND_ANON, "rw-p", 0, 64 * KIB, 8 * KIB);
	assert_true(knows(COUNTER_ANONYMOUS, 64 * KIB));
	assert_true(knows(COUNTER_SWAP, 8 * KIB));
	assert_false(counters_know(&c, COUNTER_SWAP_PSS));
	assert_false(counters_know(&c, COUNTER_PSS));
	conclude(KIND_ANON, "rw-p", 0, 64 * KIB, 0);
	assert_true(knows(COUNTER_SWAP_PSS, 0));
}

static void conclude_counted(enum kind kind, const char *perms, uint64_t exclusive)
{
	struct mapping m = {.end = 256 * KIB, .dev_major = 8};

	memcpy(m.perms, perms, sizeof(m.perms));
	m.counters.bytes[COUNTER_SIZE] = m.end;
	m.counters.bytes[COUNTER_RSS] = 64 * KIB;
	m.counters.bytes[COUNTER_USS] = m.counters.bytes[COUNTER_PSS] = exclusive;
	m.counters.known = COUNTER_BIT(COUNTER_USS);
	if (exclusive == 64 * KIB)
		m.counters.known |= COUNTER_BIT(COUNTER_PSS);
	scanned_conclude(&scanned, &m, kind, &c);
}

TEST(pages_counted_one_by_one)
{
	static const enum kind kinds[] = {KIND_ANON, KIND_FILE, KIND_SHMEM};

	begin(false, false);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		conclude_counted(kinds[i], "rw-p", 64 * KIB);
		assert_true(knows(COUNTER_PSS, 64 * KIB));
		assert_true(knows(COUNTER_USS, 64 * KIB));
		conclude_counted(kinds[i], "rw-p", 24 * KIB);
		assert_false(counters_know(&c, COUNTER_PSS));
		assert_int_equal(c.bytes[COUNTER_PSS], 24 * KIB);
		assert_true(knows(COUNTER_USS, 24 * KIB));
	}
}

/* If nothing anonymous is shared, PSS and USS equal RSS, and the rest of the rollup belongs to
 * files.
 */
TEST(anonymous_memory_that_nobody_shares)
{
	struct counters rest;

	begin(false, true);
	conclude(KIND_ANON, "rw-p", 0, 64 * KIB, 0);
	assert_true(knows(COUNTER_PSS, 64 * KIB));
	assert_true(knows(COUNTER_USS, 64 * KIB));
	conclude(KIND_FILE, "r--p", 8, 128 * KIB, 0);
	assert_false(counters_know(&c, COUNTER_PSS));
	scanned_rest(&scanned, &rest);
	assert_true(counters_know(&rest, COUNTER_PSS));
	assert_int_equal(rest.bytes[COUNTER_PSS], 36 * KIB);
	assert_int_equal(rest.bytes[COUNTER_ANONYMOUS], 26 * KIB);
	assert_false(counters_know(&rest, COUNTER_USS));
}

TEST(shared_memory_spoils_the_rest)
{
	struct counters rest;

	begin(false, true);
	conclude(KIND_SHMEM, "rw-s", 0, 0, 0);
	assert_true(knows(COUNTER_PSS, 0));
	scanned_rest(&scanned, &rest);
	assert_true(rest.known);
	conclude(KIND_SHMEM, "rw-s", 0, 4 * KIB, 0);
	assert_false(counters_know(&c, COUNTER_PSS));
	assert_false(counters_know(&c, COUNTER_SWAP));
	scanned_rest(&scanned, &rest);
	assert_false(rest.known);
}

/* The kernel's own pages belong to everybody; a driver's ring may belong to one process alone. */
TEST(special_memory)
{
	struct counters rest;

	begin(false, true);
	conclude_driver("[vdso]", 8 * KIB, false);
	assert_true(knows(COUNTER_PSS, 0));
	assert_true(knows(COUNTER_SWAP, 0));
	conclude_driver("socket:[1]", 0, false);
	assert_true(knows(COUNTER_USS, 0));
	conclude_driver("socket:[1]", 40 * KIB, true);
	assert_true(knows(COUNTER_PSS, 40 * KIB));
	assert_true(knows(COUNTER_USS, 40 * KIB));
	assert_true(knows(COUNTER_ANONYMOUS, 0));
	scanned_rest(&scanned, &rest);
	assert_true(counters_know(&rest, COUNTER_PSS));
	assert_int_equal(rest.bytes[COUNTER_PSS], 60 * KIB);
	conclude_driver("anon_inode:[io_uring]", 4 * KIB, false);
	assert_false(counters_know(&c, COUNTER_PSS));
	assert_false(counters_know(&c, COUNTER_USS));
	scanned_rest(&scanned, &rest);
	assert_false(rest.known);
}

TEST(shared_memory_that_is_mapped_whole_is_not_swapped)
{
	begin(false, false);
	conclude(KIND_SHMEM, "rw-s", 0, 256 * KIB, 0);
	assert_true(knows(COUNTER_SWAP, 0));
	conclude(KIND_SHMEM, "rw-s", 0, 252 * KIB, 0);
	assert_false(counters_know(&c, COUNTER_SWAP));
}

TEST(nothing_proven_has_no_rest)
{
	struct counters rest;

	begin(false, false);
	scanned_rest(&scanned, &rest);
	assert_false(rest.known);
}

TEST(files)
{
	begin(false, false);
	conclude(KIND_FILE, "r--p", 8, 4 * KIB, 0);
	assert_true(knows(COUNTER_SWAP, 0));
	assert_false(counters_know(&c, COUNTER_ANONYMOUS));
	conclude(KIND_FILE, "r--p", 0, 4 * KIB, 0); /* the file may be in memory */
	assert_false(counters_know(&c, COUNTER_SWAP));
	conclude(KIND_FILE, "r--s", 0, 4 * KIB, 0);
	assert_true(knows(COUNTER_ANONYMOUS, 0));
	begin(true, false);
	conclude(KIND_FILE, "r--p", 0, 4 * KIB, 0);
	assert_true(knows(COUNTER_SWAP, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anonymous_memory),
		cmocka_unit_test(pages_counted_one_by_one),
		cmocka_unit_test(anonymous_memory_that_nobody_shares),
		cmocka_unit_test(shared_memory_spoils_the_rest),
		cmocka_unit_test(special_memory),
		cmocka_unit_test(shared_memory_that_is_mapped_whole_is_not_swapped),
		cmocka_unit_test(nothing_proven_has_no_rest),
		cmocka_unit_test(files),
	};

	return RUN(tests);
}
