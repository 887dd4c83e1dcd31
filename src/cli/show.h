/* show: decisions about output that several commands share. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "cli/options.h"

/* People get a few important columns, whose names end with NULL; programs get all columns of the
 * contract. The user's choice replaces these, except that in JSON it is added to the contract. */
void choose_columns(const struct options *o, const char *const *people, struct report_options *r);

/* Whether anything is shown that needs smaps or, if it suffices, smaps_rollup. */
bool wants_shares(const struct options *o);

/* The files of a process needed for the columns: NEED_... of source.h. */
unsigned columns_need(const struct options *o);

/* Whether coverage and notes are part of the output. If not, they go to standard error; with
 * --quiet, only those about missed processes. */
bool carries_notes(const struct options *o);
/* Whether anything is shown that needs single pages examined. */
bool wants_exclusive(const struct options *o);
/* Whether anything is shown that needs the contents of processes' memory. */
bool wants_heaps(const struct options *o);

/* Whether anything is shown that needs the figures of control groups. */
bool wants_usages(const struct options *o);

/* Whether to use color on fd. */
bool wants_color(const struct options *o, int fd);

/* The width of the terminal; 0 if fd is not a terminal. */
size_t terminal_width(int fd);

/* Sets the width of a table on standard output. `expendable` names, with a NULL at the end, the
 * columns that may be left out, in this order, except those that the user chose; they are stored in
 * `list`, which the rendering borrows. */
void choose_width(const struct options *o, const char *const *expendable,
		  const struct column *list[COLUMNS_MAX], struct render_options *r);

#endif
