/*
 * exclusive: what is freed if all processes of a row end: anonymous memory and its swap that is
 * mapped only in the row, and shared memory that goes away with its last user.
 *
 * It is not a sum over processes: for memory that others may have too, it compares the pages and
 * objects of all processes of the row:
 *
 *	exclusive_init(&x, by, groups, totals)
 *	exclusive_add(&x, record)		each record with holdings, after folding it
 *	exclusive_add_other(&x, record)		each process outside the report
 *	exclusive_finish(&x, ...)		adds to the bounds of the groups and the totals
 *	exclusive_free(&x)
 *
 * A page is exclusive if all its mappings are in the row; an object, if also no other process has
 * it open.
 */
#ifndef MODEL_EXCLUSIVE_H
#define MODEL_EXCLUSIVE_H

#include "model/record.h"
#include "model/tally.h"

/* Bounds for a mapping by itself: all of it, unless its ownership is known; then only what its
 * pages and objects do not tell. */
struct bounds exclusive_of_mapping(const struct mapping *m, const struct counters *counters,
				   enum kind kind);

/* What a process has that others may have too. */
struct holdings {
	const struct page_list *pages;
	struct page_span {
		uint32_t group; /* of the record */
		size_t first, count;
		uint64_t swap_pss; /* bytes, of its swapped pages */
		uint64_t swap_max; /* upper bound of that before the kernel rounded it */
	} * spans;
	size_t span_count, span_capacity;
	struct object_use {
		uint32_t group; /* or NO_GROUP if the mapping is not in the report */
		struct object_id id;
		bool certain;	   /* its size, and that it goes away */
		uint64_t bytes;	   /* of the whole object, or the mapped part */
		uint64_t rss, pss; /* of the mapping, from smaps; 0 if unknown */
	} * uses;		   /* one per mapping */
	size_t use_count, use_capacity;
	struct held_objects held;
};

#define NO_GROUP UINT32_MAX

void holdings_reset(struct holdings *h);
void holdings_free(struct holdings *h);

/* Adds the holdings of a mapping; `group` is NO_GROUP if it is not in the report. False if out of
 * memory. */
bool holdings_add(struct holdings *h, const struct mapping *m, uint32_t group);

struct exclusive {
	const struct grouping *by;
	struct aggregate *groups;
	struct group *totals;
	uint64_t page_size;
	struct exclusive_row {
		struct tally pages;
		uint64_t swap_pss, swap_max;
	} * rows, all; /* by group; all groups together */
	uint32_t row_capacity;
	bool swap_is_whole;	 /* nobody else maps a swapped page of the rows */
	struct object_use *uses; /* by row rather than group */
	size_t use_count, use_capacity;
	struct holder {
		struct object_id id;
		size_t first, count; /* the rows of the process, in `holder_rows` */
	} * holders;
	size_t holder_count, holder_capacity;
	uint32_t *holder_rows;
	size_t holder_row_count, holder_row_capacity;
	bool unseen; /* set by the caller: processes that were not added may use objects */
};

/* `groups` must come from a fold of the records by the same keys. Everything must outlive *x. */
void exclusive_init(struct exclusive *x, const struct grouping *by, struct aggregate *groups,
		    struct group *totals);
void exclusive_free(struct exclusive *x);

/* False if out of memory. */
bool exclusive_add(struct exclusive *x, const struct record *r);
bool exclusive_add_other(struct exclusive *x, const struct record *r);

/* Whether other processes matter: the report has objects. */
bool exclusive_has_objects(const struct exclusive *x);

/* How often a frame is mapped in the whole system; called with ascending frames. */
typedef uint64_t frame_count_fn(void *ctx, uint64_t frame);

/* False if out of memory. */
bool exclusive_finish(struct exclusive *x, frame_count_fn *count, void *ctx);

#endif
