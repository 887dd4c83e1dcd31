/*
 * usage: the row of one group in one sample; for src/recording/ only.
 *
 * Amounts are stored in KiB, since that is what the kernel counts in: whole ones as integers, and
 * what was divided among processes as a fraction, which holds every byte.
 */
#ifndef RECORDING_USAGE_H
#define RECORDING_USAGE_H

#include "model/aggregate.h"
#include "recording/database.h"

/* The least and the most of the samples that thinning left out, in bytes. */
struct extremes {
	bool known;
	uint64_t least, most;
};

struct usage {
	uint64_t sample, grp;
	struct group group; /* without `exclusive` */
	struct extremes pss, swap;
};

/* Makes of counters what can be stored: beyond 8 PiB only whole KiB, which no memory has. */
void usage_round(struct group *g);

bool usage_equals(const struct group *a, const struct group *b);
uint64_t usage_checksum(const struct usage *u);

/* INSERT with all columns, and the values of a row for it. */
extern const char usage_insert[];
int usage_write(const struct database *d, sqlite3_stmt *insert, sqlite3_stmt *bound,
		const struct usage *u, struct error *e);

/* SELECT of the rows BETWEEN ?1 AND ?2, in the order of samples, and one of them, without bounds.
 * -1 with *e where the row cannot be what was written. */
extern const char usage_select[];
int usage_read(const struct database *d, sqlite3_stmt *s, struct usage *u, struct error *e);

/* The bounds BETWEEN ?1 AND ?2, and one of them. */
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
