/* Records as text. */
#include "model/record_text.h"

#include "fuzz.h"

static char *write_text(const struct record *r, const struct grouping *by,
			const struct intern *symbols)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CHECK(out);
	record_write(r, by, symbols, out);
	CHECK(fclose(out) == 0 && strlen(text) == size);
	return text;
}

/* A record that can be read must be written back the same, whatever the table of symbols. The table
 * is not empty, so that symbols differ between the two. */
static bool check_record(struct slice *text, const struct grouping *by, struct slice first)
{
	struct error e = {.code = ERROR_NONE};
	struct slice before = *text;
	struct intern symbols;
	struct record *r;
	char *again;

	intern_init(&symbols);
	CHECK(intern(&symbols, first) == 0);
	r = record_read(text, by, &symbols, &e);
	if (r) {
		again = write_text(r, by, &symbols);
		CHECK(text->len < before.len && text->ptr == before.ptr + strlen(again));
		CHECK(slice_begins(before, slice_of(again)));
		free(again);
		free(r);
	} else {
		CHECK(e.code == ERROR_MALFORMED && strncmp(e.text, "line ", 5) == 0);
		CHECK(text->ptr == before.ptr && text->len == before.len);
	}
	intern_free(&symbols);
	return r != NULL;
}

static void check_all(struct slice text, const struct grouping *by)
{
	struct slice same = text;

	while (check_record(&text, by, SLICE("")))
		CHECK(check_record(&same, by, SLICE("another")) && same.ptr == text.ptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct grouping groupings[] = {
		{.keys = {KEY_LABEL, KEY_SUBSYSTEM, KEY_KIND, KEY_PROCESS, KEY_NAME, KEY_USER,
			  KEY_CGROUP, KEY_CONTAINER, KEY_POD, KEY_UNIT, KEY_COMMAND, KEY_FILE,
			  KEY_MAPPING, KEY_SEGMENT},
		 .count = KEY_COUNT},
		{.keys = {KEY_PROCESS, KEY_LABEL}, .count = 2},
		{.count = 0},
	};

	for (size_t i = 0; i < sizeof(groupings) / sizeof(*groupings); i++)
		check_all((struct slice){(const char *)data, size}, &groupings[i]);
	return 0;
}
