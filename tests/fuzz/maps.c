/* maps, the headers of smaps alone. */
#include "fuzz.h"
#include "parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	parse_all_ways((struct slice){(const char *)data, size}, SMAPS_HEADERS, false,
		       size ? data[size - 1] : 0);
	return 0;
}
