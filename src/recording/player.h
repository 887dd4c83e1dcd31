/*
 * player: gives the samples of a recording as records, in any order.
 *
 *	p = player_new(recording, what)
 *	player_seek(p, &sample)		goes there; samples are found with seek.h
 *	player_load(p)			reads it
 *	player_read(p, ...)		gives its records
 *	player_free(p)
 *
 * A record is of a process or, if the recording does not tell processes apart, of all that have the
 * same name, user and control group. Only one sample is in memory, however long the recording is.
 */
#ifndef RECORDING_PLAYER_H
#define RECORDING_PLAYER_H

#include "model/record.h"
#include "recording/reader.h"
#include "recording/sample.h"

struct player;

/* *what is copied; what it points to is borrowed, as is the recording. Its `by` are keys that each
 * sample must have. NULL if out of memory. */
struct player *player_new(struct recording *r, const struct recall *what);
void player_free(struct player *p);

/* Makes a sample the current one, of which only the keys are read. 0, or -1 with *e; then there
 * is none. ERROR_USAGE if it lacks what is wanted. */
int player_seek(struct player *p, const struct sample *s, struct error *e);

/* Reads the current sample; only what changed if one before it was read last. 0, or -1 with *e. */
int player_load(struct player *p, struct error *e);

const struct sample *player_sample(const struct player *p);

/* As the run of the sample says: the host, and whether there are guesses. */
const struct machine *player_machine(const struct player *p);
bool player_inferred(const struct player *p);

/* The keys of its records: those that were recorded, and those that follow from them. */
const struct grouping *player_keys(const struct player *p);

/* Gives the records of what was loaded in ascending order of record->target, which numbers the
 * process or the set. The symbols are the receiver's. There
 * are no more than player_limit(). 0, or -1 with *e. */
typedef bool player_take_fn(void *ctx, const struct record *record);
int player_read(struct player *p, struct intern *symbols, player_take_fn *take, void *ctx,
		struct error *e);
size_t player_limit(const struct player *p);

/* Goes through all samples from the first one on, which does not move the player. */
struct scan {
	/* Whether a group counts, by its key in `symbols`. */
	bool (*wants)(void *ctx, const symbol *key);
	/* What they add up to: PSS, or RSS where PSS is unknown; `known` is false if both are.
	 * False ends the scan. */
	bool (*end)(void *ctx, const struct sample *s, bool known, uint64_t bytes);
	void *ctx;
	struct intern *symbols;
};
int player_scan(struct player *p, const struct scan *scan, struct error *e);

struct recording *player_recording(const struct player *p);

#endif
