/* changes: a comparison as JSON, anonmem-diff/1; the other formats are those of reports. */
#ifndef RENDER_CHANGES_H
#define RENDER_CHANGES_H

#include "report/changes.h"

#include <stdio.h>

struct changes_view {
	const struct changes *changes;
	const char *before, *after; /* source of each side; NULL for the running system */
	const char *version;	    /* of anonmem */
};

/* 0, or -1 with *e if out of memory. */
int changes_write_json(const struct changes_view *v, FILE *out, struct error *e);

#endif
