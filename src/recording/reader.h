/*
 * reader: a past moment of a recording, as a snapshot.
 *
 *	r = recording_open(path)
 *	recording_find(r, time)		goes to a sample
 *	recording_read(r, what, &snapshot)
 *	recording_close(r)
 *
 * Nothing is written. Rows that do not match their checksum are refused.
 */
#ifndef RECORDING_READER_H
#define RECORDING_READER_H

#include "model/snapshot.h"
#include "recording/recall.h"
#include "recording/sample.h"

struct recording;

/* Whether a file begins like a database, whatever its tables are. */
bool recording_is(const char *path);

/* Opens all files of the recording, so that none needs to be opened later. `path` must outlive it.
 * NULL with *e. */
struct recording *recording_open(const char *path, struct error *e);
void recording_close(struct recording *r);

/* Goes to the last sample at or before a time (when.h); NULL is the last of all. 0, or -1 with *e:
 * ERROR_USAGE if the text is not a time, or nothing was recorded then. */
int recording_find(struct recording *r, const char *time, struct error *e);

/* Goes to the last sample of a span of time such as "10:30..12:00". A missing end, or NULL for the
 * span, means the beginning or the end of the recording. *first is its first sample. 0, or -1 with
 * *e as above. */
int recording_find_span(struct recording *r, const char *span, struct sample *first,
			struct error *e);

/* Removes all keys except those that were recorded for the sample or follow from these. 0, or -1
 * with *e. */
int recording_leave_keys(struct recording *r, struct grouping *by, struct error *e);

/* Whether the labels of the sample may be guesses. 0, or -1 with *e. */
int recording_guesses(struct recording *r, bool *guesses, struct error *e);

/* Fills *s, which the caller frees in any case. 0, or -1 with *e: ERROR_USAGE for a key that was
 * not recorded. */
int recording_read(struct recording *r, const struct recall *what, struct snapshot *s,
		   struct error *e);

/* Reads the machine and the keys of the sample's run. 0, or -1 with *e. */
int recording_read_run(struct recording *r, struct machine *machine, bool *inferred,
		       struct grouping *recorded, struct error *e);

#endif
