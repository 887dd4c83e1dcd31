/* A JSON report that is read back: the first byte says by which keys. */
#include "model/document.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = {(const char *)data, size};
	struct error e = {.code = ERROR_NONE};
	unsigned which = take_u8(&in) % KEY_COUNT;
	struct document *d;
	struct snapshot s;

	/* What is in the corpus begins with a brace. */
	if (which == '{' % KEY_COUNT)
		in = (struct slice){(const char *)data, size};
	d = document_parse(in, &e);
	CHECK(d || (e.code == ERROR_MALFORMED && strlen(e.text) > 0));
	for (unsigned k = 0; d && k < KEY_COUNT; k++) {
		struct grouping by = {.keys = {(enum key)k, (enum key)which},
				      .count = k == which ? 1 : 2};

		if (!document_gives(d, (enum key)k) || !document_gives(d, (enum key)which))
			continue;
		if (document_fold(d, 0, &by, &s, &e) == 0)
			CHECK(aggregate_count(&s.groups) <= size);
		snapshot_free(&s);
	}
	document_free(d);
	return 0;
}
