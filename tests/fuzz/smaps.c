/* smaps of one or several processes, and captures. */
#include "fuzz.h"
#include "parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice text = {(const char *)data, size};

	parse_all_ways(text, SMAPS_MAPPINGS, false, size ? data[size - 1] : 0);
	parse_all_ways(text, SMAPS_MAPPINGS, true, size ? data[size - 1] : 0);
	parse_all_ways(text, SMAPS_ROLLUP, false, 7);
	return 0;
}
