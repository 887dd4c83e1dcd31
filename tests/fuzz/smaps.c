/* smaps, as one process or several have it. */
#include "fuzz.h"
#include "parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice text = {(const char *)data, size};

	parse_all_ways(text, SMAPS_MAPPINGS, size ? data[size - 1] : 0);
	parse_all_ways(text, SMAPS_ROLLUP, 7);
	return 0;
}
