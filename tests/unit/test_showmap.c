#include "parse/showmap.h"

#include "support.h"

#define FIRST  " virtual                     shared   shared  private  private"
#define SECOND "    size      RSS      PSS    clean    dirty    clean    dirty     swap  swapPSS"
#define HUGE   " HugePages PmdMapped PmdMapped  Hugetlb  Hugetlb"
#define RULE   "-------- -------- ------------------------------"

static enum showmap_line take(struct showmap *t, const char *line, struct mapping *m)
{
	return showmap_take(t, slice_of(line), m);
}

/* A table whose second line of titles is given, up to its rows. */
static void begin(struct showmap *t, const char *first, const char *second)
{
	struct mapping m;

	*t = (struct showmap){.state = SHOWMAP_OUTSIDE};
	assert_int_equal(take(t, first, &m), SHOWMAP_BEGIN);
	assert_int_equal(take(t, second, &m), SHOWMAP_NOTHING);
	assert_int_equal(take(t, RULE, &m), SHOWMAP_NOTHING);
}

static void assert_name(const struct mapping *m, const char *name)
{
	assert_true(slice_equals(m->name, slice_of(name)));
}

static void merged_rows(void **state)
{
	struct showmap t;
	struct mapping m;

	(void)state;
	begin(&t, FIRST, SECOND "   #  object");
	assert_int_equal(take(&t, "10 9 8 7 6 5 4 3 2  3 /x y", &m), SHOWMAP_MAPPING);
	assert_name(&m, "/x y");
	assert_int_equal(m.merged, 2);
	assert_int_equal(m.counters.bytes[COUNTER_SIZE], 10 * 1024);
	assert_int_equal(m.counters.bytes[COUNTER_SHARED_CLEAN], 7 * 1024);
	assert_int_equal(m.counters.bytes[COUNTER_PRIVATE_DIRTY], 4 * 1024);
	assert_int_equal(m.counters.bytes[COUNTER_SWAP_PSS], 2 * 1024);
	assert_int_equal(m.counters.bytes[COUNTER_USS], 9 * 1024);
	assert_false(counters_know(&m.counters, COUNTER_ANONYMOUS));
	assert_int_equal(m.end, 0);
	assert_string_equal(m.perms, "");
	assert_int_equal(take(&t, "1 0 0 0 0 0 0 0 0 1  blank", &m), SHOWMAP_MAPPING);
	assert_name(&m, " blank");
	assert_int_equal(m.merged, 0);
	assert_int_equal(take(&t, "1 0 0 0 0 0 0 0 0 1 [anon]", &m), SHOWMAP_MAPPING);
	assert_name(&m, "");
	assert_int_equal(take(&t, "1 0 0 0 0 0 0 0 0 1 /l.so [bss]", &m), SHOWMAP_MAPPING);
	assert_name(&m, "");
}

/* The row of totals is the last one behind the second titles; a name may be the same. */
static void totals(void **state)
{
	struct showmap t;
	struct mapping m;

	(void)state;
	begin(&t, FIRST, SECOND " object");
	assert_int_equal(take(&t, "1 0 0 0 0 0 0 0 0 TOTAL", &m), SHOWMAP_MAPPING);
	assert_name(&m, "TOTAL");
	assert_int_equal(take(&t, RULE, &m), SHOWMAP_NOTHING);
	assert_int_equal(take(&t, FIRST, &m), SHOWMAP_NOTHING);
	assert_int_equal(take(&t, SECOND " object", &m), SHOWMAP_NOTHING);
	assert_int_equal(take(&t, RULE, &m), SHOWMAP_NOTHING);
	assert_true(showmap_is_open(&t));
	assert_int_equal(take(&t, "1 0 0 0 0 0 0 0 0 TOTAL", &m), SHOWMAP_END);
	assert_false(showmap_is_open(&t));
	assert_int_equal(take(&t, "1 0 0 0 0 0 0 0 0 x", &m), SHOWMAP_OTHER);
}

