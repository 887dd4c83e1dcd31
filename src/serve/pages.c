#include "serve/pages.h"

#include "base/textstream.h"

#include <stdlib.h>

struct MHD_Response *page_make(char *text, size_t size, const char *type)
{
	static const char *const headers[][2] = {
		{MHD_HTTP_HEADER_CONNECTION, "close"},
		{MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
		{"X-Content-Type-Options", "nosniff"},
		{"Content-Security-Policy", "default-src 'none'"},
	};
	struct MHD_Response *page =
		text ? mhd.MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE)
		     : NULL;
	bool whole = page != NULL;

	for (size_t i = 0; whole && i < sizeof(headers) / sizeof(*headers); i++)
		whole = mhd.MHD_add_response_header(page, headers[i][0], headers[i][1]) == MHD_YES;
	whole = whole &&
		mhd.MHD_add_response_header(page, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES;
	if (whole)
		return page;
	if (page)
		mhd.MHD_destroy_response(page);
	else
		free(text);
	return NULL;
}

/* Compresses a text. The caller frees the result; NULL if out of memory. */
static char *make_gzip(char *text, size_t size, size_t *compressed)
{
	enum { GZIP = 15 + 16, MEMORY = 8 };
	z_stream z = {.next_in = (Bytef *)text, .avail_in = (uInt)size};
	char *bytes = NULL;
	size_t room;

	if (zlib.deflateInit2_(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP, MEMORY, Z_DEFAULT_STRATEGY,
			       ZLIB_VERSION, (int)sizeof(z)) != Z_OK)
		return NULL;
	room = zlib.deflateBound(&z, size);
	bytes = malloc(room);
	if (bytes) {
		z.next_out = (Bytef *)bytes;
		z.avail_out = (uInt)room;
		zlib.deflate(&z, Z_FINISH);
		*compressed = z.total_out;
	}
	zlib.deflateEnd(&z);
	return bytes;
}

static struct MHD_Response *make_compressed(char *text, size_t size, const char *type)
{
	size_t compressed = 0;
	char *bytes = make_gzip(text, size, &compressed);
	struct MHD_Response *page = page_make(bytes, compressed, type);

	if (page && mhd.MHD_add_response_header(page, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip") !=
			    MHD_YES) {
		mhd.MHD_destroy_response(page);
		return NULL;
	}
	return page;
}

/* Makes both pages of a format, plain and compressed. */
static int make_format(struct pages *p, const struct metrics *m, enum exposition_format format,
		       struct error *e)
{
	static const char *const types[] = {
		[EXPOSITION_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
		[EXPOSITION_OPENMETRICS] =
			"application/openmetrics-text; version=1.0.0; charset=utf-8",
	};
	struct MHD_Response **pages =
		&p->list[format == EXPOSITION_PROMETHEUS ? PAGE_PROMETHEUS : PAGE_OPENMETRICS];
	char *text = NULL;
	size_t size = 0;
	FILE *out = textstream_open(&text, &size);
	int status = out ? metrics_write(m, format, out, e) : error_memory(e);

	if (out && !textstream_close(out, &text) && status == 0)
		status = error_memory(e);
	if (status < 0) {
		free(text);
		return -1;
	}
	pages[1] = make_compressed(text, size, types[format]);
	pages[0] = page_make(text, size, types[format]);
	return pages[0] && pages[1] ? 0 : error_memory(e);
}

int pages_make(struct pages *p, const struct metrics *m, struct error *e)
{
	*p = (struct pages){{NULL}};
	if (make_format(p, m, EXPOSITION_PROMETHEUS, e) == 0 &&
	    make_format(p, m, EXPOSITION_OPENMETRICS, e) == 0)
		return 0;
	pages_free(p);
	return -1;
}

void pages_free(struct pages *p)
{
	for (size_t i = 0; i < PAGES; i++) {
		if (p->list[i])
			mhd.MHD_destroy_response(p->list[i]);
		p->list[i] = NULL;
	}
}
