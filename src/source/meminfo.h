/*
 * meminfo: memory of the whole system, from /proc/meminfo.
 */
#ifndef SOURCE_MEMINFO_H
#define SOURCE_MEMINFO_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum meminfo_field {
	MEMINFO_TOTAL,
	MEMINFO_FREE,
	MEMINFO_AVAILABLE,
	MEMINFO_CACHE,
	MEMINFO_ANON_PAGES,
	MEMINFO_SHARED_MEMORY,
	MEMINFO_MAPPED_FILES,
	MEMINFO_SWAP,
	MEMINFO_SWAP_UNUSED,
	MEMINFO_COUNT
};

/* Names in /proc/meminfo, and in JSON. */
extern const struct meminfo_names {
	const char *key, *json;
} meminfo_names[MEMINFO_COUNT];

struct meminfo {
	uint64_t bytes[MEMINFO_COUNT];
	bool known[MEMINFO_COUNT];
};

/* Loads libproc2, which the sandbox does not allow later. For one thread. 0, or -1 with *e. */
int meminfo_load(struct error *e);

/* Reads that of the running system, with libproc2. 0, or -1 with *e. */
int meminfo_live(struct meminfo *m, struct error *e);

#endif
