/*
 * captured_memory: what a capture keeps of the memory of a process for signs (parse/memory.h), in
 * its file `content`; for src/source/ only.
 *
 * A line of that file is one of these; addresses, offsets and bytes are hexadecimal, sizes decimal:
 *
 *	ADDRESS BYTES			bytes of memory
 *	ADDRESS+OFFSET BYTES		bytes of the file whose begin is mapped at the address
 *	START-END RESIDENT EXCLUSIVE SWAPPED	bytes of a part of a mapping that are so
 *
 * What is not there cannot be read. Other lines mean nothing.
 */
#ifndef SOURCE_CAPTURED_MEMORY_H
#define SOURCE_CAPTURED_MEMORY_H

#include "source/division.h"
#include "source/mapped_files.h"

struct captured_memory;

/* NULL if out of memory. Borrows `files`. */
struct captured_memory *captured_memory_new(struct io *io, struct mapped_files *files);
void captured_memory_free(struct captured_memory *c);

/* Before each reading of a process: false if the capture keeps nothing of its memory. */
bool captured_memory_begin(struct captured_memory *c, const struct procdir *dir);

struct memory *captured_memory_of(struct captured_memory *c);

/* As division_count(). */
int captured_memory_count(struct captured_memory *c, struct division *d);

#endif
