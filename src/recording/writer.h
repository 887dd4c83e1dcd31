/*
 * writer: adds samples to a recording.
 *
 *	w = writer_open(path, limits, facts)
 *	writer_add(w, sample, memory)		as often as wanted
 *	writer_close(w)
 *
 * Each sample is a transaction of its own, so who is killed loses none that was added. A loss of
 * power may lose what was added since the last checkpoint, 10 minutes at most.
 *
 * There is one writer to a file: it holds a lock on it until it ends.
 */
#ifndef RECORDING_WRITER_H
#define RECORDING_WRITER_H

#include "model/aggregate.h"
#include "model/key.h"
#include "recording/identity.h"
#include "recording/sample.h"
#include "recording/thinning.h"

struct recording_limits {
	uint64_t max_bytes; /* of all files of the recording; 0 for any size */
	uint64_t keep_ms;   /* older samples go; 0 for never */
	struct tiers tiers;
};

/* What is the same of all samples of a run. */
struct run_facts {
	const char *version; /* of anonmem */
	const char *host, *kernel, *boot_id;
	long page_size;
	enum answer keeps_labels;
	const struct grouping *by; /* with KEY_KIND */
	const char *options;	   /* as they were typed, or "" */
	bool guesses;
	const char *rules;		  /* all of them as text, or NULL */
	const struct renaming *redaction; /* or NULL: names are written as they are */
};

/* All of it at one moment; borrowed. */
struct recorded_memory {
	const struct intern *symbols;
	const struct aggregate *groups; /* by the keys of the run */
	/* How many processes there are by identity_sets(); left out with KEY_PROCESS, where that
	 * is 1. */
	const struct grouping *sets_by;
	const struct aggregate *sets;
};

struct writer;

/* NULL with *e. What the facts point to must outlive the writer. */
struct writer *writer_open(const char *path, const struct recording_limits *limits,
			   const struct run_facts *facts, struct error *e);

/* Ends the recording so that all of it is in its one file. */
void writer_close(struct writer *w);

enum writing {
	WRITING_DONE,
	WRITING_LOST,  /* this sample could not be written, as *e says; later ones may */
	WRITING_ENDED, /* nor can any later one */
};

/* Of the sample, number, run, base, elapsed and lost are filled in. */
enum writing writer_add(struct writer *w, struct sample *s, const struct recorded_memory *memory,
			struct error *e);

/* Bytes that were handed to the kernel to write, so far. */
uint64_t writer_bytes(const struct writer *w);

/* Bytes of the database that are in use. */
uint64_t writer_used_bytes(const struct writer *w);

#endif
