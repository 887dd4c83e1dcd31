/*
 * signs: all signs (sign.h) together: what the content of a mapping shows of its parts.
 */
#ifndef CLASSIFY_SIGNS_H
#define CLASSIFY_SIGNS_H

#include "parse/content.h"

extern const struct content_signs signs;

#endif
