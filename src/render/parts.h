/* parts: members that several kinds of JSON documents have in common. */
#ifndef RENDER_PARTS_H
#define RENDER_PARTS_H

#include "base/json.h"
#include "model/coverage.h"
#include "source/machine.h"

/* NULL if out of memory. */
cJSON *json_coverage(const struct coverage *c);
cJSON *json_answer(enum answer a);

#endif
