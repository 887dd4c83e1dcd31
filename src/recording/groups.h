/*
 * groups: the groups of a recording as they were in the last sample, and which have changed since;
 * for writer.c only.
 *
 *	groups_begin(g, sample, whole)
 *	groups_note(g, table)			for each table of the sample
 *	groups_note_gone(g)
 *	groups_sort(g)				then changed[] lists the rows to write
 */
#ifndef RECORDING_GROUPS_H
#define RECORDING_GROUPS_H

#include "model/aggregate.h"
#include "recording/identity.h"

struct known_group {
	uint64_t grp, seen; /* the last sample that had the group */
	bool there;
	struct group last; /* its values in that sample */
};

struct groups {
	const struct database *db;
	const char *boot_id;
	const struct renaming *redaction; /* or NULL to write names unchanged */
	sqlite3_stmt *insert, *find;
	uint64_t next_grp;

	struct intern keys; /* of the known groups */
	struct known_group *known;
	uint32_t capacity, there;

	uint64_t sample; /* the current one */
	bool whole;	 /* it has all groups, changed or not */
	uint32_t *changed;
	size_t changed_count, changed_capacity;

	char *scratch;
	size_t scratch_capacity;
};

/* A table of a sample; borrowed. */
struct recorded_groups {
	const struct intern *symbols;
	const struct grouping *by;
	const struct aggregate *groups;
	bool sets; /* the groups only count processes */
};

void groups_init(struct groups *g, const struct database *db, const char *boot_id,
		 const struct renaming *redaction);

/* Prepares the statements; new groups get numbers from next_grp on. 0, or -1 with *e. */
int groups_open(struct groups *g, uint64_t next_grp, struct error *e);
void groups_free(struct groups *g);

/* Forgets all groups; the next sample must be whole. */
void groups_forget(struct groups *g);

/* Whether most of the known groups are gone. */
bool groups_are_stale(const struct groups *g);

void groups_begin(struct groups *g, uint64_t sample, bool whole);

/* Notes the groups whose values are others than in the last sample. 0, or -1 with *e. */
int groups_note(struct groups *g, const struct recorded_groups *r, struct error *e);

/* Notes, as zero, the groups that the last sample had and this one lacks. 0, or -1 with *e. */
int groups_note_gone(struct groups *g, struct error *e);

/* Puts what changed in the order of the table, so that its pages are filled. */
void groups_sort(struct groups *g);

#endif
