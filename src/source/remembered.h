/*
 * remembered: what was found in mappings, so that a watch of the same processes looks at each
 *mapping once, and again only when it has changed. Threads may share one.
 *
 *	r = remembered_new()
 *	remembered_begin(r)		a refresh: what the last one did not use may be forgotten
 *	remembered_find(r, ...)
 *	remembered_keep(r, ...)
 *	remembered_free(r)		by who made it, and by who shared it
 */
#ifndef SOURCE_REMEMBERED_H
#define SOURCE_REMEMBERED_H

#include "parse/content.h"

#include <sys/types.h>

struct remembered;

/* One mapping of one process. */
struct remembered_place {
	pid_t pid;
	uint64_t start_time; /* of the process */
	uint64_t start, end;
	uint64_t resident; /* bytes */
};

enum { REMEMBERED_PARTS = 4 };

/* NULL if out of memory. Readers can outlive their creator (collect/pool.h), so they share it, and
 * the last one frees it. */
struct remembered *remembered_new(void);
struct remembered *remembered_share(struct remembered *r);
void remembered_free(struct remembered *r);

void remembered_begin(struct remembered *r);

/* False if it was not examined, or much of it has changed since. Else *count parts. */
bool remembered_find(struct remembered *r, const struct remembered_place *place,
		     struct content_part parts[REMEMBERED_PARTS], size_t *count);

/* Mappings with more parts are not kept, nor more mappings than there is room for. */
void remembered_keep(struct remembered *r, const struct remembered_place *place,
		     const struct content_part *parts, size_t count);

#endif
