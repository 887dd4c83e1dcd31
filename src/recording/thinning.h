/*
 * thinning: older samples become fewer; for src/recording/ only, but for its tiers.
 *
 * The last sample of each step is kept, with the minimum and maximum of PSS and swap of each group
 * in it. Steps are counted by the time that the recording has run, so setting a clock thins
 * nothing.
 */
#ifndef RECORDING_THINNING_H
#define RECORDING_THINNING_H

#include "recording/database.h"

enum { TIERS_MAX = 8 };

/* From `age` on, one sample per step is kept. In ascending order of both. */
struct tiers {
	struct tier {
		uint64_t age_ms, step_ms;
	} list[TIERS_MAX];
	unsigned count;
};

/* Every sample for 6 hours, one a minute for 48 hours, then one every 10 minutes. */
struct tiers tiers_default(void);

/* Parses AGE:STEP[,AGE:STEP...] or "none". False if the text is neither. */
bool tiers_parse(const char *text, struct tiers *tiers);

/* `now` is the elapsed time of the newest sample, which is not changed. 0, or -1 with *e; then a
 * transaction may be open, which the caller must roll back. */
int thin(const struct database *d, const struct tiers *tiers, uint64_t now_ms, struct error *e);

#endif
