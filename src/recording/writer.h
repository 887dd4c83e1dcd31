/*
 * writer: adds samples to a recording.
 *
 *	w = writer_open(path, limits, facts)
 *	writer_add(w, sample, memory)		any number of times
 *	writer_close(w)
 *
 * Each sample is a transaction of its own, so a writer that is killed loses none of those added. A
 * power failure may lose the samples since the last checkpoint, 10 minutes at most.
 *
 * A file has only one writer, which locks it until it ends.
 */
#ifndef RECORDING_WRITER_H
#define RECORDING_WRITER_H

#include "model/aggregate.h"
#include "model/key.h"
#include "recording/identity.h"
#include "recording/sample.h"
#include "recording/thinning.h"

struct recording_limits {
	uint64_t max_bytes; /* of all files of the recording; 0 for no limit */
	uint64_t keep_ms;   /* samples that are older are dropped; 0 for never */
	struct tiers tiers;
};

/* Facts that are the same for all samples of a run. */
struct run_facts {
	const char *version; /* of anonmem */
	const char *host, *kernel, *boot_id;
	long page_size;
	enum answer keeps_labels;
	const struct grouping *by; /* with KEY_KIND */
	const char *options;	   /* as typed, or "" */
	bool guesses;
	const char *rules;		  /* all rules as text, or NULL */
	const struct renaming *redaction; /* or NULL to write names unchanged */
};

/* All memory at one moment; borrowed. */
struct recorded_memory {
	const struct intern *symbols;
	const struct aggregate *groups; /* by the keys of the run */
	/* The number of processes by identity_sets(); not needed with KEY_PROCESS, where it is
	 * always 1. */
	const struct grouping *sets_by;
	const struct aggregate *sets;
};

struct writer;

/* NULL with *e. What the facts point to must outlive the writer. */
struct writer *writer_open(const char *path, const struct recording_limits *limits,
			   const struct run_facts *facts, struct error *e);

/* Ends the recording and merges the log into its file. -1 with *e if some of it stays in the log.
 */
int writer_end(struct writer *w, struct error *e);

/* Does the same, and ignores what stays in the log. */
void writer_close(struct writer *w);

enum writing {
	WRITING_DONE,
	WRITING_LOST,  /* this sample could not be written, and *e says why; later ones may be */
	WRITING_ENDED, /* no later sample can be written either */
};

/* Fills in number, run, base, elapsed and lost of the sample. */
enum writing writer_add(struct writer *w, struct sample *s, const struct recorded_memory *memory,
			struct error *e);

/* Counts a sample that could not even be read. */
void writer_lose(struct writer *w);

/* Bytes passed to the kernel to write, so far. */
uint64_t writer_bytes(const struct writer *w);

/* Bytes in use in the database. */
uint64_t writer_used_bytes(const struct writer *w);

#endif
