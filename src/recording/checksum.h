/*
 * checksum: detects changes made by a disk or a copy, not forgeries. For src/recording/ only.
 *
 * A checksum has 64 bits. Different numbers always change a sum differently, so a single change is
 * always detected. Rows are summed one by one, and their sums are added in any order.
 */
#ifndef RECORDING_CHECKSUM_H
#define RECORDING_CHECKSUM_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define CHECKSUM_START UINT64_C(0xcbf29ce484222325)

/* Multiplies by an odd factor and shifts; both can be undone, so nothing is lost. */
static inline uint64_t checksum_number(uint64_t sum, uint64_t number)
{
	sum = (sum ^ number) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 29;
}

static inline uint64_t checksum_bytes(uint64_t sum, bool known, struct slice bytes)
{
	sum = checksum_number(sum, known ? bytes.len : UINT64_MAX);
	for (size_t i = 0; known && i < bytes.len; i++)
		sum = checksum_number(sum, (unsigned char)bytes.ptr[i]);
	return sum;
}

static inline uint64_t checksum_known(uint64_t sum, bool known, uint64_t number)
{
	return checksum_number(checksum_number(sum, known), known ? number : 0);
}

#endif
