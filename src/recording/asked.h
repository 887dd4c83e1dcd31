/*
 * asked: whether a recording has what is requested, and which of its groups match; for
 * src/recording/ only.
 */
#ifndef RECORDING_ASKED_H
#define RECORDING_ASKED_H

#include "recording/identity.h"
#include "recording/recall.h"
#include "recording/sample.h"

struct recording {
	struct database db;
	struct sample sample;
};

/* 0, or -1 with *e: ERROR_USAGE for a key that was not recorded. */
int asked_check(const struct recording *r, const struct grouping *recorded,
		const struct recall *what, struct error *e);

/* Whether a group is wanted: 1, 0, or -1 if out of memory. `found`, which may be NULL, has a member
 * for each requested pid, which becomes true if the pid occurs. */
int asked_wants(const struct recall *what, const struct identity *id, bool *found);

/* Removes all keys except those that were recorded or follow from recorded ones. */
void asked_leave_keys(const struct grouping *recorded, struct grouping *by);

/* The key of a group in a table of symbols. False if out of memory. */
bool asked_key(const struct grouping *recorded, const struct recall *what,
	       const struct identity *id, struct intern *symbols, symbol *key);

#endif
