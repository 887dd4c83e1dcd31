/*
 * live_memory: the memory of a running process, as signs may see it (parse/memory.h); for
 * src/source/ only.
 *
 * Each look costs, also one at pagemap. When a mapping has used up its share, nothing more is read
 * of it, and so with the process.
 */
#ifndef SOURCE_LIVE_MEMORY_H
#define SOURCE_LIVE_MEMORY_H

#include "source/mapped_files.h"
#include "source/process_memory.h"

enum { LIVE_WINDOW = 64 };

struct live_memory {
	struct memory memory; /* first */
	struct process_memory *process;
	struct mapped_files *files;
	uint64_t page_size;
	size_t mapping_left, process_left, files_left; /* bytes that may be read */
	uint64_t start, end;			       /* of the mapping at hand */
	uint64_t window; /* the first of some pages of which it is known whether they are there */
	size_t window_count;
	bool there[LIVE_WINDOW];
};

/* Borrows `files`. */
void live_memory_init(struct live_memory *l, struct mapped_files *files);

/* Before each reading of a process. */
void live_memory_begin(struct live_memory *l, struct process_memory *process);

/* Before each mapping. False if no more may be read of the process. */
bool live_memory_mapping(struct live_memory *l, const struct mapping *m);

#endif
