/*
 * live_memory: the memory of a running process, as signs may see it (parse/memory.h); for
 * src/source/ only.
 *
 * Each look is a system call, also one at pagemap. So pagemap is asked for many pages at once, and
 * not at all where smaps says that all of the mapping is there. Copying whole pages takes a third
 * of the time of reading them, since they are seldom in the processor's caches: so a walk from head
 * to head reads heads only. What was read is kept. When a mapping has used up its share, nothing
 * more is read of it, and so with the process.
 */
#ifndef SOURCE_LIVE_MEMORY_H
#define SOURCE_LIVE_MEMORY_H

#include "source/apportion.h"
#include "source/mapped_files.h"
#include "source/process_memory.h"

enum {
	LIVE_WINDOW = 2048, /* pages */
	LIVE_GROUP = 64,
	LIVE_GROUPS = 16,
	LIVE_BLOCKS = 64,
	LIVE_BLOCK = 4096, /* bytes */
	LIVE_HEAD = 512,
};

/* The bytes from a multiple of LIVE_BLOCK on. */
struct live_block {
	uint64_t start;
	size_t size; /* that were read; 0 for none */
	char bytes[LIVE_BLOCK];
};

/* Pages one behind the other, at a multiple of their number. */
struct live_group {
	uint64_t first;
	size_t count; /* of those it is known whether they are there */
	bool there[LIVE_GROUP];
};

struct live_memory {
	struct memory memory; /* first */
	struct process_memory *process;
	struct mapped_files *files;
	uint64_t page_size;
	size_t mapping_left, process_left, files_left; /* bytes that may be read */
	uint64_t start, end;			       /* of the mapping at hand */
	bool is_whole;				       /* all of its pages are there */
	bool is_large;
	bool cannot_scan; /* this kernel has no PAGEMAP_SCAN */
	unsigned windows; /* that were loaded of it */
	uint64_t window;  /* the first of some pages of which it is known whether they are there */
	size_t window_count;
	bool there[LIVE_WINDOW];
	struct live_group groups[LIVE_GROUPS]; /* outside of that */
	struct live_block blocks[LIVE_BLOCKS]; /* that were read, each at its place */
};

/* Of a struct that is all zeros. Borrows `files`. */
void live_memory_init(struct live_memory *l, struct mapped_files *files);

/* Before each reading of a process. */
void live_memory_begin(struct live_memory *l, struct process_memory *process);

/* Counts the pages of parts of the mapping at hand, of which none is shared, as far as they are
 * known anyway: false if they are not, or are not as many as smaps says. */
bool live_memory_count(const struct live_memory *l, const struct mapping *m, struct part *parts,
		       size_t count);

/* Before each mapping. False if no more may be read of the process. */
bool live_memory_mapping(struct live_memory *l, const struct mapping *m);

#endif
