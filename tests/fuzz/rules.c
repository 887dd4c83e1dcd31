/*
 * A rule file, and labels to apply it to: those follow the first NUL, one per line.
 */
#include "classify/rules.h"

#include "fuzz.h"

/* Made only once, since that takes long. */
static const struct rules *builtin_rules(void)
{
	static struct rules *rules;
	struct error e;

	if (!rules) {
		rules = rules_new();
		CHECK(rules && rules_add_builtin(rules, &e) == 0);
	}
	return rules;
}

static void apply(const struct rules *rules, struct slice label)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CHECK(out && rules_apply(rules, label, out));
	CHECK(fclose(out) == 0);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *end = size ? memchr(data, '\0', size) : NULL;
	struct slice file = {(const char *)data, end ? (size_t)(end - (const char *)data) : size};
	struct slice labels =
		end ? slice_inner((struct slice){(const char *)data, size}, file.len + 1, 0)
		    : SLICE("zend_alloc");
	struct rules *rules = rules_new();
	struct error e = {.code = ERROR_NONE};
	FILE *in;

	CHECK(rules);
	in = file.len && !is_costly(file) ? fmemopen((void *)(uintptr_t)file.ptr, file.len, "r")
					  : NULL;
	if (in) {
		if (rules_read(rules, in, "rules.conf", &e) < 0)
			CHECK(e.code != ERROR_NONE && strlen(e.text) > 0);
		fclose(in);
	}
	while (labels.len) {
		const char *newline = memchr(labels.ptr, '\n', labels.len);
		size_t len = newline ? (size_t)(newline - labels.ptr) : labels.len;

		apply(rules, (struct slice){labels.ptr, len});
		apply(builtin_rules(), (struct slice){labels.ptr, len});
		labels = slice_inner(labels, len + (newline != NULL), 0);
	}
	rules_free(rules);
	return 0;
}
