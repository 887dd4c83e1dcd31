/*
 * template: the shape that one kernel gives every entry of smaps.
 *
 * The kernel pads numbers to a fixed width, so below their headers all entries of a run look alike,
 * but for the digits and the last line, VmFlags. A template is learned from one entry. Of a further
 * entry only what differs from the one before is looked at: first whether anything does, then
 * whether all that does is a number, and then those numbers, eight digits at once.
 *
 * It only ever says "this entry is so" or "I do not know"; an entry that it does not know (a wider
 * number, another kernel's fields) is left to the general parser, which decides.
 */
#ifndef PARSE_TEMPLATE_H
#define PARSE_TEMPLATE_H

#include "base/slice.h"
#include "parse/counters.h"

enum {
	TEMPLATE_BYTES_MAX = 1536,
	TEMPLATE_FIELDS_MAX = 48,
	TEMPLATE_TAIL_MAX = 32,
};

struct template
{
	size_t length; /* bytes of the lines with numbers; 0 while nothing was learned */
	unsigned lines;
	/* The entry before, and what it said. */
	char last[TEMPLATE_BYTES_MAX];
	struct counters counters;
	/* 0xff where all entries have the same byte, 0 where the digits stand. */
	char fixed[TEMPLATE_BYTES_MAX];
	struct template_field {
		uint16_t at;	 /* the eight bytes that end with the number */
		int16_t counter; /* or -1 */
	} fields[TEMPLATE_FIELDS_MAX];
	unsigned field_count;
	/* The key of the one line after the numbers, with its colon. */
	char tail[TEMPLATE_TAIL_MAX];
	size_t tail_length;
	unsigned marks;	 /* enum field_mark of all fields */
	unsigned misses; /* entries running that were not of this shape */
};

/* Learns from an entry, given from behind its header on. False, and nothing known, if the entry is
 * not whole or has no such shape. */
bool template_learn(struct template *f, struct slice text);

/* If text begins with an entry of this shape, sets f->counters, whether they changed, and *lines,
 * and returns its bytes. Otherwise 0. */
size_t template_match(struct template *f, struct slice text, unsigned *lines, bool *changed);

/* Android's kernels repeat the header of some entries in a field of this name, which counts for
 * nothing. */
static inline bool field_repeats_header(struct slice key)
{
	return slice_equals(key, SLICE("Name"));
}

#endif
