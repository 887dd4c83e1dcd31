/*
 * aggregate: sums of counters by group key.
 *
 *	aggregate_init(&a, parts)	parts: symbols in a key
 *	g = aggregate_group(&a, key)	the group of a key
 *	aggregate_add(&a, g, n, counters)	adds n mappings to it
 *	aggregate_reset(&a)		empty again, memory kept
 *	aggregate_free(&a)
 *
 * All symbols belong to one intern table, which the caller owns. A sum that would pass COUNTER_MAX
 * stays there and sets `inexact`.
 */
#ifndef MODEL_AGGREGATE_H
#define MODEL_AGGREGATE_H

#include "base/intern.h"
#include "parse/counters.h"
#include "parse/heap_use.h"

/* Bounds of an amount in bytes; equal if the amount is known. */
struct bounds {
	uint64_t low, high;
	bool unknown;
};

struct group {
	struct counters counters;
	uint64_t processes, mappings;
	struct bounds exclusive; /* these two are valid only if requested */
	struct heap_use heap;
};

/* Adds; sums stay at COUNTER_MAX. */
void bounds_add(struct bounds *sum, uint64_t low, uint64_t high);

/* What is known of parts is what is known of their sum; it stays at COUNTER_MAX, too. */
void heap_use_add(struct heap_use *sum, const struct heap_use *part);

struct aggregate {
	unsigned parts;
	struct intern keys; /* from key to index of its group */
	struct group *groups;
	uint32_t capacity;
	bool inexact;
};

void aggregate_init(struct aggregate *a, unsigned parts);
void aggregate_reset(struct aggregate *a);
void aggregate_free(struct aggregate *a);

static inline uint32_t aggregate_count(const struct aggregate *a)
{
	return a->keys.count;
}

/* The symbols of a group's key, valid as long as the aggregate. */
static inline const symbol *aggregate_key(const struct aggregate *a, uint32_t group)
{
	return (const symbol *)(const void *)intern_bytes(&a->keys, group).ptr;
}

/* Finds or adds the group of a key. A new group is empty and counts one process. NULL if out of
 * memory. Valid until the next call. */
struct group *aggregate_group(struct aggregate *a, const symbol *key);

/* The existing group of a key, or NULL. */
struct group *aggregate_find(const struct aggregate *a, const symbol *key);

/* Adds mappings, and the sum of their counters, to a group of a. */
void aggregate_add(struct aggregate *a, struct group *g, uint64_t mappings,
		   const struct counters *counters);

/* Adds a group under a key. False if out of memory. */
bool aggregate_add_group(struct aggregate *a, const symbol *key, const struct group *group);

/* Adds a group to another, as for totals. False if a counter overflowed. */
bool group_add(struct group *sum, const struct group *part);

void group_zero(struct group *g);

#endif
