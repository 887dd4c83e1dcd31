/*
 * boundary: where another process begins among the mappings of a capture; for src/source/ only.
 *
 * It begins where addresses go backwards. It also has begun where a second [stack], [vdso] or
 * [vectors] lies elsewhere: a process of 64 bits may lie wholly above one of 32 bits that stands
 * before it. Its first mapping is then the first one behind what the kernel puts at the end of the
 * process before; so those behind that are held back until it is clear whose they are.
 */
#ifndef SOURCE_BOUNDARY_H
#define SOURCE_BOUNDARY_H

#include "parse/smaps.h"

enum { BOUNDARY_MARKS = 3 }; /* [stack], [vdso], [vectors] */

struct boundary {
	struct stage next;
	/* Called before the first mapping of another process goes to `next`. */
	int (*begins)(void *ctx, struct error *e);
	void *ctx;

	uint64_t end; /* of the mapping before */
	struct boundary_mark {
		uint64_t start, end;
	} marks[BOUNDARY_MARKS]; /* end is 0 if there was none */
	bool is_behind;		 /* the mapping before was the kernel's */
	struct held_mapping {
		struct mapping mapping;
		char *name; /* of the mapping; freed with it */
	} * held;
	size_t count, capacity;
};

void boundary_init(struct boundary *b, struct stage next, int (*begins)(void *, struct error *),
		   void *ctx);
void boundary_free(struct boundary *b);

/* Nearly always true: the mapping follows the one before, and neither can mark a boundary. Then it
 * is of the same process, and need not go through boundary_take(). */
static inline bool boundary_is_far(struct boundary *b, const struct mapping *m)
{
	if (m->start < b->end || b->is_behind || (m->name.len && m->name.ptr[0] == '['))
		return false;
	b->end = m->end;
	return true;
}

/* As a stage. */
int boundary_take(struct boundary *b, const struct mapping *m, struct error *e);

/* The process ends: gives on what is held, and forgets the process. */
int boundary_end(struct boundary *b, struct error *e);

/* Whether the process has come to its stack, or to what the kernel puts there. */
bool boundary_has_marks(const struct boundary *b);

#endif