/* Merged rows of showmap count shared pages of hugetlbfs among the private ones. */
static void huge_pages(void **state)
{
	struct showmap t;
	struct mapping m;

	(void)state;
	begin(&t, FIRST "   Anon Shmem File Shared Private", SECOND HUGE "   #  object");
	assert_int_equal(take(&t, "1 0 0 0 0 0 0 0 0 4 5 6 7 8 1 x", &m), SHOWMAP_MAPPING);
	assert_int_equal(m.counters.bytes[COUNTER_ANON_HUGE_PAGES], 4 * 1024);
	assert_int_equal(m.counters.bytes[COUNTER_FILE_PMD_MAPPED], 6 * 1024);
	assert_int_equal(m.counters.bytes[COUNTER_PRIVATE_HUGETLB], 8 * 1024);
	assert_int_equal(take(&t, "1 0 0 0 0 0 0 0 0 4 5 6 7 8 2 x", &m), SHOWMAP_MAPPING);
	assert_true(counters_know(&m.counters, COUNTER_SHARED_HUGETLB));
	assert_false(counters_know(&m.counters, COUNTER_PRIVATE_HUGETLB));
}

static void addresses_and_flags(void **state)
{
	struct showmap t;
	struct mapping m;

	(void)state;
	begin(&t, "           start              end " FIRST,
	      "            addr             addr " SECOND " flags  object");
	assert_int_equal(take(&t, "12c00000 13440000 1 0 0 0 0 0 0 0 0    r-x /a", &m),
			 SHOWMAP_MAPPING);
	assert_int_equal(m.start, 0x12c00000);
	assert_int_equal(m.end, 0x13440000);
	assert_string_equal(m.perms, "r-x");
	assert_name(&m, "/a");
	assert_int_equal(take(&t, "2 1 1 0 0 0 0 0 0 0 0    r-x /a", &m), SHOWMAP_MALFORMED);
}

/* A column that a later version may have is passed over. */
static void unknown_columns(void **state)
{
	struct showmap t;
	struct mapping m;

	(void)state;
	begin(&t, FIRST, "size RSS Zram PSS Locked object");
	assert_int_equal(take(&t, "5 4 3 2 1 /a", &m), SHOWMAP_MAPPING);
	assert_int_equal(m.counters.bytes[COUNTER_PSS], 2 * 1024);
	assert_int_equal(m.counters.bytes[COUNTER_LOCKED], 1024);
	assert_false(counters_know(&m.counters, COUNTER_SWAP));
}

static void malformed(void **state)
{
	static const char *const rows[] = {"",
					   "1",
					   "1 0 0 0 0 0 0 0 0",
					   "1 0 0 0 0 0 0 0 0 x /a",
					   "1 0 0 0 0 0 0 0 0 1/a",
					   "1 0 0 0 0 0 0 0 -1 1 /a",
					   "1 0 0 0 0 0 0 0 0 5000000000 /a",
					   "18446744073709551615 0 0 0 0 0 0 0 0 1 /a"};
	struct showmap t;
	struct mapping m;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin(&t, FIRST, SECOND "   #  object");
		assert_int_equal(take(&t, rows[i], &m), SHOWMAP_MALFORMED);
	}
	assert_false(showmap_begins(slice_of(" virtual memory")));
	assert_false(showmap_begins(slice_of("start virtual shared shared private private")));
	t = (struct showmap){.state = SHOWMAP_OUTSIDE};
	assert_int_equal(take(&t, FIRST, &m), SHOWMAP_BEGIN);
	assert_int_equal(take(&t, "object size", &m), SHOWMAP_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merged_rows),	   cmocka_unit_test(totals),
		cmocka_unit_test(huge_pages),	   cmocka_unit_test(addresses_and_flags),
		cmocka_unit_test(unknown_columns), cmocka_unit_test(malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
