/*
 * reader: a past moment of a recording, as a snapshot.
 *
 *	r = recording_open(path)
 *	recording_find(r, time)		goes to a sample
 *	recording_read(r, what, &snapshot)
 *	recording_close(r)
 *
 * Nothing is written. What does not match its checksum is refused.
 */
#ifndef RECORDING_READER_H
#define RECORDING_READER_H

#include "model/snapshot.h"
#include "recording/recall.h"
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

/* Goes to the last sample of a span of time, "10:30..12:00"; what is left out there, or NULL, is
 * the beginning or the end of the recording. *first is its first sample. 0, or -1 with *e as
 * above. */
int recording_find_span(struct recording *r, const char *span, struct sample *first,
			struct error *e);

/* Leaves only the keys that were recorded for the sample, or follow from these. 0, or -1 with *e.
 */
int recording_leave_keys(struct recording *r, struct grouping *by, struct error *e);

/* Whether the labels of the sample may be guesses. 0, or -1 with *e. */
int recording_guesses(struct recording *r, bool *guesses, struct error *e);

/* Fills *s, which the caller frees in any case. 0, or -1 with *e: ERROR_USAGE for a key that was
 * not recorded. */
int recording_read(struct recording *r, const struct recall *what, struct snapshot *s,
		   struct error *e);

/* What the run of the sample says of the machine and its keys. 0, or -1 with *e. */
int recording_read_run(struct recording *r, struct machine *machine, bool *inferred,
		       struct grouping *recorded, struct error *e);

#endif
