/* encoding: finds out and decodes the encoding of a capture; for src/source/ only. */
#ifndef SOURCE_ENCODING_H
#define SOURCE_ENCODING_H

#include "base/slice.h"

#include <stdint.h>

enum { ENCODING_HEAD = 512 }; /* bytes needed to tell */

struct encoding {
	bool is_utf16, is_big_endian;
	size_t mark;	   /* length of the byte order mark at the start */
	const char *other; /* a sentence, if the file cannot be read */
	/* State of UTF-16 decoding between calls: */
	bool has_first;
	unsigned char first; /* first byte of an incomplete unit */
	uint16_t high;	     /* high surrogate of an incomplete pair, or 0 */
};

/* Decides by the first bytes of a file: ENCODING_HEAD of them, or all there are. */
void encoding_find(struct encoding *d, struct slice head);

/* Converts UTF-16 to UTF-8; `out` needs three bytes for every two, and three for the rest of the
 * previous call. Returns the length. */
size_t encoding_decode(struct encoding *d, struct slice text, char *out);

#endif
