/* measured: what a check measured of each rule in one run, read back from its JSON. */
#ifndef REPORT_MEASURED_H
#define REPORT_MEASURED_H

#include "base/json.h"
#include "report/budget.h"

/* Fills the usages of a new run. Rules are found by what they are about and their column, whatever
 * their limits were. Whoever wrote the run may have written anything: what makes no sense is
 * unknown. False if out of memory. */
bool measured_read(const cJSON *run, const struct budget *b, struct usage *usages);

#endif
