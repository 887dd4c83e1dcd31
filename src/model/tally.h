/*
 * tally: counts how often each page was seen.
 *
 *	struct tally t = {0}
 *	tally_add(&t, id, times)
 *	tally_find(&t, id)	the entry of a page, NULL if it was not seen
 *	tally_ids(&t)		all pages in ascending order
 *	tally_free(&t)
 *
 * It takes 21 to 43 bytes per distinct page. The kernel's ids come in runs, which are kept together
 * here too.
 */
#ifndef MODEL_TALLY_H
#define MODEL_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tally_entry {
	uint64_t id;
	uint32_t times;	 /* 0 if the entry is free */
	uint32_t kernel; /* 0; for the caller's use */
};

struct tally {
	struct tally_entry *entries;
	size_t count;
	size_t capacity; /* a power of two, or 0 */
};

/* False if out of memory. */
bool tally_add(struct tally *t, uint64_t id, uint32_t times);
struct tally_entry *tally_find(const struct tally *t, uint64_t id);

/* The caller frees the list; NULL if out of memory. */
uint64_t *tally_ids(const struct tally *t);

void tally_free(struct tally *t);

#endif
