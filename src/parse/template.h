/*
 * template: the shape that one kernel gives every entry of smaps.
 *
 * The kernel pads numbers to a fixed width, so the entries of one process look alike after their
 * headers, except for digits and the last line, VmFlags. A template is learned from one entry. Each
 * later entry is compared with the one before: first for any difference, then for a difference in
 * anything but numbers; then only the numbers that changed are parsed, eight digits at a time.
 *
 * An entry that does not match (a wider number, another kernel's fields) is left to the general
 * parser.
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
	size_t length; /* bytes of the lines with numbers; 0 until something was learned */
	unsigned lines;
	/* The previous entry, and its counters. */
	char last[TEMPLATE_BYTES_MAX];
	struct counters counters;
	/* 0xff where all entries have the same byte, 0 where the digits are. */
	char fixed[TEMPLATE_BYTES_MAX];
	struct template_field {
		uint16_t at;	 /* offset of the eight bytes that end with the number */
		int16_t counter; /* or -1 */
	} fields[TEMPLATE_FIELDS_MAX];
	unsigned field_count;
	/* The key of the one line after the numbers, with its colon. */
	char tail[TEMPLATE_TAIL_MAX];
	size_t tail_length;
	unsigned marks;	 /* enum field_mark bits of all fields */
	unsigned misses; /* consecutive entries that did not match */
};

/* Learns from an entry, given without its header. On failure, if the entry is incomplete or has no
 * such shape, the template is empty. */
bool template_learn(struct template *f, struct slice text);

/* If text begins with an entry of this shape, sets f->counters, *changed (whether they changed) and
 * *lines, and returns the entry's length. Otherwise returns 0. */
size_t template_match(struct template *f, struct slice text, unsigned *lines, bool *changed);

/* Android's kernels repeat the header of some entries in a field of this name; it is ignored. */
static inline bool field_repeats_header(struct slice key)
{
	return slice_equals(key, SLICE("Name"));
}

#endif
