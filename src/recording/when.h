/*
 * when: a time as people write it.
 *
 *	10:30[:05]			the last time a clock showed this, in local time
 *	2026-11-27T10:30[:05][Z]	local time, or UTC with Z
 *	-1h				this long before the end
 *	first, last
 */
#ifndef RECORDING_WHEN_H
#define RECORDING_WHEN_H

#include <stdbool.h>
#include <stdint.h>

enum when_kind { WHEN_FIRST, WHEN_LAST, WHEN_TIME };

struct when {
	enum when_kind kind;
	uint64_t time_ms; /* since 1970 */
};

/* `end_ms` is the time of the last sample. False if the text is not a time. */
bool when_parse(const char *text, uint64_t end_ms, struct when *w);

#endif
