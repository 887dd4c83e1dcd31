/* Headers of requests, and names as values of labels: every line of metrics must be one sample. */
#include "base/escape.h"
#include "render/metric_value.h"
#include "serve/accept.h"

#include "fuzz.h"

/* Between quotes, as a server of metrics reads it. */
static void check_quoted(struct slice s)
{
	CHECK(utf8_valid(s));
	for (size_t i = 0; i < s.len; i++) {
		CHECK((unsigned char)s.ptr[i] >= 0x20 && s.ptr[i] != '"');
		if (s.ptr[i] != '\\')
			continue;
		CHECK(++i < s.len && (s.ptr[i] == '\\' || s.ptr[i] == '"'));
	}
}

static void check_value(struct slice name, bool folds)
{
	char buffer[METRIC_VALUE_MAX], again[METRIC_VALUE_MAX], *text = NULL;
	struct slice value = metric_value(name, folds, buffer);
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CHECK(out);
	CHECK(value.len <= METRIC_VALUE_MAX);
	CHECK(slice_equals(value, metric_value(value, folds, again)));
	metric_label_write(true, "x", value, out);
	CHECK(fclose(out) == 0);
	CHECK(size >= 4 && memcmp(text, "x=\"", 3) == 0 && text[size - 1] == '"');
	check_quoted((struct slice){text + 3, size - 4});
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = {(const char *)data, size};
	uint8_t what = take_u8(&in);
	char *text = copy_string(in);
	struct slice s = {text, in.len};

	if (what % 2)
		check_value(s, what & 2);
	else if (what & 2)
		accept_openmetrics(s);
	else
		accept_gzip(s);
	free(text);
	return 0;
}
