/*
 * checksum: finds what a disk or a copy has changed; it does not find what somebody wants to hide.
 * For src/recording/ only.
 *
 * FNV-1a over bytes, of 64 bits. Rows are hashed one by one and added, so their order is of no
 * account.
 */
#ifndef RECORDING_CHECKSUM_H
#define RECORDING_CHECKSUM_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define CHECKSUM_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t checksum_number(uint64_t sum, uint64_t number)
{
	for (int i = 0; i < 8; i++) {
		sum ^= number >> 8 * i & 0xff;
		sum *= UINT64_C(0x100000001b3);
	}
	return sum;
}

static inline uint64_t checksum_bytes(uint64_t sum, bool known, struct slice bytes)
{
	sum = checksum_number(sum, known ? bytes.len : UINT64_MAX);
	for (size_t i = 0; known && i < bytes.len; i++) {
		sum ^= (unsigned char)bytes.ptr[i];
		sum *= UINT64_C(0x100000001b3);
	}
	return sum;
}

static inline uint64_t checksum_known(uint64_t sum, bool known, uint64_t number)
{
	return checksum_number(checksum_number(sum, known), known ? number : 0);
}

#endif
