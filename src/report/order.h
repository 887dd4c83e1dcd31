/* order: which row stands before which; for report.c only. */
#ifndef REPORT_ORDER_H
#define REPORT_ORDER_H

#include "report/column.h"

/* The groups of a snapshot sorted by a column, freed by the caller; NULL if out of memory.
 * Without a column by PSS, or RSS where PSS is not known, falling. Unknown values stand last in
 * either direction; ties break on the key's bytes, so that the order is the same every time. */
uint32_t *order_groups(const struct snapshot *s, const struct column *sort, bool falling);

#endif
