/*
 * stack_pointers: where the threads of a process have their stack pointers; for src/source/ only.
 *
 * The kernel tells it of a thread that waits, in task/TID/syscall, to who may trace the process;
 * not of one that runs. That of the main thread is left out: its stack has a name.
 */
#ifndef SOURCE_STACK_POINTERS_H
#define SOURCE_STACK_POINTERS_H

#include "source/io.h"

/* Each costs a third of reading the mappings of its thread. */
enum { STACK_POINTERS = 16 };

/* Ascending, after stack_pointers_read() or stack_pointers_sort(). */
struct stack_pointers {
	size_t count;
	uint64_t at[STACK_POINTERS];
};

/* Reads those of at most so many threads. */
void stack_pointers_read(struct stack_pointers *s, struct io *io, const struct procdir *process);

/* Drops what is too many. */
void stack_pointers_add(struct stack_pointers *s, uint64_t at);
void stack_pointers_sort(struct stack_pointers *s);

/* The lowest one in [start, end), or 0. */
uint64_t stack_pointers_find(const struct stack_pointers *s, uint64_t start, uint64_t end);

/* The stack pointer in the text of such a file: false if there is none. */
bool stack_pointer_parse(struct slice text, uint64_t *at);

#endif
