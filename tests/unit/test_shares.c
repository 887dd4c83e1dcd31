/* shares: dividing swapped shared memory among its mappings, and what is known about it. */
#include "support.h"

#include "model/fold.h"
#include "source/segments.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static struct shares shares;
static struct swapped_part parts[4];
static struct record record;

static int set_up(void **state)
{
	(void)state;
	shares_init(&shares);
	memset(parts, 0, sizeof(parts));
	record =
		(struct record){.process = {.known = PROCESS_PID, .pid = getpid()}, .parts = parts};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	shares_free(&shares);
	return 0;
}

static struct swapped_part *add_part(uint64_t inode, uint64_t swapped)
{
	struct swapped_part *p = &parts[record.part_count++];

	*p = (struct swapped_part){.segment = {.inode = inode, .dev_minor = 1},
				   .start = 0x10000,
				   .end = 0x20000,
				   .swapped = swapped};
	return p;
}

static void add_record(void)
{
	assert_true(shares_add(&shares, &record));
}

/* Pretends that it was measured. */
static void measured(uint32_t object, uint64_t swapped)
{
	shares.objects[object].known = true;
	shares.objects[object].swapped = swapped;
}

static void assert_share(const struct swapped_part *p, bool known, uint64_t wanted)
{
	uint64_t bytes;

	assert_int_equal(shares_of(&shares, p, &bytes), known);
	assert_true(bytes == wanted);
}

TEST(parts_of_one_object)
{
	add_part(5, 8192);
	add_part(5, 4096);
	add_part(6, 4096);
	add_part(5, 4096);
	add_record();
	measured(0, 12288);
	measured(1, 4096);
	assert_share(&parts[0], true, 6144);
	assert_share(&parts[1], true, 3072);
	assert_share(&parts[2], true, 4096);
	assert_share(&parts[3], true, 3072);
	assert_int_equal(shares_unmeasured(&shares), 0);
}

/* The product does not fit into 64 bits. */
TEST(large_objects)
{
	const uint64_t large = UINT64_C(1) << 62;

	add_part(5, large);
	add_part(5, large);
	add_record();
	measured(0, large);
	assert_share(&parts[0], true, large / 2);
}

/* A segment of another namespace, or a file of another device, may have the same number. */
TEST(objects_of_one_inode)
{
	add_part(5, 4096);
	add_part(5, 4096)->segment.space = 7;
	add_part(5, 4096)->segment.dev_minor = 2;
	add_record();
	assert_int_equal(shares_unmeasured(&shares), 3);
}

TEST(the_least)
{
	struct error e;
	struct source *s = source_open_files(NULL, 0, &e);

	add_part(5, 8192);
	add_part(5, 4096);
	add_record();
	shares_measure(&shares, s);
	source_close(s);
	assert_int_equal(shares_unmeasured(&shares), 1);
	assert_share(&parts[0], false, 5461);
	assert_share(&parts[1], false, 2730);
}

TEST(what_was_scanned_says_nothing)
{
	struct group group = {.counters = {.known = 0}};

	record.groups = &group;
	record.count = 1;
	add_record();
	assert_false(shares.incomplete);
	record.how = HOW_BIT(HOW_SCANNED);
	add_record();
	assert_true(shares.incomplete);
	add_part(5, 4096);
	add_record();
	measured(0, 4096);
	assert_share(&parts[0], false, 0);
}

TEST(what_is_unheard_of)
{
	uint64_t bytes;

	add_part(5, 4096);
	assert_share(&parts[0], false, 0);
	assert_false(shares_of(NULL, &parts[0], &bytes));
}

