/*
 * support: shared by unit tests. Nothing here is a test.
 *
 * The caller frees whatever a function returns as `char *`.
 */
#ifndef UNIT_SUPPORT_H
#define UNIT_SUPPORT_H

/* cmocka.h requires these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source/source.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEST(name) static void name(void **state __attribute__((unused)))

#define RUN(tests) cmocka_run_group_tests(tests, NULL, NULL)

/* Compares the bytes of a slice with a string literal, which may contain NUL. */
#define assert_slice(slice, literal)                                                               \
	_assert_slice((slice), SLICE(literal), #slice, __FILE__, __LINE__)
void _assert_slice(struct slice got, struct slice wanted, const char *what, const char *file,
		   int line);

#define assert_contains(text, part) _assert_contains((text), (part), __FILE__, __LINE__)
void _assert_contains(const char *text, const char *part, const char *file, int line);

/* One entry of smaps as printed by Linux 6.12, with 24 lines of fields. `header` has no newline. */
#define SMAPS_FIELDS                                                                               \
	"Size:                132 kB\n"                                                            \
	"KernelPageSize:        4 kB\n"                                                            \
	"MMUPageSize:           4 kB\n"                                                            \
	"Rss:                 120 kB\n"                                                            \
	"Pss:                 110 kB\n"                                                            \
	"Pss_Dirty:           109 kB\n"                                                            \
	"Shared_Clean:          8 kB\n"                                                            \
	"Shared_Dirty:         12 kB\n"                                                            \
	"Private_Clean:         4 kB\n"                                                            \
	"Private_Dirty:        96 kB\n"                                                            \
	"Referenced:          116 kB\n"                                                            \
	"Anonymous:           108 kB\n"                                                            \
	"KSM:                   1 kB\n"                                                            \
	"LazyFree:              2 kB\n"                                                            \
	"AnonHugePages:         3 kB\n"                                                            \
	"ShmemPmdMapped:        5 kB\n"                                                            \
	"FilePmdMapped:         6 kB\n"                                                            \
	"Shared_Hugetlb:        7 kB\n"                                                            \
	"Private_Hugetlb:       9 kB\n"                                                            \
	"Swap:                 20 kB\n"                                                            \
	"SwapPss:              10 kB\n"                                                            \
	"Locked:               11 kB\n"                                                            \
	"THPeligible:           1\n"                                                               \
	"VmFlags: rd wr mr mw me ac sd \n"
#define SMAPS_ENTRY(header) header "\n" SMAPS_FIELDS

/* The shortest valid entries. */
#define SMAPS_SMALL(range, name)                                                                   \
	range " rw-p 00000000 00:00 0 " name "\nSize: 8 kB\nRss: 4 kB\nPss: 3 kB\n"

/* The parser's result for text that arrives in pieces: a line for each mapping, then how it ended.
 * PIECE_ALL is one piece, PIECE_RANDOM pieces of random size; for `learns` see
 * smaps_use_templates(). */
enum { PIECE_ALL = 0, PIECE_RANDOM = -1 };
char *parse_dump(struct slice text, enum smaps_kind kind, int piece, bool learns);

/* The same with a parser set up with dump_mapping() and a FILE * as ctx. */
int dump_mapping(void *ctx, const struct mapping *m, struct error *e);
int feed_all(struct smaps_parser *p, struct slice text, int piece, struct error *e);

/* Temporary directories. Paths are relative to the root; intermediate directories are created. */
char *tree_make(void);
void tree_write(const char *root, const char *path, struct slice content);
void tree_mkdir(const char *root, const char *path);
void tree_link(const char *root, const char *path, const char *target);
char *tree_path(const char *root, const char *path);
void tree_remove(char *root); /* and frees it */

/* A sink that records its calls, one per line, with the directory `root` removed from names. */
struct recorder {
	struct sink sink;
	FILE *out;
	char *text;
	size_t size;
	const char *root;
	/* How begin and rollup answer the nth call, from 0; NULL means always true. */
	bool (*begin)(unsigned n, const struct process *process);
	bool (*rollup)(unsigned n);
	unsigned begins, rollups;
	unsigned how;	      /* from the last end */
	enum error_code fail; /* the error that mapping fails with, unless ERROR_NONE */
};

void recorder_init(struct recorder *r, const char *root);
/* What was written since recorder_init(); valid until recorder_free(). */
const char *recorder_text(struct recorder *r);
void recorder_free(struct recorder *r);

/* Lists and reads everything in a source into the recorder. */
int read_source(const struct source *s, unsigned needs, struct recorder *r, struct error *e);

#endif
