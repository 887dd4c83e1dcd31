/*
 * render: how a report looks.
 *
 * A renderer sees the report and the options, and neither /proc nor the clock nor the environment.
 * It writes freely and leaves it to its caller to look at ferror() once. Names from the report are
 * escaped on the way out: no byte that a process chose reaches a terminal raw.
 */
#ifndef RENDER_RENDER_H
#define RENDER_RENDER_H

#include "report/report.h"

#include <stdio.h>

enum units { UNITS_AUTO, UNITS_BYTES, UNITS_KIB, UNITS_MIB, UNITS_GIB };

struct render_options {
	size_t width; /* columns of the terminal; 0 for any width */
	bool color;
	bool header;
	bool quiet; /* no coverage and no notes */
	enum units units;
	const size_t *least; /* widths of the columns of a table that are at least kept; or NULL */
	size_t text_min;     /* a table makes no text narrower; 0 for 8 */
	bool shows_denied;   /* a row of a table below the totals, if processes may not be read */
	const char *total;   /* what the totals of a table are of; NULL where that is clear */
	size_t text_max;     /* nor wider; 0 for any width */
	/* Columns that a table leaves out where it is too wide, in this order. */
	const struct column *const *expendable;
	size_t expendable_count;
	size_t graph;		  /* columns of a graph of history; 0 for 8 */
	bool one_line;		  /* of formats that may be on one line or on many */
	const char *version;	  /* of anonmem */
	const char *const *paths; /* where it was read from */
	size_t path_count;
};

struct renderer {
	const char *name;
	bool full_keys;	    /* wants all that is known of a key */
	bool carries_notes; /* writes coverage and notes itself, unless it is to be quiet, */
	bool always_notes;  /* or even then */
	bool header_once;   /* of several reports in turn, only the first has a header */
	bool has_screen;    /* `anonmem top` shows it with a head above it */
	bool reports_only;  /* writes rows of reports, not what else has formats */
	bool hides_zeros;   /* leaves rows of zeros out unless told not to */
	bool adds_columns;  /* columns that the user chooses come in addition to those of `shows` */
	/* Whether a column is there unless the user chooses others; NULL leaves that to the
	 * command. `watch` is true for reports of a watch. */
	bool (*shows)(const struct column *column, bool watch);
	/* 0, or -1 with *e if out of memory. */
	int (*render)(const struct report *report, const struct render_options *options, FILE *out,
		      struct error *e);
};

extern const struct renderer render_table, render_json, render_csv, render_markdown, render_folded;

#endif
