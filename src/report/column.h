/*
 * column: what a row of a report can show, as data.
 *
 * A column makes a typed cell from a group; how that looks is the renderer's affair. Counters come
 * from the table in counters.h, so a new field of smaps is a new column without a line here.
 */
#ifndef REPORT_COLUMN_H
#define REPORT_COLUMN_H

#include "model/snapshot.h"

enum cell_type {
	CELL_TEXT,
	CELL_NUMBER,
	CELL_BYTES,
	CELL_BOUNDS, /* bytes, at least and at most */
	CELL_PERCENT,
	CELL_ADDRESS,
	CELL_CHANGE, /* of bytes, up or down */
	CELL_GRAPH,
	CELL_STATE, /* number: that of a trend */
};

struct cell {
	bool known;	   /* the rest means something only then, */
	bool at_least;	   /* or, but only the number, with this: it is not less */
	struct slice text; /* lives as long as the snapshot */
	bool marked;	   /* for people: a text that is not the kernel's word */
	bool plain;	   /* a text that no process chose, such as access rights */
	uint64_t number;   /* of CELL_NUMBER, CELL_BYTES, CELL_BOUNDS, CELL_ADDRESS */
	uint64_t most;	   /* of CELL_BOUNDS */
	double percent;
	int64_t change;
	const struct trend *graph; /* its history; lives as long as the snapshot */
};

/* One row, or the totals, for which key is NULL. */
struct column_input {
	const struct snapshot *snapshot;
	const struct group *group;
	const symbol *key;
	const struct trend *trend; /* of totals that are not the snapshot's; or NULL */
};

struct column {
	const char *name; /* in JSON, CSV, --columns and --sort */
	const char *header;
	const char *help;
	enum cell_type type;
	enum {
		COLUMN_KEY,	/* tells groups apart */
		COLUMN_COUNTER, /* in the JSON contract */
		COLUMN_DERIVED, /* only where asked for */
		COLUMN_COSTLY,	/* the same, and by its own name: to know it costs more */
		COLUMN_PROCESS, /* the same, and known only where rows are of processes */
		COLUMN_TREND,	/* only known to a watch */
	} role;
	struct cell (*get)(const struct column *column, const struct column_input *in);
	int which;	    /* the counter, or the enum key that has this column */
	bool never_unknown; /* by the JSON contract: left out rather than null */
};

/* All columns; the order is that of CSV and JSON. */
extern const struct column columns[];
extern const size_t column_count;

enum { COLUMNS_MAX = 64 };

/* Whether it says something where rows are by these keys. */
bool column_suits(const struct column *column, const struct grouping *by);

/* Files of a process that a column needs besides what the keys do: NEED_... of source.h. */
unsigned column_needs(const struct column *column);

/* Whether a column is there for programs: counters and, in a watch, how they change. */
bool column_is_data(const struct column *column, bool watch);

/* Whether a column has the number of the refresh in every row. */
bool column_is_refresh(const struct column *column);

/* By name or header, in any case; NULL if there is none. */
const struct column *column_find(struct slice name);

/* Whether the largest values come first if nobody says otherwise: names, addresses and process ids
 * rise, what is counted or measured falls. */
static inline bool column_falls(const struct column *column)
{
	return column->role != COLUMN_KEY && column->type != CELL_TEXT;
}

/* The columns of a key, `full` for machines or the ones that people look at. Returns how many were
 * written to out. */
size_t column_of_key(enum key key, bool full, const struct column *out[COLUMNS_MAX]);

#endif
