/* remembered: a mapping is looked at once, until it changes. */
#include "support.h"

#include "source/remembered.h"

static struct remembered *memory;
static const struct remembered_place place = {7, 100, 0x10000, 0x90000, 0x80000};

static int set_up(void **state)
{
	(void)state;
	memory = remembered_new();
	remembered_begin(memory);
	return memory ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	remembered_free(memory);
	return 0;
}

static void keep(struct remembered_place p, size_t count)
{
	struct content_part parts[REMEMBERED_PARTS + 1];

	for (size_t i = 0; i <= REMEMBERED_PARTS; i++)
		parts[i] = (struct content_part){p.start + i, p.end, (unsigned)i + 1};
	remembered_keep(memory, &p, parts, count);
}

static int find(struct remembered_place p)
{
	struct content_part parts[REMEMBERED_PARTS];
	size_t count;

	if (!remembered_find(memory, &p, parts, &count))
		return -1;
	for (size_t i = 0; i < count; i++)
		assert_int_equal(parts[i].start, p.start + i);
	return (int)count;
}

TEST(what_was_found_is_kept)
{
	assert_int_equal(find(place), -1);
	keep(place, 2);
	assert_int_equal(find(place), 2);
	remembered_begin(memory);
	assert_int_equal(find(place), 2);
	keep(place, 0);
	assert_int_equal(find(place), 0);
}

TEST(another_mapping_is_another)
{
	struct remembered_place other = place;

	keep(place, 1);
	other.pid++;
	assert_int_equal(find(other), -1);
	other = place;
	other.start_time++;
	assert_int_equal(find(other), -1);
	other = place;
	other.start += 0x1000;
	assert_int_equal(find(other), -1);
}

TEST(what_has_changed_is_looked_at_again)
{
	struct remembered_place now = place;

	keep(place, 1);
	now.resident -= 0x10000;
	assert_int_equal(find(now), 1);
	now.resident -= 0x1000;
	assert_int_equal(find(now), -1);
	now = place;
	now.end += 0x1000;
	assert_int_equal(find(now), -1);
}

TEST(what_has_many_parts_is_not_kept)
{
	keep(place, REMEMBERED_PARTS + 1);
	assert_int_equal(find(place), -1);
	keep(place, REMEMBERED_PARTS);
	assert_int_equal(find(place), REMEMBERED_PARTS);
}

/* Of more than there is room for, some is looked at again; what is gone makes room. */
TEST(what_is_no_longer_there_is_forgotten)
{
	struct remembered_place p = place;
	unsigned kept = 0;

	for (unsigned i = 0; i < 40000; i++, p.start += 0x1000)
		keep(p, 1);
	p.start = 0x100000000;
	remembered_begin(memory);
	remembered_begin(memory);
	for (unsigned i = 0; i < 1000; i++, p.start += 0x1000)
		keep(p, 1);
	p.start = 0x100000000;
	for (unsigned i = 0; i < 1000; i++, p.start += 0x1000)
		kept += find(p) == 1;
	assert_int_equal(kept, 1000);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(what_was_found_is_kept),
		CASE(another_mapping_is_another),
		CASE(what_has_changed_is_looked_at_again),
		CASE(what_has_many_parts_is_not_kept),
		CASE(what_is_no_longer_there_is_forgotten),
	};

	return RUN(tests);
}
