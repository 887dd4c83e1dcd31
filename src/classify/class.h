/*
 * class: what a mapping is, judged by its line in smaps alone.
 *
 * The label is the name that the process gave the memory, as the kernel prints it; otherwise one of
 * the labels listed in anonmem-labels(7). Matching is anchored: `[anon:x]` is a label only if the
 * whole name has that form, which no path can have, since paths begin with a slash.
 */
#ifndef CLASSIFY_CLASS_H
#define CLASSIFY_CLASS_H

#include "parse/smaps.h"

enum kind {
	KIND_ANON,    /* private anonymous memory, heap and stack included */
	KIND_SHMEM,   /* counted as RssShmem by the kernel: tmpfs, memfd, System V segments */
	KIND_FILE,    /* files, except those of a file system in memory */
	KIND_SPECIAL, /* the kernel's own pages: vdso, vvar, rings of io_uring or perf, devices */
	KIND_COUNT
};

/* Where a label comes from. */
enum origin {
	ORIGIN_KERNEL,	 /* printed by the kernel */
	ORIGIN_PROCESS,	 /* kept by the process itself, since the kernel keeps no names */
	ORIGIN_INFERRED, /* guessed by anonmem */
	ORIGIN_COUNT
};

extern const char *const kind_names[KIND_COUNT];
extern const char *const origin_names[ORIGIN_COUNT];

struct class
{
	enum kind kind;
	enum origin origin;
	struct slice wrap; /* empty, or a prefix such as "[memfd:": the label is then wrap + label +
			      "]" */
	struct slice label; /* part of the mapping's name, or a constant */
	bool is_file;	    /* the mapping's name is a path, and the label is not */
};

void classify(const struct mapping *m, struct class *c);

/* The part of a label that the program chose: `zend_alloc` in `[anon:zend_alloc]`, without leading
 * blanks; the whole label if no part was chosen (`[heap]`). Points into label. */
struct slice label_text(struct slice label);

#endif
