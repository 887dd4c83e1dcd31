/* Escaping of names for a terminal, a sentence, a table. */
#include "base/escape.h"

#include "fuzz.h"

#include <locale.h>

/* Must be well-formed, without anything that a terminal would obey or that hides or reorders
 * text. */
static void check_safe(struct slice s)
{
	uint32_t code;

	while (s.len) {
		size_t n = utf8_decode(s, &code);

		CHECK(n > 0);
		CHECK(code >= 0x20 && code != 0x7f);
		CHECK(code < 0x80 || escape_is_printable(code));
		s = slice_inner(s, n, 0);
	}
}

static void write_sentence(struct slice s)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CHECK(out);
	escape_write_sentence(out, s);
	CHECK(fclose(out) == 0);
	check_safe((struct slice){text, size});
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice s = {(const char *)data, size};
	static bool prepared;
	char *text;

	if (!prepared)
		setlocale(LC_CTYPE, "C.UTF-8");
	prepared = true;
	text = escape_string(s);
	CHECK(text);
	check_safe(slice_of(text));
	/* Ordinary text must be unchanged; escaping must be unambiguous. */
	if (utf8_valid(s) && !memchr(s.ptr ? s.ptr : "", '\\', s.len) &&
	    slice_equals(slice_of(text), s))
		check_safe(s);
	free(text);
	write_sentence(s);
	return 0;
}
