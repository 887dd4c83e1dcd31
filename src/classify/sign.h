/*
 * sign: recognizes unnamed memory by its content.
 *
 * Each runtime or allocator has one file, sign_*.c, with one or more signs for the table in
 * signs.c. A sign is certain if two independent marks agree; with one mark it is likely. It reads
 * little: usually 16 bytes of a mapping; the limit is in source/live_memory.c.
 *
 * A mapping is given by its addresses and permissions. The part before `at` belongs to others.
 */
#ifndef CLASSIFY_SIGN_H
#define CLASSIFY_SIGN_H

#include "classify/guess.h"
#include "parse/content.h"
#include "parse/smaps.h"

enum {
	ERLANG_ALLOCATORS = 64,
	GO_DESCRIPTIONS = 64,
	GO_SPANS = 64,
	HOTSPOT_SPACES = 32,
	HOTSPOT_CLASSES = 256,
	LIBGC_SECTIONS = 64,
	MALLOC_ARENAS = 64
};

#define SIGN_LARGE (UINT64_C(512) << 10) /* resident bytes from which on files are read too */
#define SIGN_HUGE  (UINT64_C(2) << 20)	 /* a huge page */

/* A part of the mapping: at <= start < end <= the mapping's end. */
struct sign_found {
	uint64_t start, end;
	enum guess guess;
};

/* What was found out about the current process; all zeros at first. A sign that needs more adds its
 * own struct. */
struct sign_facts {
	unsigned favorite; /* see signs.c; 0 for none */
	struct runtime_facts {
		bool has_program;
		unsigned asked, has; /* a bit for each of enum runtime */
	} runtime;
	struct bss_facts { /* of the program or library whose last segment was just seen */
		uint64_t start, end;
		uint64_t inode;
		uint32_t dev_major, dev_minor;
		bool writable;
		uint8_t name_length;
		char name[62]; /* of its file, without its folder */
	} bss;
	struct stack_facts {
		uint64_t guard_end; /* end of the mapping before, if it may be a guard page */
	} stack;
	struct malloc_facts {
		uint64_t data, data_end; /* variables of the C library, or else of the program */
		uint64_t claimed;	 /* bytes of what looks like chunks */
		uint64_t arenas[MALLOC_ARENAS]; /* their states */
		unsigned count;
		unsigned next_at; /* offset of the next arena in a state */
		bool is_narrow;
		bool has_library;
		bool doubted; /* malloc(3) itself has fewer chunks, or other arenas */
	} malloc;
	struct erlang_facts { /* allocators with carriers that point at each other */
		uint64_t allocators[ERLANG_ALLOCATORS];
		unsigned count;
	} erlang;
	struct go_facts {
		unsigned state, tries;
		uint64_t start, end; /* of variables */
		uint64_t table, spans;
		uint64_t descriptions[GO_DESCRIPTIONS];
		uint64_t some_spans[GO_SPANS]; /* where descriptions of spans lie */
		unsigned count, span_count;
	} go;
	struct hotspot_facts {
		unsigned state;
		struct sign_found spaces[HOTSPOT_SPACES];
		uint64_t classes[HOTSPOT_CLASSES];
		unsigned count, class_count;
	} hotspot;
	struct jemalloc_facts {
		unsigned state, tries;
		uint64_t root; /* of its tree */
	} jemalloc;
	struct mimalloc_facts {
		bool seen;
		uint64_t key; /* of its cookies */
	} mimalloc;
	struct asan_facts {
		bool seen; /* its shadow */
	} asan;
	struct sbcl_facts {
		unsigned state;
		uint64_t start, end;
	} sbcl;
	struct libgc_facts {
		unsigned state, tries;
		struct sign_found sections[LIBGC_SECTIONS];
		unsigned count;
	} libgc;
	struct luajit_facts {
		unsigned state;
	} luajit;
	struct resume_facts {
		unsigned looks; /* behind unknown memory */
	} resume;
	struct oilpan_facts {
		uint64_t heap;
	} oilpan;
	struct valgrind_facts {
		unsigned state;
	} valgrind;
};

struct sign_place {
	const struct mapping *mapping; /* unnamed, private and writable, with present pages */
	uint64_t at;
	struct memory *memory;
	struct sign_facts *facts;
};

/* False if nothing was found. */
typedef bool sign_fn(const struct sign_place *place, struct sign_found *found);

sign_fn sign_malloc_chunks; /* malloc chunks of glibc, each from mmap(2) */
sign_fn sign_malloc_arena;  /* malloc arenas of glibc */
sign_fn sign_bss;
sign_fn sign_stack;
sign_fn sign_advised_chunk; /* the same, with the header in an earlier mapping */
sign_fn sign_asan;
sign_fn sign_mimalloc_arena;
sign_fn sign_mimalloc_segment;
sign_fn sign_v8_pages;
sign_fn sign_php_chunk;
sign_fn sign_python_arenas;
sign_fn sign_python_frames;
sign_fn sign_ruby_pages;
sign_fn sign_ruby_transient;
sign_fn sign_innodb_pool;
sign_fn sign_erlang_carriers;
sign_fn sign_ghc_heap;
sign_fn sign_luajit_heap;
sign_fn sign_partition_alloc;
sign_fn sign_oilpan;
sign_fn sign_v8_sandbox;
/* Signs that read the file of the program or of a library. */
sign_fn sign_valgrind;
sign_fn sign_sbcl_space;
sign_fn sign_libgc_heap;
sign_fn sign_go_heap;
sign_fn sign_hotspot_spaces;
sign_fn sign_jemalloc;

/* See parse/content.h. */
void sign_stack_pass(const struct mapping *m, struct sign_facts *facts);
enum guess sign_stack_of(const struct mapping *m, uint64_t pointer, const struct sign_facts *facts);
void sign_bss_pass(const struct mapping *m, struct sign_facts *facts);
void sign_malloc_pass(const struct mapping *m, struct sign_facts *facts);
enum guess sign_malloc_settle(const struct content_part *part, struct sign_facts *facts);
enum content_doubt sign_malloc_check(struct memory *m, const struct sign_facts *facts);

#endif
