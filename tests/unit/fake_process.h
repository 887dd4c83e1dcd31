/* fake_process: a process of fake_memory.h of which the signs see one mapping after the other. */
#ifndef UNIT_FAKE_PROCESS_H
#define UNIT_FAKE_PROCESS_H

#include "fake_memory.h"

struct fake_process {
	struct fake_memory memory;
	struct sign_facts facts;
	struct content_part parts[16];
	size_t count;
};

void fake_process_init(struct fake_process *p);

/* Words from an address on; their pages are there from then on. */
void fake_process_put(struct fake_process *p, uint64_t at, const uint64_t *words, size_t count);
#define PUT(process, at, ...)                                                                      \
	fake_process_put((process), (at), (const uint64_t[]){__VA_ARGS__},                         \
			 sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* A file of 64 bits with one segment that is read only and has all of its bytes, and behind it, in
 * the process, variables that are zeros at first: [FAKE_BSS, FAKE_BSS_END) behind its start. It
 * exports symbols, of which the values are offsets too. */
#define FAKE_BSS     UINT64_C(0x10000)
#define FAKE_BSS_END UINT64_C(0x410000)
struct fake_symbol {
	const char *name;
	uint64_t value;
};
void fake_process_map(struct fake_process *p, const char *name, uint64_t start,
		      const struct fake_symbol *symbols, size_t count);

/* The bytes of the file that was mapped as the first, second... */
unsigned char *fake_process_bytes(size_t file);

/* What the signs find in a mapping of which all may be there: parts and count. */
void fake_process_look(struct fake_process *p, uint64_t start, uint64_t end, const char *perms);

/* The same; wants one part, or none if `end` is 0. */
void fake_process_expect(struct fake_process *p, uint64_t start, uint64_t until, uint64_t from,
			 uint64_t end, enum guess guess);

#endif
