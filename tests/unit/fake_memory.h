/* fake_memory: the memory of a process that does not exist, for tests of signs (classify/sign.h).
 */
#ifndef UNIT_FAKE_MEMORY_H
#define UNIT_FAKE_MEMORY_H

#include "classify/sign.h"
#include "classify/signs.h"

enum { FAKE_PAGE = 4096, FAKE_PAGES = 160, FAKE_FILES = 4 };

struct fake_memory {
	struct memory memory; /* first */
	struct fake_page {
		uint64_t at;
		unsigned char bytes[FAKE_PAGE];
	} pages[FAKE_PAGES]; /* those that are there */
	size_t count;
	struct fake_file {
		struct slice name;
		uint64_t start;
		const void *bytes;
		size_t size;
	} files[FAKE_FILES];
	size_t file_count;
	size_t reads, bytes; /* that were asked for */
};

void fake_memory_init(struct fake_memory *f);

/* Puts bytes at an address; their pages are there from then on. */
void fake_memory_put(struct fake_memory *f, uint64_t at, const void *bytes, size_t size);

/* Maps a file, of which the bytes outlive this. The first is the program. */
void fake_memory_map(struct fake_memory *f, const char *name, uint64_t start, const void *bytes,
		     size_t size);

/* What all signs find in a writable mapping of a process of which nothing else was seen: *count
 * parts, which live until the next call. */
const struct content_part *fake_memory_look(struct fake_memory *f, uint64_t start, uint64_t end,
					    size_t *count);

#endif
