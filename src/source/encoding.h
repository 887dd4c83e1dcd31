/* encoding: what the text of a capture is written in; for src/source/ only. */
#ifndef SOURCE_ENCODING_H
#define SOURCE_ENCODING_H

#include "base/slice.h"

#include <stdint.h>

enum { ENCODING_HEAD = 512 }; /* bytes that are enough to tell */

struct encoding {
	bool is_utf16, is_big_endian;
	size_t mark;	   /* bytes of the byte order mark at the beginning */
	const char *other; /* a sentence, if the text cannot be read */
	/* Of UTF-16, what waits for the rest: */
	bool has_first;
	unsigned char first; /* byte of a unit */
	uint16_t high;	     /* surrogate of a pair, or 0 */
};

/* By the first bytes of a file: ENCODING_HEAD of them, or all that there are. */
void encoding_find(struct encoding *d, struct slice head);

/* Text from UTF-16 to UTF-8, which takes at most three bytes for two, and three for what waited.
 * Returns how many. */
size_t encoding_decode(struct encoding *d, struct slice text, char *out);

#endif