/* In each group, whatever the order of folding. */
TEST(folded)
{
	static const struct grouping by = {.keys = {KEY_LABEL, KEY_KIND}, .count = 2};
	static const struct grouping label = {.keys = {KEY_LABEL}, .count = 1};
	struct group groups[2] = {{.counters = {.known = COUNTERS_ALL_KNOWN}, .processes = 1},
				  {.counters = {.known = COUNTERS_ALL_KNOWN}, .processes = 1}};
	symbol keys[] = {1, 2, 3, 2};
	struct aggregate sums;
	struct group totals;
	struct fold f;

	groups[0].counters.bytes[COUNTER_SWAP_PSS] = 100;
	record.groups = groups;
	record.keys = keys;
	record.count = 2;
	record.process.pid = 7;
	add_part(5, 4096);
	add_part(5, 4096);
	add_part(5, 8192)->group = 1;
	add_part(5, 16384)->group = GROUP_NONE;
	add_record();
	measured(0, 16384);
	aggregate_init(&sums, 1);
	group_zero(&totals);
	fold_init(&f, &by, &label, &sums, &totals);
	f.shares = &shares;
	assert_true(fold_add(&f, &record));
	assert_true(sums.groups[0].counters.bytes[COUNTER_SWAP_PSS] == 4196);
	assert_true(sums.groups[1].counters.bytes[COUNTER_SWAP_PSS] == 4096);
	assert_true(totals.counters.bytes[COUNTER_SWAP_PSS] == 8292);
	assert_true(counters_know(&totals.counters, COUNTER_SWAP_PSS));
	assert_true(groups[0].counters.bytes[COUNTER_SWAP_PSS] == 100);
	fold_free(&f);
	/* The same when added later. */
	aggregate_reset(&sums);
	group_zero(&totals);
	fold_init(&f, &by, &label, &sums, &totals);
	f.shares_follow = true;
	assert_true(fold_add(&f, &record));
	assert_true(totals.counters.bytes[COUNTER_SWAP_PSS] == 100);
	f.shares = &shares;
	fold_add_shares(&f, &record);
	assert_true(sums.groups[0].counters.bytes[COUNTER_SWAP_PSS] == 4196);
	assert_true(sums.groups[1].counters.bytes[COUNTER_SWAP_PSS] == 4096);
	assert_true(totals.counters.bytes[COUNTER_SWAP_PSS] == 8292);
	assert_true(counters_know(&totals.counters, COUNTER_SWAP_PSS));
	fold_free(&f);
	/* Only the second one; and without shares, nothing is known. */
	aggregate_reset(&sums);
	group_zero(&totals);
	fold_init(&f, &by, &label, &sums, &totals);
	fold_fix(&f, KEY_LABEL, 3);
	f.shares = &shares;
	assert_true(fold_add(&f, &record));
	assert_true(totals.counters.bytes[COUNTER_SWAP_PSS] == 4096);
	f.shares = NULL;
	assert_true(fold_add(&f, &record));
	assert_true(totals.counters.bytes[COUNTER_SWAP_PSS] == 4096);
	assert_false(counters_know(&totals.counters, COUNTER_SWAP_PSS));
	fold_free(&f);
	aggregate_free(&sums);
}

/* An object that this process maps, as far as it may be examined. */
TEST(an_object_that_is_there)
{
	const size_t size = 65536;
	int fd = memfd_create("shares", MFD_CLOEXEC);
	struct segment_facts facts;
	struct error e;
	struct source *s = source_open_proc(NULL, NULL, 0, &e);
	struct stat st;
	struct segment_id id;
	char *at;

	assert_non_null(s);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(at != MAP_FAILED);
	memset(at, 1, 8192);
	assert_int_equal(fstat(fd, &st), 0);
	id = (struct segment_id){
		.inode = st.st_ino, .dev_major = major(st.st_dev), .dev_minor = minor(st.st_dev)};
	segment_look(s, getpid(), (uintptr_t)at, (uintptr_t)at + size, &id, &facts);
	if (facts.known) {
		assert_true(facts.size == size);
		assert_true(facts.allocated == 8192);
	} else {
		assert_int_not_equal(geteuid(), 0);
	}
	if (facts.swapped_known)
		assert_true(facts.swapped == 0);
	/* If it is not the expected object, it is not examined. */
	id.inode++;
	segment_look(s, getpid(), (uintptr_t)at, (uintptr_t)at + size, &id, &facts);
	assert_false(facts.known || facts.swapped_known);
	id.inode--;
	segment_look(s, getpid(), (uintptr_t)at, (uintptr_t)at + 4096, &id, &facts);
	assert_false(facts.known || facts.swapped_known);
	munmap(at, size);
	close(fd);
	source_close(s);
}

#define SHARES_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SHARES_TEST(parts_of_one_object),
		SHARES_TEST(large_objects),
		SHARES_TEST(objects_of_one_inode),
		SHARES_TEST(the_least),
		SHARES_TEST(what_was_scanned_says_nothing),
		SHARES_TEST(what_is_unheard_of),
		SHARES_TEST(folded),
		SHARES_TEST(an_object_that_is_there),
	};

	return RUN(tests);
}
