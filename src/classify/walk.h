/*
 * walk: a mapping that consists of pieces of one size, each with a header.
 *
 * All headers are examined if there are few, and an evenly spread sample if there are many.
 */
#ifndef CLASSIFY_WALK_H
#define CLASSIFY_WALK_H

#include "classify/sign.h"

/* What a piece is, judged by its header. */
enum head {
	HEAD_OTHER,
	HEAD_OURS,
	HEAD_ABSENT, /* its page is not present */
};

struct walk {
	uint64_t start, step, end; /* pieces end before `end` */
	enum head (*look)(const struct sign_place *p, uint64_t at, void *ctx);
	void *ctx;
	unsigned most; /* headers that are examined */
};

struct walked {
	uint64_t end; /* end of the last piece that is ours; the start of the walk if there is none
		       */
	unsigned heads; /* pieces that are ours */
	bool sampled;	/* other memory may be between them */
};

/* Stops at the first header that is something else. */
struct walked walk_pieces(const struct sign_place *p, const struct walk *w);

static inline uint64_t walk_align(uint64_t at, uint64_t step)
{
	return (at + step - 1) / step * step;
}

#endif
