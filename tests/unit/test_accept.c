/* accept: which answer a request asks for. */
#include "support.h"

#include "serve/accept.h"

static bool opens(const char *header)
{
	return accept_openmetrics(slice_of(header));
}

static bool zips(const char *header)
{
	return accept_gzip(slice_of(header));
}

TEST(openmetrics_by_preference)
{
	assert_false(opens(""));
	assert_false(opens("*/*"));
	assert_false(opens("text/plain"));
	assert_true(opens("application/openmetrics-text"));
	assert_true(opens("Application/OpenMetrics-Text; Version=1.0.0"));
	assert_true(
		opens("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"));
	assert_false(opens("application/openmetrics-text;q=0.2,text/plain;q=0.5"));
	/* What Prometheus 2.42 sends. */
	assert_true(opens("application/openmetrics-text;version=1.0.0,"
			  "application/openmetrics-text;version=0.0.1;q=0.75,"
			  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
}

TEST(other_versions_are_not_written)
{
	assert_false(opens("application/openmetrics-text;version=2.0.0"));
	assert_false(opens("application/openmetrics-text;version=0.0.1"));
}

TEST(malformed_weights_are_none)
{
	assert_false(opens("application/openmetrics-text;q=0"));
	assert_false(opens("application/openmetrics-text;q=0.0000"));
	assert_false(opens("application/openmetrics-text;q=2"));
	assert_false(opens("application/openmetrics-text;q=1.5"));
	assert_false(opens("application/openmetrics-text;q="));
	assert_false(opens("application/openmetrics-text;q=0.x"));
	assert_false(opens(",;,;=;q"));
	assert_true(opens(" , application/openmetrics-text ; q = 0.001 "));
}

TEST(gzip)
{
	assert_false(zips(""));
	assert_false(zips("identity"));
	assert_false(zips("gzipped"));
	assert_true(zips("gzip"));
	assert_true(zips("br, GZip;q=0.3"));
	assert_true(zips("*"));
	assert_false(zips("gzip;q=0"));
	assert_false(zips("gzip;q=0, *"));
	assert_false(zips("*;q=0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openmetrics_by_preference),
		cmocka_unit_test(other_versions_are_not_written),
		cmocka_unit_test(malformed_weights_are_none),
		cmocka_unit_test(gzip),
	};

	return RUN(tests);
}
