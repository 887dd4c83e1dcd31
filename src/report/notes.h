/* notes: the sentences of a report; for report.c only. */
#ifndef REPORT_NOTES_H
#define REPORT_NOTES_H

#include "model/snapshot.h"

/* Says how many processes were seen and read, and what to do about the others. The caller frees it;
 * NULL if out of memory. */
char *coverage_sentence(const struct snapshot *s);

/* Rows that a report leaves out: empty ones, and among the others those beyond the limit. */
struct hidden_rows {
	size_t zeros, limited;
};

/* Make the notes of a report that leaves out such rows, and the results of --verify. They fill an
 * empty list, which the caller frees in any case; false if out of memory. */
bool notes_make(const struct snapshot *s, const struct hidden_rows *hidden, char ***lines,
		size_t *count);
bool checks_make(const struct snapshot *s, char ***lines, size_t *count);

/* Makes the part of it that is about missed processes, which even a quiet report shows; empty if
 * none was missed. */
bool missing_make(const struct snapshot *s, char ***lines, size_t *count);

#endif
