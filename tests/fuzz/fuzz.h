/*
 * fuzz: one entry for each kind of untrusted input. An entry reads the input as the program would,
 * and aborts if something is wrong: CHECK() verifies invariants, sanitizers find the rest.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "base/slice.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The entry, called by the fuzzers and by replay.c; always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(true_or_end)                                                                         \
	do {                                                                                       \
		if (!(true_or_end)) {                                                              \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #true_or_end);          \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* Takes bytes from the front of an input; 0 if there are none left. */
static inline uint8_t take_u8(struct slice *in)
{
	if (in->len == 0)
		return 0;
	*in = slice_inner(*in, 1, 0);
	return (uint8_t)in->ptr[-1];
}

static inline uint32_t take_u16(struct slice *in)
{
	uint32_t low = take_u8(in);

	return low | (uint32_t)take_u8(in) << 8;
}

/* A copy with a NUL appended, on the heap, so that reading past its end is detected; the caller
 * frees it. */
static inline char *copy_string(struct slice s)
{
	char *copy = malloc(s.len + 1);

	CHECK(copy);
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return copy;
}

/* Whether the C library may take very long for a regular expression. Authors of patterns are
 * trusted not to write such ones.
 */
static inline bool is_costly(struct slice pattern)
{
	unsigned repetitions = 0;

	for (size_t i = 0; i < pattern.len; i++) {
		if (pattern.ptr[i] == '{')
			return true;
		repetitions += memchr("*+?|(", pattern.ptr[i], 5) != NULL;
	}
	return repetitions > 12;
}

#endif
