/*
 * timeline: what the groups of a snapshot had over time, by one counter.
 *
 * The snapshot is that of the last instant, but has a group for whatever there was before, too.
 */
#ifndef MODEL_TIMELINE_H
#define MODEL_TIMELINE_H

#include "model/snapshot.h"

#define TIMELINE_UNKNOWN UINT64_MAX

/* Only the largest groups have a track, and fewer of what they add up to. */
enum { TRACKS_MAX = 256, STACK_MAX = 10 };

struct timeline {
	enum counter counter;
	struct instant {
		uint64_t time_ms; /* since 1970; always later than the one before */
		bool after_gap;	  /* samples are missing before it */
		uint64_t total;	  /* of all groups, as far as known */
		struct meminfo meminfo;
	} * instants; /* owned */
	size_t count;
	bool clock_set; /* the clock was set back: times go on from the first by another clock */

	/* The largest peak first. */
	struct track {
		uint32_t group;
		uint64_t peak;
		size_t peak_at;	  /* instant */
		uint64_t *values; /* one for each instant, or TIMELINE_UNKNOWN; owned */
	} * tracks;		  /* owned */
	size_t track_count;

	/* All groups added up by one key, for each key of the snapshot, likewise; `group` is one of
	 * those with that value of the key. */
	struct stack {
		struct track tracks[STACK_MAX];
		size_t count;
	} stacks[KEY_COUNT];
};

void timeline_free(struct timeline *t);

/* Chooses instants that lines can be drawn through: the first and the last, those at gaps, the
 * peaks and lows of the largest tracks and of the total, and whatever is farthest from the lines.
 * `kept` has room for `most` indices, in ascending order at the end. Returns how many; *off is the
 * farthest that a value of a large track, or a total, is from its line, in bytes. 0 if out of
 * memory. */
size_t timeline_choose(const struct timeline *t, size_t most, size_t *kept, uint64_t *off);

#endif
