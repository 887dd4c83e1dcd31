/* order: which row stands before which; for report.c only. */
#ifndef REPORT_ORDER_H
#define REPORT_ORDER_H

#include "report/report.h"

/* The groups of a snapshot in the order of the report, freed by the caller; NULL when there is no
 * memory. Unknown values stand last in either direction; ties break on the key's bytes, so that
 * the order is the same every time. */
uint32_t *order_groups(const struct snapshot *s, const struct report_options *options);

#endif
