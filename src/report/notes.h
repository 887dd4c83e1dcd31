/* notes: what a report says in sentences; for report.c only. */
#ifndef REPORT_NOTES_H
#define REPORT_NOTES_H

#include "report/report.h"

/* How many processes were seen and read, and what to do about the others. Freed by the caller; NULL
 * when there is no memory. */
char *coverage_sentence(const struct snapshot *s);

/* Fills r->notes and r->checks; false when there is no memory. */
bool notes_add(struct report *r);
bool checks_add(struct report *r);

#endif
