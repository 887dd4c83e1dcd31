/*
 * infer: guesses what unnamed memory is from what lies around it.
 *
 * Most programs name nothing, and most kernels keep no names. The neighbours of an unnamed private
 * mapping prove or suggest what it is; the guess becomes a label that begins with a tilde.
 * anonmem(1) lists the rules, and how reliable each one is.
 *
 *	infer_init(&n, deliver, ctx)
 *	for each process: infer_begin(&n)
 *		infer_mapping(&n, m) for each mapping, in ascending order
 *		infer_end(&n)		delivers what is held back
 *
 * A mapping is delivered at once unless its guess depends on the next one. Then it is held back;
 * since it has no name, that allocates nothing. infer_begin() drops it, as it should when a process
 * is read again.
 */
#ifndef CLASSIFY_INFER_H
#define CLASSIFY_INFER_H

#include "parse/smaps.h"

enum guess {
	GUESS_NONE,
	/* Final, whatever follows the mapping: */
	GUESS_JIT,
	GUESS_RESERVED,
	GUESS_GO_HEAP,
	GUESS_JAVA_HEAP,
	GUESS_BSS,
	/* Unless the next mapping tells more: */
	GUESS_STACK,
	GUESS_PYTHON,
	GUESS_PHP,
	GUESS_REDIS,
	GUESS_FIREFOX,
	/* Depends on the next mapping: */
	GUESS_ARENA,
	GUESS_V8_HEAP,
	GUESS_SPIDERMONKEY,
	GUESS_COUNT
};

/* The labels; GUESS_NONE has an empty one. */
extern const struct slice guess_labels[GUESS_COUNT];

/* Like mapping_fn, with the guess. */
typedef int infer_deliver_fn(void *ctx, const struct mapping *m, enum guess guess, struct error *e);

struct infer {
	infer_deliver_fn *deliver;
	void *ctx;
	/* Each `end` is NOWHERE, where no mapping can begin, if there is no such thing. */
	uint64_t end;	      /* of the previous mapping */
	uint64_t guard_end;   /* the same, if the previous mapping may be a guard page */
	struct heap {	      /* a heap recognized by its start address */
		uint64_t end; /* end of its mappings so far */
		uint64_t limit;
		enum guess guess;
	} heap;
	struct object { /* the previous mappings, if they belong to one program or library */
		uint64_t start, end, inode;
		uint32_t dev_major, dev_minor;
		bool code;     /* one of them is executable: it is a program or library */
		bool writable; /* one of them is its data */
		bool program;  /* it is the first one in the process */
	} object;
	bool program_seen;
	const struct interpreter *interpreter; /* of the program, if it is a known one */
	bool holding;
	enum guess held_guess; /* unless the next mapping tells more */
	bool held_apart;       /* no mapping ends where it begins */
	struct mapping held;
};

void infer_init(struct infer *n, infer_deliver_fn *deliver, void *ctx);
void infer_begin(struct infer *n);

/* 0, or -1 with *e from `deliver`. */
int infer_mapping(struct infer *n, const struct mapping *m, struct error *e);
int infer_end(struct infer *n, struct error *e);

#endif
