/*
 * infer: what unnamed memory probably is, from what lies around it.
 *
 * Most programs name nothing, and most kernels keep no names. What the neighbours of an unnamed
 * private mapping prove or suggest becomes a label that begins with a tilde. The rules, and how far
 * each can be trusted, are listed in anonmem(1).
 *
 *	infer_init(&n, deliver, ctx)
 *	for each process: infer_begin(&n)
 *		infer_mapping(&n, m) for each mapping, in ascending order
 *		infer_end(&n)		delivers what is held back
 *
 * A mapping is handed on at once unless its guess depends on the one behind it. Such a one is held
 * back. infer_begin() drops it, which is right when a
 * reading is taken back.
 */
#ifndef CLASSIFY_INFER_H
#define CLASSIFY_INFER_H

#include "classify/guess.h"
#include "parse/smaps.h"

/* As smaps_mapping_fn. */
typedef int infer_deliver_fn(void *ctx, const struct mapping *m, enum guess guess, struct error *e);

struct infer {
	infer_deliver_fn *deliver;
	void *ctx;
	/* Ends are addresses where no mapping can begin while there is no such thing. */
	uint64_t end;	      /* of the mapping before */
	uint64_t guard_end;   /* the same, if that may be a guard page */
	struct heap {	      /* of one that is known by where it begins */
		uint64_t end; /* as far as it has come */
		uint64_t limit;
		enum guess guess;
	} heap;
	struct object { /* the mappings before, if they are of one program or library */
		uint64_t start, end, inode;
		uint32_t dev_major, dev_minor;
		bool code;     /* one of them may be executed: it is a program or a library */
		bool writable; /* one of them is its data */
		bool program;  /* it is the first such in the process */
	} object;
	struct file_end { /* of the mapping before, if it is of a file; what is held lies behind */
		uint64_t end, offset, inode;
		uint32_t dev_major, dev_minor;
	} file;
	bool program_seen;
	char program[80]; /* its file's name, */
	size_t program_length;
	bool compiles;			       /* the program makes code at run time */
	bool executes_data;		       /* what may be executed need not be code */
	const struct interpreter *interpreter; /* what the program is, if it is one that is known */
	bool holding;
	enum guess held_guess; /* unless the mapping behind it says more */
	bool held_apart;       /* there is nothing right before it */
	bool held_in_text;     /* right before it lies a file, of which it may be a part */
	struct mapping held;
	char held_name[160]; /* that a process keeps */
};

void infer_init(struct infer *n, infer_deliver_fn *deliver, void *ctx);
void infer_begin(struct infer *n);

/* 0, or -1 with *e: what `deliver` returned. */
int infer_mapping(struct infer *n, const struct mapping *m, struct error *e);
int infer_end(struct infer *n, struct error *e);

#endif
