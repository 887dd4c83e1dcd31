/*
 * shares: divides swapped shared memory among the processes that map it.
 *
 *	shares_init(&s)
 *	shares_add(&s, record)		each record of one moment
 *	shares_measure(&s, source)	finds out what is swapped of each object
 *	shares_of(&s, part, &bytes)	the share of a mapping
 *	shares_free(&s)
 *
 * For a mapping of shared memory, smaps tells how much of that range of the object is swapped, the
 * same in each process that maps it, and SwapPss is 0. The swap of the whole object is divided in
 * proportion to these figures, so that the shares add up to it. Processes that could not be read
 * are left out, as in all sums.
 */
#ifndef MODEL_SHARES_H
#define MODEL_SHARES_H

#include "model/record.h"

struct shares {
	struct intern ids; /* of the objects */
	struct shared_object {
		uint64_t mapped;  /* sum of the swap that all mappings see, */
		uint64_t least;	  /* and the maximum */
		uint64_t swapped; /* of the object; a lower bound of `least` if unknown */
		bool known;
		struct segment_facts facts;
	} * objects; /* by symbol of the id */
	uint32_t capacity;
	struct shared_mapping {
		uint32_t object;
		pid_t pid;
		uint64_t start, end, offset, swapped;
	} * mappings;
	size_t count, mapping_capacity;
	bool incomplete; /* some mappings do not tell what they see swapped */
};

void shares_init(struct shares *s);
void shares_free(struct shares *s);

/* False if out of memory. */
bool shares_add(struct shares *s, const struct record *r);

/* If an object's swap remains unknown, the largest mapping gives a lower bound for all shares. */
void shares_measure(struct shares *s, const struct source *source);

/* What is known about an object. */
struct segment_facts shares_facts(const struct shares *s, const struct segment_id *id);

/* Adds an object that no process maps. False if out of memory. */
bool shares_add_unmapped(struct shares *s, const struct segment_id *id,
			 const struct segment_facts *facts);

/* Whether the object is known here. */
bool shares_have(const struct shares *s, const struct segment_id *id);

/* Counts the objects whose swapped part is unknown. */
uint64_t shares_unmeasured(const struct shares *s);

/* Sets *bytes to the share of a part; false if that is only a lower bound. `s` may be NULL if
 * nothing is known. */
bool shares_of(const struct shares *s, const struct swapped_part *part, uint64_t *bytes);

#endif
