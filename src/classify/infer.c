#include "classify/infer.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

#define ARENA	     (64 * MIB) /* glibc's HEAP_MAX_SIZE, and an arena of Go's, on 64 bits */
#define GO_FIRST     UINT64_C(0xc000000000)
#define GO_CHUNK     (4 * MIB) /* by which its heap grows */
#define GUARD_MAX    (64 * KIB)
#define STACK_MIN    (256 * KIB)
#define STACK_MAX    (64 * MIB)
#define STACK_MARGIN (64 * KIB)
#define NOWHERE	     UINT64_MAX

const struct slice guess_labels[GUESS_COUNT] = {
	[GUESS_RESERVED] = SLICE_INIT("~reserved"), [GUESS_JIT] = SLICE_INIT("~jit"),
	[GUESS_GO_HEAP] = SLICE_INIT("~go heap"),   [GUESS_ARENA] = SLICE_INIT("~malloc arena"),
	[GUESS_BSS] = SLICE_INIT("~.bss"),	    [GUESS_STACK] = SLICE_INIT("~thread stack"),
};

void infer_init(struct infer *n, infer_deliver_fn *deliver, void *ctx)
{
	*n = (struct infer){.deliver = deliver, .ctx = ctx};
}

void infer_begin(struct infer *n)
{
	n->guard_end = n->go_end = n->object.end = NOWHERE;
	n->program_seen = n->holding = false;
}

static bool is_unnamed(const struct mapping *m)
{
	return m->name.len == 0 && !mapping_has_inode(m) && m->perms[3] == 'p';
}

static bool may(const struct mapping *m, const char perms[4])
{
	return memcmp(m->perms, perms, 4) == 0;
}

static bool is_untouched(const struct mapping *m)
{
	const struct counters *c = &m->counters;

	return counters_know(c, COUNTER_RSS) && c->bytes[COUNTER_RSS] == 0 &&
	       c->bytes[COUNTER_SWAP] == 0;
}

/* Follows the segments of a program or a library, which begin with the head of their file. */
static void note_file(struct infer *n, const struct mapping *m)
{
	struct object *o = &n->object;

	if (o->end == NOWHERE || o->inode != m->inode || o->dev_major != m->dev_major ||
	    o->dev_minor != m->dev_minor || m->offset == 0) {
		*o = (struct object){.start = m->start,
				     .inode = m->inode,
				     .dev_major = m->dev_major,
				     .dev_minor = m->dev_minor};
		if (m->offset != 0) {
			o->end = NOWHERE;
			return;
		}
	}
	o->end = m->end;
	o->writable = may(m, "rw-p");
	if (m->perms[2] == 'x' && !o->code) {
		o->code = true;
		o->program = !n->program_seen;
		n->program_seen = true;
	}
}

/*
 * The loader puts .bss right behind the data of its object. Other memory can come to lie there too,
 * and the kernel then makes one mapping of both; so what is larger than all of its library is left
 * alone. Behind the program itself the kernel puts nothing else.
 */
static bool is_bss(const struct infer *n, const struct mapping *m)
{
	const struct object *o = &n->object;

	return m->start == o->end && o->code && o->writable &&
	       (o->program || m->end - m->start <= o->end - o->start);
}

/* Stacks of threads have sizes that are powers of two. Guard pages inside of them make that a
 * little less, memory that came to lie behind them a little more. */
static bool is_stack(const struct infer *n, const struct mapping *m)
{
	uint64_t size = m->end - m->start;

	if (m->start != n->guard_end)
		return false;
	for (uint64_t power = STACK_MIN; power <= STACK_MAX; power *= 2) {
		if (size >= power - STACK_MARGIN && size <= power + STACK_MARGIN)
			return true;
	}
	return false;
}

static bool is_go_heap(const struct infer *n, const struct mapping *m)
{
	if (m->start == GO_FIRST)
		return (m->end - m->start) % GO_CHUNK == 0;
	return m->start == n->go_end;
}

/* By the mapping itself and what lies before it. */
static enum guess make_guess(const struct infer *n, const struct mapping *m)
{
	if (m->perms[2] == 'x')
		return GUESS_JIT;
	if (m->perms[1] != 'w')
		return may(m, "---p") && is_untouched(m) ? GUESS_RESERVED : GUESS_NONE;
	if (is_go_heap(n, m))
		return GUESS_GO_HEAP;
	if (is_bss(n, m))
		return GUESS_BSS;
	return is_stack(n, m) ? GUESS_STACK : GUESS_NONE;
}

/* An arena begins where it is aligned to, and keeps the rest of its room without any access. */
static bool may_be_arena(const struct mapping *m)
{
	return m->start % ARENA == 0 && m->end - m->start < ARENA && may(m, "rw-p");
}

static bool is_rest_of_arena(const struct mapping *head, const struct mapping *m)
{
	return m->start == head->end && m->end == head->start + ARENA && may(m, "---p") &&
	       is_unnamed(m);
}

/* Remembers what the next mapping needs to know of this one, which has no name. */
static void note_unnamed(struct infer *n, const struct mapping *m, enum guess guess)
{
	bool closed = may(m, "---p");

	n->object.end = NOWHERE;
	n->guard_end = closed && m->end - m->start <= GUARD_MAX ? m->end : NOWHERE;
	if (guess == GUESS_GO_HEAP || (closed && m->start == n->go_end))
		n->go_end = m->end;
}

static void note_named(struct infer *n, const struct mapping *m)
{
	n->guard_end = NOWHERE;
	if (mapping_has_inode(m))
		note_file(n, m);
	else
		n->object.end = NOWHERE;
}

static int release(struct infer *n, enum guess guess, struct error *e)
{
	n->holding = false;
	return n->deliver(n->ctx, &n->held, guess, e);
}

int infer_mapping(struct infer *n, const struct mapping *m, struct error *e)
{
	enum guess guess;

	if (n->holding &&
	    release(n, is_rest_of_arena(&n->held, m) ? GUESS_ARENA : n->held_guess, e) < 0)
		return -1;
	if (!is_unnamed(m)) {
		note_named(n, m);
		return n->deliver(n->ctx, m, GUESS_NONE, e);
	}
	guess = make_guess(n, m);
	note_unnamed(n, m, guess);
	if (guess != GUESS_GO_HEAP && may_be_arena(m)) {
		n->holding = true;
		n->held_guess = guess;
		n->held = *m;
		return 0;
	}
	return n->deliver(n->ctx, m, guess, e);
}

int infer_end(struct infer *n, struct error *e)
{
	return n->holding ? release(n, n->held_guess, e) : 0;
}
