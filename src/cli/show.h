/* show: what several commands decide alike about how a report is shown. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "cli/options.h"

/* People get the few columns that matter, whose names end with a NULL; machines all that the
 * contract has. What the user chose replaces that, and in JSON comes on top of the contract. */
void choose_columns(const struct options *o, const char *const *people, struct report_options *r);

/* Whether anything is shown that only smaps or, with luck, smaps_rollup can say. */
bool wants_shares(const struct options *o);

/* Files of a process that are needed for the columns: NEED_... of source.h. */
unsigned columns_need(const struct options *o);

/* Whether coverage and notes are in what is written. Elsewhere they go to standard error, and of a
 * quiet report only what is missing does. */
bool carries_notes(const struct options *o);
/* Whether anything is shown that takes looks at single pages. */
bool wants_exclusive(const struct options *o);
/* Whether anything is shown that takes looks into the memory of processes. */
bool wants_heaps(const struct options *o);

/* On what is written to fd. */
bool wants_color(const struct options *o, int fd);

/* Columns of the terminal; 0 if fd is none. */
size_t terminal_width(int fd);

/* How wide a table on standard output may be. Of these columns, whose names end with a NULL, those
 * that are left out first where there is no room come first; never one that the user asked for.
 * They go into `list`, which the rendering borrows. */
void choose_width(const struct options *o, const char *const *expendable,
		  const struct column *list[COLUMNS_MAX], struct render_options *r);

#endif
