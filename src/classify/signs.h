/* signs: applies all signs (sign.h) to a mapping. */
#ifndef CLASSIFY_SIGNS_H
#define CLASSIFY_SIGNS_H

#include "parse/content.h"

extern const struct content_signs signs;

#endif
