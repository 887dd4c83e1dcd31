/*
 * walk: a mapping that is made of pieces of one size, each of which has a head.
 *
 * All heads are looked at if there are few, and some of them, evenly spread, if there are many.
 */
#ifndef CLASSIFY_WALK_H
#define CLASSIFY_WALK_H

#include "classify/sign.h"

/* What a piece is by its head. */
enum head {
	HEAD_OTHER,
	HEAD_OURS,
	HEAD_ABSENT, /* its page is not there */
};

struct walk {
	uint64_t start, step, end; /* no piece is looked for at or behind `end` */
	enum head (*look)(const struct sign_place *p, uint64_t at, void *ctx);
	void *ctx;
	unsigned most; /* heads that are looked at */
};

struct walked {
	uint64_t end;	/* of the last piece that is ours; the walk's start if there is none */
	unsigned heads; /* that are ours */
	bool sampled;	/* there may be something else between them */
};

/* Stops at the first head that is something else. */
struct walked walk_pieces(const struct sign_place *p, const struct walk *w);

static inline uint64_t walk_align(uint64_t at, uint64_t step)
{
	return (at + step - 1) / step * step;
}

#endif
