/*
 * sign: what the content of unnamed memory shows of it.
 *
 * One runtime or allocator has one file, sign_*.c, with a sign or several for the table in signs.c.
 * A sign is certain if two marks that do not depend on each other agree; with one it is likely. It
 * reads little: 16 bytes of a mapping are usual, and the bound for a mapping is in
 * source/content.c.
 *
 * The mapping is given by its addresses and rights. What lies before `at` in it belongs to others.
 */
#ifndef CLASSIFY_SIGN_H
#define CLASSIFY_SIGN_H

#include "classify/guess.h"
#include "parse/memory.h"
#include "parse/smaps.h"

/* What has been found out of the process at hand, all zeros at first. A sign that needs more adds a
 * struct of its own. */
struct sign_facts {
	struct bss_facts { /* of the program or library whose last segment was seen last */
		uint64_t start, end;
		uint64_t inode;
		uint32_t dev_major, dev_minor;
		bool writable;
	} bss;
};

struct sign_place {
	const struct mapping *mapping; /* unnamed, private and writable; pages of it are there */
	uint64_t at;
	struct memory *memory;
	struct sign_facts *facts;
};

/* A part of the mapping: at <= start < end <= the mapping's end. */
struct sign_found {
	uint64_t start, end;
	enum guess guess;
};

/* False if nothing was found. */
typedef bool sign_fn(const struct sign_place *place, struct sign_found *found);

sign_fn sign_malloc_chunks; /* glibc's, each from mmap(2) */
sign_fn sign_malloc_arena;  /* glibc's, of a thread */
sign_fn sign_bss;
sign_fn sign_stack;

/* See `pass` in parse/content.h. */
void sign_bss_pass(const struct mapping *m, struct sign_facts *facts);

#endif
