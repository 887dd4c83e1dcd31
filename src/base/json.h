/*
 * json: nodes of cJSON that are exact and safe.
 *
 * cJSON keeps numbers as doubles, which are exact only to 2^53, so integers go into the tree as raw
 * text. Out of memory, it leaves members out of a node; here, what could not be added is freed
 * and makes the whole worthless: functions that build a node return NULL then.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/slice.h"

#include <stdint.h>
#include <stdio.h>

#include <cjson/cJSON.h>

cJSON *json_integer(uint64_t n);

/* A string in which everything that could act on a terminal is written by its number, and which is
 * escaped as in the table where it is not UTF-8, for which JSON has no form. */
cJSON *json_string(struct slice text);

/* json_string(), or null where the text is empty. */
cJSON *json_string_or_null(const char *text);

/* Adds a member, or an element. False, with `value` freed, if that could not be done. */
bool json_put(cJSON *object, const char *name, cJSON *value);
bool json_append(cJSON *array, cJSON *value);

/* The node itself if it is whole; else frees it and returns NULL. */
cJSON *json_finish(bool whole, cJSON *node);

/* Writes a node on one line and frees it. False when there was no memory for it. */
bool json_write(cJSON *node, FILE *out);

#endif
