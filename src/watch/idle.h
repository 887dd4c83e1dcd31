/*
 * idle: whether a process has done nothing since it was read, so that its record can be kept; for
 * src/watch/ only.
 *
 * What others do to a process that does nothing, such as moving it to another control group, shows
 * neither in its CPU time nor in its faults. So its control group, user and maps are looked at
 * too, as often as their cost allows.
 */
#ifndef WATCH_IDLE_H
#define WATCH_IDLE_H

#include "collect/collect.h"
#include "watch/state.h"

struct idle {
	const struct source *source;
	const struct collect_options *collecting;
	uint64_t refresh;  /* number of refreshes before this one */
	bool rare, spares; /* see struct watch_options */
	bool shows_cgroups;
};

/* Whether a known process does not have to be read again. `now` is its activity, to which the
 * fingerprint of its maps is added where that was taken. */
bool idle_did_nothing(const struct idle *idle, struct watched *known, struct activity *now);

/* Adds to the activity of a process that is about to be read what later looks compare. */
void idle_look_closely(const struct idle *idle, pid_t pid, struct activity *a);

#endif
