/*
 * account_rows: figures that may be unknown, and account rows made of them.
 *
 * The functions that add rows return false if out of memory.
 */
#ifndef REPORT_ACCOUNT_ROWS_H
#define REPORT_ACCOUNT_ROWS_H

#include "base/slice.h"
#include "source/kernel_memory.h"

struct account_row {
	char *name;	  /* owned; may contain any bytes */
	const char *from; /* the figures that it is made of, for people */
	unsigned level;
	bool known;
	int64_t bytes;
};

struct account {
	const char *name; /* "memory" or "swap" */
	const char *from;
	uint64_t total; /* bytes */
	struct account_row *rows;
	size_t count, capacity;
};

/* Bytes, possibly negative; unknown if any figure that it is made of is. */
struct figure {
	bool known;
	int64_t bytes;
};

struct figure figure_of(uint64_t bytes);
struct figure figure_of_amount(const struct amount *a);
struct figure figure_plus(struct figure a, struct figure b);
struct figure figure_minus(struct figure a, struct figure b);

/* Makes an unknown figure 0: a kernel without the field has no such memory. */
struct figure figure_if_any(struct figure a);

bool account_add(struct account *a, unsigned level, struct slice name, struct figure f,
		 const char *from);

/* Add a row of level 0, and one of level 1. */
bool account_sum(struct account *a, const char *name, struct figure f, const char *from);
bool account_part(struct account *a, const char *name, struct figure f, const char *from);

/* The last row of level 0 minus its parts. */
struct figure account_rest(const struct account *a);

/* Adds the last row: the rest of the total. */
bool account_close(struct account *a);

#endif
