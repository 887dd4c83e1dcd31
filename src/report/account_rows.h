/*
 * account_rows: figures that may be unknown, and the rows of an account made of them.
 *
 * The functions that add rows return false if out of memory.
 */
#ifndef REPORT_ACCOUNT_ROWS_H
#define REPORT_ACCOUNT_ROWS_H

#include "base/slice.h"
#include "source/kernel_memory.h"

struct account_row {
	char *name;	  /* owned; may hold any bytes */
	const char *from; /* which figures it is made of, for people */
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

/* Bytes, which may be negative; unknown if a figure that it was made of is. */
struct figure {
	bool known;
	int64_t bytes;
};

struct figure figure_of(uint64_t bytes);
struct figure figure_of_amount(const struct amount *a);
struct figure figure_plus(struct figure a, struct figure b);
struct figure figure_minus(struct figure a, struct figure b);

/* An unknown figure as 0: a kernel that does not have the field has nothing of the kind. */
struct figure figure_if_any(struct figure a);

bool account_add(struct account *a, unsigned level, struct slice name, struct figure f,
		 const char *from);

/* A row of level 0, and one of level 1. */
bool account_sum(struct account *a, const char *name, struct figure f, const char *from);
bool account_part(struct account *a, const char *name, struct figure f, const char *from);

/* What is left of the last row of level 0 without its parts. */
struct figure account_rest(const struct account *a);

/* Adds the last row: what is left of the total. */
bool account_close(struct account *a);

#endif
