/*
 * json_member: finds one member of an object in the text of JSON, without making a tree of it all.
 *
 * Files of container engines have kilobytes that are not needed here. The member found is text that
 * may be anything; cJSON reads it.
 */
#ifndef PARSE_JSON_MEMBER_H
#define PARSE_JSON_MEMBER_H

#include "base/slice.h"

/* The text of the member of that name, which has no escapes; it is part of `object`. False if the
 * object has none, or is malformed up to there. */
bool json_member(struct slice object, const char *name, struct slice *value);

#endif
