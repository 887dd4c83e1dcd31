/* parts: members that several kinds of JSON documents have in common. */
#ifndef RENDER_PARTS_H
#define RENDER_PARTS_H

#include "base/json.h"
#include "report/column.h"

/* NULL if out of memory. */
cJSON *json_coverage(const struct coverage *c);
cJSON *json_answer(enum answer a);
cJSON *json_tool(const char *version);
cJSON *json_moment(const struct machine *m);
cJSON *json_keys(const struct grouping *by);
cJSON *json_sentences(char *const *lines, size_t count);
cJSON *json_cell(const struct column *column, const struct cell *cell);

#endif
