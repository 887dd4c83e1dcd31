/*
 * showmap: the table that showmap(1) of Android prints of a process, and bug reports repeat.
 *
 *	 virtual                     shared   shared  private  private
 *	    size      RSS      PSS    clean    dirty    clean    dirty     swap  swapPSS   # object
 *	-------- -------- -------- ... ---- ------------------------------
 *	   10452     4636      190     4564        0        0       72        0        0   3 /x.so
 *	-------- -------- -------- ... ---- ------------------------------
 *	(the titles again, and a row whose object is TOTAL)
 *
 * Which columns there are depends on the version of Android and on the options -a and -v; the
 *titles tell. Numbers are kB, from smaps. By default a row stands for all mappings of one name, and
 *says neither where they are nor how they may be accessed.
 *
 * Source: system/memory/libmeminfo, tools/showmap.cpp, Android 10 to 16.
 */
#ifndef PARSE_SHOWMAP_H
#define PARSE_SHOWMAP_H

#include "parse/mapping.h"

enum { SHOWMAP_COLUMNS = 32 };

struct showmap {
	enum {
		SHOWMAP_OUTSIDE, /* no table has begun */
		SHOWMAP_TITLED,	 /* its titles were read */
		SHOWMAP_ROWS,
		SHOWMAP_TOTALS, /* its titles were read again; one row is left */
	} state;
	unsigned count;
	int columns[SHOWMAP_COLUMNS]; /* enum counter, or a column known to showmap.c only */
};

enum showmap_line {
	SHOWMAP_OTHER,	 /* not part of a table */
	SHOWMAP_BEGIN,	 /* the titles of another table */
	SHOWMAP_NOTHING, /* a line without a row */
	SHOWMAP_MAPPING, /* a row */
	SHOWMAP_END,	 /* the last row */
	SHOWMAP_MALFORMED,
};

/* Whether a line is the first of a table. */
bool showmap_begins(struct slice line);

/* Whether a table has begun and not ended. */
static inline bool showmap_is_open(const struct showmap *t)
{
	return t->state != SHOWMAP_OUTSIDE;
}

/* Takes a line without its newline. Fills *m from a row; its name points into the line. A mapping
 * of unknown address begins and ends at 0; unknown permissions are empty. */
enum showmap_line showmap_take(struct showmap *t, struct slice line, struct mapping *m);

#endif
