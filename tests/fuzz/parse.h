/* parse: passes text through the parser in all ways that must give the same result. */
#ifndef FUZZ_PARSE_H
#define FUZZ_PARSE_H

#include "parse/smaps.h"

/* Checks that the result does not depend on how the text is split (chosen by `seed`), nor on
 * whether the parser learns. */
void parse_all_ways(struct slice text, enum smaps_kind kind, bool is_capture, unsigned seed);

#endif
