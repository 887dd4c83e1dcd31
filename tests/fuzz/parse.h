/* parse: text through the parser, in all ways that must give the same. */
#ifndef FUZZ_PARSE_H
#define FUZZ_PARSE_H

#include "parse/smaps.h"

/* Checks, of a capture if it `is_capture`, that the result does not depend on the pieces in which
 * the text comes, which `seed` chooses, nor on whether the parser learns. */
void parse_all_ways(struct slice text, enum smaps_kind kind, bool is_capture, unsigned seed);

#endif
