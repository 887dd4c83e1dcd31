/*
 * shares: what is swapped of shared memory, divided among those who map it.
 *
 *	shares_init(&s)
 *	shares_add(&s, record)		each record of one moment
 *	shares_measure(&s, source)	what is swapped of each object
 *	shares_of(&s, part, &bytes)	the share of a mapping
 *	shares_free(&s)
 *
 * Of a mapping of shared memory, smaps says how much of that range of its object is swapped, in
 * each process that maps it, and SwapPss is 0. What is swapped of the whole object is divided by
 * these figures, so that the shares add up to it. Processes that could not be read do not take
 * part in that, as in all sums.
 */
#ifndef MODEL_SHARES_H
#define MODEL_SHARES_H

#include "model/record.h"

struct shares {
	struct intern ids; /* of the objects */
	struct shared_object {
		uint64_t mapped;  /* what all mappings see swapped of it, */
		uint64_t least;	  /* and the one that sees most */
		uint64_t swapped; /* of the object; no less than `least` if it is not known */
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
	bool incomplete; /* some mappings do not say what they see swapped */
};

void shares_init(struct shares *s);
void shares_free(struct shares *s);

/* False if out of memory. */
bool shares_add(struct shares *s, const struct record *r);

/* Where that is not known, the share of each is at least that of the largest mapping. */
void shares_measure(struct shares *s, const struct source *source);

/* What is known of an object. */
struct segment_facts shares_facts(const struct shares *s, const struct segment_id *id);

/* Adds an object that nobody maps. False if out of memory. */
bool shares_add_unmapped(struct shares *s, const struct segment_id *id,
			 const struct segment_facts *facts);

/* Whether there is such an object. */
bool shares_have(const struct shares *s, const struct segment_id *id);

/* Counts the objects whose swapped part is unknown. */
uint64_t shares_unmeasured(const struct shares *s);

/* The bytes of a part; false if that is the least it can be. `s` may be NULL, where nothing is
 * known. */
bool shares_of(const struct shares *s, const struct swapped_part *part, uint64_t *bytes);

#endif
