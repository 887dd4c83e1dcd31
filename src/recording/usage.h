/*
 * usage: the row of one group in one sample; for src/recording/ only.
 *
 * Amounts are stored in KiB, the kernel's unit: whole numbers as integers, and amounts that were
 * divided among processes as fractions, which are exact to the byte.
 */
#ifndef RECORDING_USAGE_H
#define RECORDING_USAGE_H

#include "model/aggregate.h"
#include "recording/database.h"

/* The minimum and maximum of the samples that thinning removed, in bytes. */
struct extremes {
	bool known;
	uint64_t least, most;
};

struct usage {
	uint64_t sample, grp;
	struct group group; /* without `exclusive` */
	struct extremes pss, swap;
};

/* Rounds counters to what can be stored: beyond 8 PiB, which no memory has, only whole KiB. */
void usage_round(struct group *g);

bool usage_equals(const struct group *a, const struct group *b);
uint64_t usage_checksum(const struct usage *u);

/* INSERT with all columns, and the values of a row for it. */
extern const char usage_insert[];
int usage_write(const struct database *d, sqlite3_stmt *insert, sqlite3_stmt *bound,
		const struct usage *u, struct error *e);

/* SELECT of the rows BETWEEN ?1 AND ?2, in the order of samples, and its current row, without
 * bounds. -1 with *e if the row cannot have been written like this. */
extern const char usage_select[];
int usage_read(const struct database *d, sqlite3_stmt *s, struct usage *u, struct error *e);

/* The bounds BETWEEN ?1 AND ?2, and a single bound. */
extern const char bound_insert[], bound_select[];
struct bound {
	uint64_t sample, grp, bytes;
	enum counter counter;
};
int bound_read(const struct database *d, sqlite3_stmt *s, struct bound *b, struct error *e);

/* An amount as it is stored. */
void kib_bind(sqlite3_stmt *s, int index, bool known, uint64_t bytes);
int kib_column(sqlite3_stmt *s, int column, bool *known, uint64_t *bytes);

#endif
