/* notes: what a report says in sentences; for report.c only. */
#ifndef REPORT_NOTES_H
#define REPORT_NOTES_H

#include "model/snapshot.h"

/* How many processes were seen and read, and what to do about the others. Freed by the caller; NULL
 * if out of memory. */
char *coverage_sentence(const struct snapshot *s);

/* Rows that a report does not show: those that have nothing, and of the others those beyond the
 * limit. */
struct hidden_rows {
	size_t zeros, limited;
};

/* What to know about a report that hides such rows, and what --verify found. They add to a list
 * that was empty, which the caller frees in any case; false if out of memory. */
bool notes_make(const struct snapshot *s, const struct hidden_rows *hidden, char ***lines,
		size_t *count);
bool checks_make(const struct snapshot *s, char ***lines, size_t *count);

/* What of it is about processes that were missed, which even a quiet report says: nothing if none
 * was. As the others. */
bool missing_make(const struct snapshot *s, char ***lines, size_t *count);

#endif
