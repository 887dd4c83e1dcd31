/*
 * boundary: finds where another process begins among the mappings of a capture; for src/source/
 * only.
 *
 * A process begins where addresses go backwards. It also must have begun if there is a second
 * [stack], [vdso] or [vectors] at another address: all of a 64-bit process may lie above the 32-bit
 * process before it. Its first mapping is then the first one after the mappings that the kernel
 * puts at the end of the previous process; mappings from there on are held back until it is clear
 * whose they are.
 */
#ifndef SOURCE_BOUNDARY_H
#define SOURCE_BOUNDARY_H

#include "parse/smaps.h"

enum { BOUNDARY_MARKS = 3 }; /* [stack], [vdso], [vectors] */

struct boundary {
	struct stage next;
	/* Called before the first mapping of another process is passed to `next`. */
	int (*begins)(void *ctx, struct error *e);
	void *ctx;

	uint64_t end; /* of the previous mapping */
	struct boundary_mark {
		uint64_t start, end;
	} marks[BOUNDARY_MARKS]; /* end is 0 if not seen */
	bool is_behind;		 /* the previous mapping was one of the kernel's */
	struct held_mapping {
		struct mapping mapping;
		char *name; /* the mapping's name; freed with it */
	} * held;
	size_t count, capacity;
};

void boundary_init(struct boundary *b, struct stage next, int (*begins)(void *, struct error *),
		   void *ctx);
void boundary_free(struct boundary *b);

/* Almost always true: the mapping follows the previous one, and neither can mark a boundary. Then
 * it belongs to the same process and need not go through boundary_take(). */
static inline bool boundary_is_far(struct boundary *b, const struct mapping *m)
{
	if (m->start < b->end || b->is_behind || (m->name.len && m->name.ptr[0] == '['))
		return false;
	b->end = m->end;
	return true;
}

/* A stage. */
int boundary_take(struct boundary *b, const struct mapping *m, struct error *e);

/* Ends the process: passes on the held mappings, and resets for the next process. */
int boundary_end(struct boundary *b, struct error *e);

/* Whether the process got as far as its stack, or the kernel's mappings near it. */
bool boundary_has_marks(const struct boundary *b);

#endif
