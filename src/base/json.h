/*
 * json: builds exact and safe cJSON nodes.
 *
 * cJSON keeps numbers as doubles, which are exact only to 2^53, so integers go into the tree as raw
 * text. When out of memory, cJSON silently leaves members out; here, a value that could not be
 * added is freed, and the function that builds the node returns NULL.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/slice.h"

#include <stdint.h>
#include <stdio.h>

#include <cjson/cJSON.h>

cJSON *json_integer(uint64_t n);

/* A string; characters that a terminal could act on are written as \u escapes. Bytes that are not
 * UTF-8 have no form in JSON; such text is escaped as in the table. */
cJSON *json_string(struct slice text);

/* json_string(), or null where the text is empty. */
cJSON *json_string_or_null(const char *text);

/* Adds a member, or an element. On failure, frees `value` and returns false. */
bool json_put(cJSON *object, const char *name, cJSON *value);
bool json_append(cJSON *array, cJSON *value);

/* Returns the node if it is complete; otherwise frees it and returns NULL. */
cJSON *json_finish(bool whole, cJSON *node);

/* Writes a node on one line and frees it. False if out of memory. */
bool json_write(cJSON *node, FILE *out);

#endif
