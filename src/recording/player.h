/*
 * player: gives the samples of a recording as records, in any order.
 *
 *	p = player_new(recording, what)
 *	player_seek(p, &sample)		goes to a sample, found with seek.h
 *	player_load(p)			reads the sample
 *	player_read(p, ...)		returns its records
 *	player_free(p)
 *
 * A record is of one process or, if processes were not recorded singly, of all that have the same
 * name, user and control group. Only one sample is in memory, however long the recording is.
 */
#ifndef RECORDING_PLAYER_H
#define RECORDING_PLAYER_H

#include "model/record.h"
#include "recording/reader.h"
#include "recording/sample.h"

struct player;

/* *what is copied; pointers in it are borrowed, and so is the recording. Each sample must have the
 * keys in its `by`. NULL if out of memory. */
struct player *player_new(struct recording *r, const struct recall *what);
void player_free(struct player *p);

/* Makes a sample the current one, and reads only its keys. 0, or -1 with *e; then there is no
 * current sample. ERROR_USAGE if the sample lacks something requested. */
int player_seek(struct player *p, const struct sample *s, struct error *e);

/* Reads the current sample; reads only changes if the last one read was before it. 0, or -1 with
 * *e. */
int player_load(struct player *p, struct error *e);

const struct sample *player_sample(const struct player *p);

/* The machine, as the run of the sample describes it: the host, and whether there are guesses. */
const struct machine *player_machine(const struct player *p);
bool player_inferred(const struct player *p);

/* The keys of the records: those that were recorded, and those that follow from them. */
const struct grouping *player_keys(const struct player *p);

/* Passes on the loaded records in ascending order of record->target, which numbers the process or
 * the set. The symbols are the receiver's. There are at most player_limit() records. 0, or -1 with
 * *e. */
typedef bool player_take_fn(void *ctx, const struct record *record);
int player_read(struct player *p, struct intern *symbols, player_take_fn *take, void *ctx,
		struct error *e);
size_t player_limit(const struct player *p);

/* Scans all samples from the first one on, without moving the player. */
struct scan {
	/* Whether a group counts, by its key in `symbols`. */
	bool (*wants)(void *ctx, const symbol *key);
	/* The sum of a sample: PSS, or RSS where PSS is unknown; `known` is false if both are
	 * unknown. False ends the scan. */
	bool (*end)(void *ctx, const struct sample *s, bool known, uint64_t bytes);
	void *ctx;
	struct intern *symbols;
};
int player_scan(struct player *p, const struct scan *scan, struct error *e);

struct recording *player_recording(const struct player *p);

#endif
