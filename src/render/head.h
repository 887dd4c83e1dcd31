/*
 * head: the lines above a watch, about the machine, its memory and the cost of watching.
 */
#ifndef RENDER_HEAD_H
#define RENDER_HEAD_H

#include "render/render.h"
#include "watch/recorded.h"
#include "watch/watch.h"

enum { HEAD_LINES = 4 };

struct head_options {
	size_t width; /* columns; at least 40 are assumed */
	double delay; /* seconds between refreshes; not shown if paused */
	bool paused;
	const struct recorded *recorded; /* for a sample of a recording; else NULL */
	bool live;	/* otherwise reading times mean nothing and are not shown */
	double percent; /* of one CPU, used by anonmem since the last refresh; negative if unknown
			 */
	enum units units;
	const struct naming
		*naming; /* of the selection, if there is one; otherwise of everything */
	bool selected;
};

/* Returns the text of a line, escaped, to be freed by the caller; NULL if out of memory. */
char *head_line(const struct watch *w, const struct head_options *o, unsigned line);

#endif
