/*
 * reader: a past moment of a recording, as a snapshot.
 *
 *	r = recording_open(path)
 *	recording_find(r, time)		goes to a sample
 *	recording_read(r, what, &snapshot)
 *	recording_close(r)
 *
 * Nothing is written, and nothing of a file is believed that does not add up.
 */
#ifndef RECORDING_READER_H
#define RECORDING_READER_H

#include "classify/rules.h"
#include "model/selection.h"
#include "model/snapshot.h"
#include "recording/identity.h"
#include "recording/sample.h"

struct recording;

/* Whether a file begins as a database does, whatever is in it. */
bool recording_is(const char *path);

/* Opens all files of the recording, so that none is opened later. `path` must outlive it. NULL
 * with *e. */
struct recording *recording_open(const char *path, struct error *e);
void recording_close(struct recording *r);

/* Goes to the last sample at or before a time (when.h); NULL is the last of all. 0, or -1 with *e:
 * ERROR_USAGE if the text is no time, or nothing was recorded then. */
int recording_find(struct recording *r, const char *time, struct error *e);

/* What is wanted of the sample. */
struct recall {
	struct grouping by;
	struct selection selection;
	const char *user;  /* as the selection's, as text */
	const pid_t *pids; /* only these, if there are any */
	size_t pid_count;
	const struct rules *rules; /* for KEY_SUBSYSTEM, which follows from the label */
};

/* Fills *s, which the caller frees in any case. 0, or -1 with *e: ERROR_USAGE for a key that was
 * not recorded. */
int recording_read(struct recording *r, const struct recall *what, struct snapshot *s,
		   struct error *e);

/* For player.c, which reads one sample after the other: */

struct database *recording_database(struct recording *r);

/* The one that was found. */
struct sample *recording_sample(struct recording *r);

/* What the run of that sample says of it. 0, or -1 with *e. */
int recording_read_run(struct recording *r, struct machine *machine, bool *inferred,
		       struct grouping *recorded, struct error *e);

/* Whether a key is one of those, or follows from one. */
bool recording_answers(const struct grouping *recorded, enum key key);

/* ERROR_USAGE if what is wanted needs a key that was not recorded. */
int recording_check(const struct recording *r, const struct grouping *recorded,
		    const struct recall *what, struct error *e);

/* Whether a group is wanted; says which of the pids it has. 1, 0, or -1 if out of memory. */
int recall_wants(const struct recall *what, const struct identity *id, bool *found);

#endif
