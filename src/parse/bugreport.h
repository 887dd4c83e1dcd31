/*
 * bugreport: what Android prints about the memory of processes: a bug report, or the output of
 * showmap(1) for one process or several.
 *
 *	========================================================
 *	== dumpstate: 2026-11-29 10:00:00
 *	...
 *	------ SMAPS OF ALL PROCESSES ------
 *	------ SHOW MAP 620 (/system/bin/netd) (/system/xbin/su root showmap -q 620) ------
 *	(a table; see showmap.h)
 *	------ 0.085s was the duration of 'SHOW MAP 620 (/system/bin/netd)' ------
 *
 * Everything else in a bug report is skipped. A process whose table is not whole is cut short.
 *
 * Source: frameworks/native/cmds/dumpstate, Android 4 to 16.
 */
#ifndef PARSE_BUGREPORT_H
#define PARSE_BUGREPORT_H

#include "parse/separator.h"
#include "parse/showmap.h"

struct bugreport {
	enum {
		BUGREPORT_NONE,	   /* it is smaps */
		BUGREPORT_STARTED, /* a line of its head was read */
		BUGREPORT_TEXT,	   /* a bug report */
		BUGREPORT_TABLES,  /* showmap's output */
	} form;
	bool has_section;
	bool in_section; /* in the part about processes; other parts can contain anything */
	bool in_process; /* after the line that names the process */
	bool has_table;	 /* a table has begun since */
	int32_t pid;
	struct showmap table;
};

enum bugreport_line {
	BUGREPORT_NOTHING,
	BUGREPORT_MAPPING,
	BUGREPORT_SEPARATOR, /* another process begins, or this one could not be read */
	BUGREPORT_OTHER,     /* not part of a table */
	BUGREPORT_MALFORMED,
};

/* Whether the first line of a capture is that of a bug report or of showmap's output. */
bool bugreport_begins(struct slice line);

/* Takes a line without its newline, fills *m or *s. Slices point into the line. */
enum bugreport_line bugreport_take(struct bugreport *b, struct slice line, struct mapping *m,
				   struct separator *s);

/* Begins another process without a line of a table; s tells whether the one before is cut short. */
void bugreport_begin_process(struct bugreport *b, struct separator *s);

/* Whether it ended without anything about a process. */
bool bugreport_is_empty(const struct bugreport *b);

/* Whether the last process is cut short, at the end of the input. */
bool bugreport_is_cut(const struct bugreport *b);

#endif
