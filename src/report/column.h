/*
 * column: what a row of a report can show.
 *
 * A column makes a typed cell from a group; how the cell looks is up to the renderer. Columns of
 * counters are made from the table in counters.h, so a new field of smaps needs no change here.
 */
#ifndef REPORT_COLUMN_H
#define REPORT_COLUMN_H

#include "model/snapshot.h"

enum cell_type {
	CELL_TEXT,
	CELL_NUMBER,
	CELL_BYTES,
	CELL_BOUNDS, /* lower and upper bound in bytes */
	CELL_PERCENT,
	CELL_ADDRESS,
	CELL_CHANGE, /* in bytes, positive or negative */
	CELL_GRAPH,
	CELL_STATE, /* number: the state of a trend */
};

struct cell {
	bool known;	   /* the rest is valid only with this, */
	bool at_least;	   /* or only the number, as a lower bound, with this */
	struct slice text; /* valid as long as the snapshot */
	bool marked;	   /* mark it for people: the text does not come from the kernel */
	bool plain;	   /* a text that no process chose, such as access rights */
	uint64_t number;   /* of CELL_NUMBER, CELL_BYTES, CELL_BOUNDS, CELL_ADDRESS */
	uint64_t most;	   /* of CELL_BOUNDS */
	double percent;
	int64_t change;
	const struct trend *graph; /* has the history; valid as long as the snapshot */
};

/* A row; or the totals, if key is NULL. */
struct column_input {
	const struct snapshot *snapshot;
	const struct group *group;
	const symbol *key;
	const struct trend *trend; /* of totals other than the snapshot's; or NULL */
};

struct column {
	const char *name; /* in JSON, CSV, --columns and --sort */
	const char *header;
	const char *help;
	enum cell_type type;
	enum column_role {
		COLUMN_KEY,	/* tells groups apart */
		COLUMN_COUNTER, /* in the JSON contract */
		COLUMN_DERIVED, /* only if requested */
		COLUMN_COSTLY,	/* the same, and only by its own name, since it costs more */
		COLUMN_PROCESS, /* the same, and known only if rows are processes */
		COLUMN_CGROUP,	/* the same, and known only if rows are control groups */
		COLUMN_TREND,	/* known only to a watch */
	} role;
	struct cell (*get)(const struct column *column, const struct column_input *in);
	int which;	    /* the counter, or the enum key, of this column */
	bool never_unknown; /* by the JSON contract: omitted rather than null */
};

/* All columns, in the order of CSV and JSON. */
extern const struct column columns[];
extern const size_t column_count;

enum { COLUMNS_MAX = 64 };

/* Whether a column is meaningful in rows with these keys. */
bool column_suits(const struct column *column, const struct grouping *by);

/* The files of a process that a column needs in addition to the keys: NEED_... of source.h. */
unsigned column_needs(const struct column *column);

/* Whether programs get a column by default: counters and, in a watch, their changes. */
bool column_is_data(const struct column *column, bool watch);

/* Whether a column shows the number of the refresh, the same in every row. */
bool column_is_refresh(const struct column *column);

/* Finds a column by name or header, ignoring case; NULL if there is none. */
const struct column *column_find(struct slice name);

/* Whether the default order is descending: names, addresses and process ids ascend; counts and
 * sizes descend. */
static inline bool column_falls(const struct column *column)
{
	return column->role != COLUMN_KEY && column->type != CELL_TEXT;
}

/* Writes the columns of a key to out, and returns their number; `full` means those for programs
 * rather than for people. */
size_t column_of_key(enum key key, bool full, const struct column *out[COLUMNS_MAX]);

#endif
