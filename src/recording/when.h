/*
 * when: a time as people write it.
 *
 *	10:30[:05]			the last time a clock showed this, in local time
 *	2026-11-27T10:30[:05][Z]	local time, or UTC with Z
 *	-1h				this long before the end, by the time that has passed
 *	first, last
 */
#ifndef RECORDING_WHEN_H
#define RECORDING_WHEN_H

#include <stdbool.h>
#include <stdint.h>

enum when_kind { WHEN_FIRST, WHEN_LAST, WHEN_TIME, WHEN_BACK };

struct when {
	enum when_kind kind;
	uint64_t ms; /* since 1970, or back from the end */
};

/* `end_ms` is the time of the last sample. False if the text is not a time. */
bool when_parse(const char *text, uint64_t end_ms, struct when *w);

/* The same for the end of a span of time: a clock time is the first one at or after `begin_ms`. */
bool when_parse_end(const char *text, uint64_t begin_ms, struct when *w);

#endif
