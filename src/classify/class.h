/*
 * class: what one mapping is, from its line in smaps alone.
 *
 * The label is the kernel's own text where a process gave the memory a name, and otherwise one of
 * the labels listed in anonmem(1). Matching is anchored: `[anon:x]` is a label only if the whole
 * name has that form, which no path can have, since paths begin with a slash.
 */
#ifndef CLASSIFY_CLASS_H
#define CLASSIFY_CLASS_H

#include "parse/smaps.h"

enum kind {
	KIND_ANON,    /* private anonymous memory, heap and stack included */
	KIND_SHMEM,   /* what the kernel counts as RssShmem: tmpfs, memfd, System V segments */
	KIND_FILE,    /* files that lie on anything but memory */
	KIND_SPECIAL, /* the kernel's own pages: vdso, vvar, rings of io_uring or perf, devices */
	KIND_COUNT
};

/* Whose word a label is. */
enum origin {
	ORIGIN_KERNEL,	 /* printed by the kernel */
	ORIGIN_PROCESS,	 /* kept by the process itself, on a kernel that cannot */
	ORIGIN_INFERRED, /* a guess of anonmem's */
	ORIGIN_COUNT
};

extern const char *const kind_names[KIND_COUNT];
extern const char *const origin_names[ORIGIN_COUNT];

struct class
{
	enum kind kind;
	enum origin origin;
	struct slice wrap;  /* empty, or such as "[memfd:": the label is then wrap + label + "]" */
	struct slice label; /* a part of the mapping's name, or a constant */
	bool is_file;	    /* the mapping's name is the path of a file, which the label is not */
};

void classify(const struct mapping *m, struct class *c);

/* The part of a whole label that its giver chose: `zend_alloc` of `[anon:zend_alloc]`, without
 * leading blanks; the label itself where nobody chose a part (`[heap]`). Points into label. */
struct slice label_text(struct slice label);

#endif
