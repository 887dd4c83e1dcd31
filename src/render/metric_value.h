/*
 * metric_value: names that somebody else chose, as values of labels of metrics.
 *
 * Each distinct value makes a series that a server of metrics keeps for weeks, and it rejects all
 * metrics of a machine if one value is no UTF-8. So numbers become `*`, long names are cut, and
 * what is no visible text becomes U+FFFD. A value is a value of itself.
 */
#ifndef RENDER_METRIC_VALUE_H
#define RENDER_METRIC_VALUE_H

#include "base/slice.h"
#include "model/key.h"

#include <stdbool.h>
#include <stdio.h>

enum { METRIC_VALUE_MAX = 64 };

/* The keys that metrics may be labelled by. */
bool metric_can_have(enum key key);

/* Whether numbers in values of a key are replaced: such names mostly come from a program. */
bool metric_folds(enum key key);

/* Writes the value to `buffer`; `folds` says whether numbers are replaced. */
struct slice metric_value(struct slice name, bool folds, char buffer[METRIC_VALUE_MAX]);

/* Writes name="value", after a comma unless it is the first of its series. */
void metric_label_write(bool first, const char *name, struct slice value, FILE *out);

#endif
