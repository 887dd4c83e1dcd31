/*
 * render: the interface of renderers, which write reports.
 *
 * A renderer sees only the report and the options, not /proc, the clock or the environment. It does
 * not check for write errors; its caller checks ferror() once. Names from the report are escaped on
 * the way out: no byte that a process chose reaches a terminal raw.
 */
#ifndef RENDER_RENDER_H
#define RENDER_RENDER_H

#include "model/timeline.h"
#include "report/report.h"

#include <stdio.h>

enum units { UNITS_AUTO, UNITS_BYTES, UNITS_KIB, UNITS_MIB, UNITS_GIB };

struct render_options {
	size_t width; /* columns of the terminal; 0 for unlimited */
	bool color;
	bool header;
	bool quiet; /* without coverage and notes */
	enum units units;
	const size_t *least; /* minimum widths of a table's columns; or NULL */
	size_t text_min;     /* minimum width of text in a table; 0 for 8 */
	bool shows_denied;   /* add a row below the totals if processes could not be read */
	const char *total;   /* what the totals of a table are of; NULL if that is clear */
	size_t text_max;     /* maximum width of text in a table; 0 for unlimited */
	/* Columns that a table leaves out if it is too wide, in this order. */
	const struct column *const *expendable;
	size_t expendable_count;
	size_t graph;		  /* columns of a graph of history; 0 for 8 */
	bool one_line;		  /* if the format allows both one line and several */
	const char *version;	  /* of anonmem */
	const char *const *paths; /* where the data was read from */
	size_t path_count;
	const struct timeline *timeline; /* of the report's groups; or NULL */
};

struct renderer {
	const char *name;
	bool full_keys;	    /* wants all columns of a key */
	bool carries_notes; /* writes coverage and notes itself, unless quiet, */
	bool always_notes;  /* or even then */
	bool header_once;   /* in a series of reports, only the first has a header */
	bool has_screen;    /* `anonmem top` shows it with a head above */
	bool reports_only;  /* writes reports only, not what else has formats */
	bool hides_zeros;   /* leaves out rows of zeros by default */
	bool over_time;	    /* shows a timeline, too */
	bool by_place;	    /* by default, groups by control group and program, too */
	bool adds_columns;  /* columns that the user chooses are added to those of `shows` */
	/* Whether a column is shown by default; NULL leaves that to the command. `watch` is true
	 * for reports of a watch. */
	bool (*shows)(const struct column *column, bool watch);
	/* 0, or -1 with *e if out of memory. */
	int (*render)(const struct report *report, const struct render_options *options, FILE *out,
		      struct error *e);
};

extern const struct renderer render_table, render_json, render_csv, render_markdown, render_folded,
	render_html, render_prometheus;

#endif
