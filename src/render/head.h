/*
 * head: the lines above a watch, about the machine, its memory and what the watching costs.
 */
#ifndef RENDER_HEAD_H
#define RENDER_HEAD_H

#include "render/render.h"
#include "watch/watch.h"

enum { HEAD_LINES = 4 };

struct head_options {
	size_t width; /* columns; at least 40 are used */
	double delay; /* seconds between refreshes; not shown when it is paused */
	bool paused;
	bool live;	/* else times of reading say nothing and are not shown */
	double percent; /* of one processor, which anonmem took since the last refresh; < 0 unknown
			 */
	enum units units;
	const struct naming *naming; /* of what is selected, if anything is; else of all */
	bool selected;
};

/* The text of one line, escaped, freed by the caller; NULL if out of memory. */
char *head_line(const struct watch *w, const struct head_options *o, unsigned line);

#endif
