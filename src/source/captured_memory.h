/*
 * captured_memory: what a capture keeps of the memory of a process for signs (parse/memory.h), in
 * its file `content`; for src/source/ only.
 *
 * A line of that file is one of these; addresses, offsets and bytes are hexadecimal, sizes decimal:
 *
 *	ADDRESS BYTES			bytes of memory
 *	ADDRESS				a page that was there, whether or not bytes of it are here
 *	ADDRESS+OFFSET BYTES		bytes of the file whose begin is mapped at the address
 *	START-END			a mapping at which signs looked
 *	START-END RESIDENT EXCLUSIVE SWAPPED	bytes of a part of a mapping that are so
 *	sp ADDRESS			the stack pointer of a thread other than the main one
 *
 * What is not there cannot be read; of other mappings nothing is known. Other lines mean nothing.
 * memory_log.h writes it.
 */
#ifndef SOURCE_CAPTURED_MEMORY_H
#define SOURCE_CAPTURED_MEMORY_H

#include "source/division.h"
#include "source/mapped_files.h"
#include "source/stack_pointers.h"

#define CAPTURED_MEMORY "content"

struct captured_memory;

/* NULL if out of memory. Borrows `files`. */
struct captured_memory *captured_memory_new(struct io *io, struct mapped_files *files);
void captured_memory_free(struct captured_memory *c);

/* Before each reading of a process: false if the capture has no content of its memory. */
bool captured_memory_begin(struct captured_memory *c, const struct procdir *dir);

/* Whether signs looked at a mapping when it was captured. */
bool captured_memory_has(const struct captured_memory *c, const struct mapping *m);

const struct stack_pointers *captured_memory_stacks(const struct captured_memory *c);

struct memory *captured_memory_of(struct captured_memory *c);

/* As division_count(). */
int captured_memory_count(struct captured_memory *c, struct division *d);

#endif
