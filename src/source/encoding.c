#include "source/encoding.h"

enum { REPLACEMENT = 0xfffd };

/* Signatures of files that are not text. */
static const struct {
	size_t at;
	struct slice bytes;
	const char *sentence;
} others[] = {
	{0, SLICE_INIT("\x1f\x8b"), "is compressed by gzip; read it with --from"},
	{0,
	 SLICE_INIT("\xfd"
		    "7zXZ"),
	 "is compressed by xz; read it with --from"},
	{0, SLICE_INIT("\x28\xb5\x2f\xfd"), "is compressed by zstd; read it with --from"},
	{0, SLICE_INIT("BZh"),
	 "is compressed by bzip2; decompress it first, as in bzcat FILE | anonmem --smaps -"},
	{0, SLICE_INIT("\x04\x22\x4d\x18"),
	 "is compressed by lz4; decompress it first, as in lz4cat FILE | anonmem --smaps -"},
	{0, SLICE_INIT("PK\x03\x04"), "is a zip archive; read it with --from"},
	{257, SLICE_INIT("ustar"), "is a tar archive; read it with --from"},
	{0, SLICE_INIT("SQLite format 3"), "is a recording; give it to --from as a file"},
	{0, SLICE_INIT("\xff\xfe\0\0"),
	 "is UTF-32 text; convert it first, as in iconv -f UTF-32 -t UTF-8 FILE | anonmem --smaps "
	 "-"},
	{0, SLICE_INIT("\0\0\xfe\xff"),
	 "is UTF-32 text; convert it first, as in iconv -f UTF-32 -t UTF-8 FILE | anonmem --smaps "
	 "-"},
};

static bool has_at(struct slice s, size_t at, struct slice bytes)
{
	return s.len >= at && slice_begins(slice_inner(s, at, 0), bytes);
}

/* Two ASCII letters, each with a zero beside it. */
static bool is_utf16_without_mark(struct slice s, bool is_big_endian)
{
	return s.len >= 4 && !s.ptr[is_big_endian ? 0 : 1] && s.ptr[is_big_endian ? 1 : 0] &&
	       !s.ptr[is_big_endian ? 2 : 3] && s.ptr[is_big_endian ? 3 : 2];
}

void encoding_find(struct encoding *d, struct slice head)
{
	*d = (struct encoding){0};
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (has_at(head, others[i].at, others[i].bytes)) {
			d->other = others[i].sentence;
			return;
		}
	}
	if (slice_begins(head, SLICE("\xef\xbb\xbf"))) {
		d->mark = 3;
	} else if (slice_begins(head, SLICE("\xff\xfe")) || slice_begins(head, SLICE("\xfe\xff"))) {
		d->is_utf16 = true;
		d->is_big_endian = head.ptr[0] == '\xfe';
		d->mark = 2;
	} else {
		d->is_big_endian = is_utf16_without_mark(head, true);
		d->is_utf16 = d->is_big_endian || is_utf16_without_mark(head, false);
	}
}

static char *put(char *out, uint32_t code)
{
	if (code < 0x80) {
		*out++ = (char)code;
		return out;
	}
	if (code < 0x800) {
		*out++ = (char)(0xc0 | code >> 6);
	} else {
		if (code < 0x10000) {
			*out++ = (char)(0xe0 | code >> 12);
		} else {
			*out++ = (char)(0xf0 | code >> 18);
			*out++ = (char)(0x80 | (code >> 12 & 0x3f));
		}
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (code & 0x3f));
	return out;
}

static char *take_unit(struct encoding *d, uint16_t unit, char *out)
{
	bool is_high = unit >= 0xd800 && unit < 0xdc00, is_low = unit >= 0xdc00 && unit < 0xe000;
	uint16_t high = d->high;

	d->high = is_high ? unit : 0;
	if (high && is_low)
		return put(out, 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (unit - 0xdc00));
	if (high)
		out = put(out, REPLACEMENT);
	if (is_high)
		return out;
	return put(out, is_low ? REPLACEMENT : unit);
}

size_t encoding_decode(struct encoding *d, struct slice text, char *out)
{
	char *at = out;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.ptr[i];

		if (!d->has_first) {
			d->first = byte;
			d->has_first = true;
			continue;
		}
		d->has_first = false;
		at = take_unit(
			d,
			(uint16_t)(d->is_big_endian ? d->first << 8 | byte : byte << 8 | d->first),
			at);
	}
	return (size_t)(at - out);
}
