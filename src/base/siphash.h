/* siphash: SipHash-2-4 (Aumasson and Bernstein, 2012), which reveals nothing without the key. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include "base/slice.h"

#include <stdint.h>

uint64_t siphash(const uint64_t key[2], struct slice bytes);

#endif
