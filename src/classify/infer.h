/*
 * infer: guesses what unnamed memory is from what lies around it.
 *
 * Most programs name nothing, and most kernels keep no names. The neighbours of an unnamed private
 * mapping prove or suggest what it is; the guess becomes a label that begins with a tilde.
 * anonmem-labels(7) lists the rules, and how reliable each one is.
 *
 *	infer_init(&n, deliver, ctx)
 *	for each process: infer_begin(&n)
 *		infer_mapping(&n, m) for each mapping, in ascending order
 *		infer_end(&n)		delivers what is held back
 *
 * A mapping is delivered at once unless its guess depends on the next one. Then it is held back.
 * infer_begin() drops it, as it should when a process is read again.
 */
#ifndef CLASSIFY_INFER_H
#define CLASSIFY_INFER_H

#include "classify/guess.h"
#include "parse/smaps.h"

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
	struct file_end { /* of the mapping before, if it is of a file; what is held lies behind */
		uint64_t end, offset, inode;
		uint32_t dev_major, dev_minor;
	} file;
	bool program_seen;
	char program[80]; /* its file's name, */
	size_t program_length;
	bool compiles;			       /* the program compiles at run time */
	bool executes_data;		       /* executable memory need not be code */
	const struct interpreter *interpreter; /* of the program, if it is a known one */
	bool holding;
	enum guess held_guess; /* unless the next mapping tells more */
	bool held_apart;       /* no mapping ends where it begins */
	bool held_in_text;     /* a file is directly before it, which it may be a part of */
	struct mapping held;
	char held_name[160]; /* that a process keeps */
};

void infer_init(struct infer *n, infer_deliver_fn *deliver, void *ctx);
void infer_begin(struct infer *n);

/* 0, or -1 with *e from `deliver`. */
int infer_mapping(struct infer *n, const struct mapping *m, struct error *e);
int infer_end(struct infer *n, struct error *e);

#endif
