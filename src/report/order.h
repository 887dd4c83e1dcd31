/* order: sorts the rows of reports, and groups that are written in an order. */
#ifndef REPORT_ORDER_H
#define REPORT_ORDER_H

#include "report/column.h"

/* The groups of a snapshot sorted by a column, or without one by PSS (RSS if PSS is unknown),
 * descending. The caller frees the list; NULL if out of memory. Unknown values come last in either
 * direction; ties are broken by the keys, so the order is reproducible. */
uint32_t *order_groups(const struct snapshot *s, const struct column *sort, bool falling);

#endif
