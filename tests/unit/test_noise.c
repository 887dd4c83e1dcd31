/* noise: whether two series of runs differ by more than runs do among themselves. */
#include "support.h"

#include "report/noise.h"

#include <math.h>

enum { MOST = 64 };

struct series {
	uint64_t list[MOST];
	size_t count;
};

static void check(const struct series *before, const struct series *after, enum noise_result wanted,
		  double p, int line)
{
	double found;
	enum noise_result result =
		noise_compare(before->list, before->count, after->list, after->count, &found);

	if (result != wanted || fabs(found - p) > 1e-4) {
		print_error("%d with p=%f, not %d with p=%f\n", (int)result, found, (int)wanted, p);
		_fail(__FILE__, line);
	}
}

#define assert_noise(before, after, wanted, p) check(&(before), &(after), (wanted), (p), __LINE__)

/* So many numbers from `first` on. */
static struct series count_from(uint64_t first, size_t count)
{
	struct series s = {.count = count};

	for (size_t i = 0; i < count; i++)
		s.list[i] = first + i;
	return s;
}

static struct series repeat(uint64_t value, size_t count)
{
	struct series s = {.count = count};

	for (size_t i = 0; i < count; i++)
		s.list[i] = value;
	return s;
}

TEST(one_run_each)
{
	const struct series a = repeat(1, 1), b = repeat(9, 1);

	assert_noise(a, b, NOISE_UNTESTED, 1);
}

/* However far apart they are, these could be of one kind once in twenty times, or more often. */
TEST(too_few)
{
	static const size_t counts[][2] = {{1, 2}, {3, 3},  {3, 4}, {4, 3},
					   {2, 7}, {1, 38}, {10, 1}};

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		const struct series a = count_from(0, counts[i][0]),
				    b = count_from(1000, counts[i][1]);

		assert_noise(a, b, NOISE_TOO_FEW, 1);
	}
}

TEST(just_enough)
{
	static const struct {
		size_t before, after;
		double p;
	} counts[] = {{4, 4, 2 / 70.0}, {3, 5, 2 / 56.0}, {8, 2, 2 / 45.0}, {1, 39, 0.05}};

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		const struct series a = count_from(0, counts[i].before),
				    b = count_from(1000, counts[i].after);

		assert_noise(a, b, NOISE_MORE, counts[i].p);
		assert_noise(b, a, NOISE_LESS, counts[i].p);
	}
}

/* Counted by listing all ways to divide the runs. */
TEST(figures_without_ties)
{
	const struct series a = {{10, 12, 14, 16, 18}, 5}, b = {{11, 15, 19, 21, 23}, 5},
			    c = {{17, 20, 22, 24, 26}, 5}, d = {{13, 9, 30, 1, 2, 3}, 6};

	assert_noise(a, b, NOISE_ALIKE, 0.2222222);
	assert_noise(a, c, NOISE_MORE, 0.0158730);
	assert_noise(a, d, NOISE_ALIKE, 0.1774892);
	assert_noise(c, d, NOISE_ALIKE, 0.0822511);
}

/* With ties, by hand: of the 70 ways to choose 4 of 8, so many are as far from the mean. */
TEST(ties)
{
	const struct series low = repeat(5, 4), high = repeat(6, 4), mixed = {{5, 5, 5, 6}, 4};

	assert_noise(low, high, NOISE_MORE, 2 / 70.0);
	assert_noise(low, mixed, NOISE_ALIKE, 1); /* 35 ways have the 6 in one half */
}

/* Ten equal runs. */
TEST(equal_runs_are_noise)
{
	const struct series flat = repeat(4096, 10), a = count_from(100, 10);

	assert_noise(flat, flat, NOISE_ALIKE, 1);
	assert_noise(a, a, NOISE_ALIKE, 1);
}

/* The order of runs does not matter, nor does their scale. */
TEST(order_and_scale)
{
	const struct series a = {{5, 1, 4, 2, 3}, 5}, b = {{9, 8, 7, 6, 10}, 5};
	struct series large_a = a, large_b = b;

	for (size_t i = 0; i < a.count; i++) {
		large_a.list[i] <<= 50;
		large_b.list[i] <<= 50;
	}
	assert_noise(a, b, NOISE_MORE, 2 / 252.0);
	assert_noise(large_a, large_b, NOISE_MORE, 2 / 252.0);
}

/* The exact way and the other one, which begins with 51 runs, agree. */
TEST(many_runs)
{
	struct series a = count_from(0, 25), b = count_from(8, 25), c = count_from(8, 26);
	double exact, approximate;

	assert_int_equal(noise_compare(a.list, a.count, b.list, b.count, &exact), NOISE_MORE);
	assert_int_equal(noise_compare(a.list, a.count, c.list, c.count, &approximate), NOISE_MORE);
	assert_true(fabs(exact - approximate) < 0.001);
	a = repeat(7, 60);
	assert_noise(a, a, NOISE_ALIKE, 1);
}

TEST(median)
{
	const uint64_t odd[] = {9, 1, 5}, even[] = {4, 1, 2, 9}, equal[] = {3, 3, 3, 8},
		       large[] = {UINT64_MAX, UINT64_MAX - 2};

	assert_int_equal(noise_median(odd, 3), 5);
	assert_int_equal(noise_median(odd, 1), 9);
	assert_int_equal(noise_median(even, 4), 3);
	assert_int_equal(noise_median(equal, 4), 3);
	assert_true(noise_median(large, 2) == UINT64_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_run_each),
		cmocka_unit_test(too_few),
		cmocka_unit_test(just_enough),
		cmocka_unit_test(figures_without_ties),
		cmocka_unit_test(ties),
		cmocka_unit_test(equal_runs_are_noise),
		cmocka_unit_test(order_and_scale),
		cmocka_unit_test(many_runs),
		cmocka_unit_test(median),
	};

	return RUN(tests);
}
