/* notes: what a report says in sentences; for report.c only. */
#ifndef REPORT_NOTES_H
#define REPORT_NOTES_H

#include "model/snapshot.h"

/* How many processes were seen and read, and what to do about the others. Freed by the caller; NULL
 * when there is no memory. */
char *coverage_sentence(const struct snapshot *s);

/* What to know about a report, of which so many rows are hidden, and what --verify found. They add
 * to a list that was empty, which the caller frees in any case; false when there is no memory. */
bool notes_make(const struct snapshot *s, size_t hidden, char ***lines, size_t *count);
bool checks_make(const struct snapshot *s, char ***lines, size_t *count);

#endif
