/*
 * memory_log: what was read of the memory of a process, so that a capture can keep it
 * (captured_memory.h); for src/source/ only.
 *
 *	memory_log_begin(l, memory)	before each reading of a process: &l->memory is read instead
 *	memory_log_look(l, m), ...	what else is to be known
 *	memory_log_write(l, out)	the file `content`
 *	memory_log_free(l)
 *
 * Bytes that were read several times are kept once. There is a bound; what is read beyond is not
 * kept.
 */
#ifndef SOURCE_MEMORY_LOG_H
#define SOURCE_MEMORY_LOG_H

#include "parse/memory.h"
#include "parse/smaps.h"
#include "source/apportion.h"
#include "source/stack_pointers.h"

#include <stdio.h>

/* All zero at first. */
struct memory_log {
	struct memory memory; /* first */
	struct memory *whole;
	uint64_t page_size;
	struct logged_piece *pieces;
	size_t count, capacity;
	unsigned char *bytes;
	size_t size, room;
	FILE *lines; /* lines about mappings and their parts; or NULL */
	char *text;
	size_t text_size;
	bool no_memory; /* a line could not be kept */
};

void memory_log_begin(struct memory_log *l, struct memory *whole);
void memory_log_free(struct memory_log *l);

/* Notes that signs examine this mapping. */
void memory_log_look(struct memory_log *l, const struct mapping *m);

/* Notes the stack pointers of threads. */
void memory_log_stacks(struct memory_log *l, const struct stack_pointers *stacks);

/* Notes the counted pages of parts. */
void memory_log_count(struct memory_log *l, const struct part *parts, size_t count);

void memory_log_write(struct memory_log *l, FILE *out);

#endif
