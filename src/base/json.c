#include "base/json.h"

#include "base/escape.h"
#include "base/textstream.h"

#include <inttypes.h>
#include <stdlib.h>

cJSON *json_integer(uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	return cJSON_CreateRaw(text);
}

/* Text that is not UTF-8 has no JSON form; it is escaped as in the table. If out of memory, it is
 * left as it is. */
static struct slice as_utf8(struct slice text, char **owned)
{
	*owned = utf8_valid(text) ? NULL : escape_string(text);
	return *owned ? slice_of(*owned) : text;
}

static void write_escaped(uint32_t code, FILE *out)
{
	if (code >= 0x10000) {
		code -= 0x10000;
		fprintf(out, "\\u%04" PRIx32, 0xd800 + (code >> 10));
		code = 0xdc00 + (code & 0x3ff);
	}
	fprintf(out, "\\u%04" PRIx32, code);
}

/* cJSON itself would let DEL, C1 controls and bidirectional marks pass. */
cJSON *json_string(struct slice text)
{
	char *owned, *literal = NULL;
	struct slice rest = as_utf8(text, &owned);
	size_t size, len;
	uint32_t code;
	FILE *out = textstream_open(&literal, &size);
	cJSON *json = NULL;

	if (!out || !utf8_valid(rest)) {
		if (out)
			fclose(out);
		free(literal);
		free(owned);
		return NULL;
	}
	putc('"', out);
	for (; (len = utf8_decode(rest, &code)) > 0; rest = slice_inner(rest, len, 0)) {
		if (code == '"' || code == '\\')
			fprintf(out, "\\%c", (char)code);
		else if (code < 0x80 ? code >= 0x20 && code < 0x7f : escape_is_printable(code))
			fwrite(rest.ptr, 1, len, out);
		else
			write_escaped(code, out);
	}
	putc('"', out);
	if (textstream_close(out, &literal))
		json = cJSON_CreateRaw(literal);
	free(literal);
	free(owned);
	return json;
}

cJSON *json_string_or_null(const char *text)
{
	return text[0] ? json_string(slice_of(text)) : cJSON_CreateNull();
}

bool json_put(cJSON *object, const char *name, cJSON *value)
{
	if (object && value && cJSON_AddItemToObject(object, name, value))
		return true;
	cJSON_Delete(value);
	return false;
}

bool json_append(cJSON *array, cJSON *value)
{
	if (array && value && cJSON_AddItemToArray(array, value))
		return true;
	cJSON_Delete(value);
	return false;
}

cJSON *json_finish(bool whole, cJSON *node)
{
	if (whole)
		return node;
	cJSON_Delete(node);
	return NULL;
}

bool json_write(cJSON *node, FILE *out)
{
	char *text = node ? cJSON_PrintUnformatted(node) : NULL;

	cJSON_Delete(node);
	if (!text)
		return false;
	fputs(text, out);
	cJSON_free(text);
	return true;
}
