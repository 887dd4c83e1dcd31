/*
 * content: what lies in the unnamed memory of a process, as far as signs (parse/content.h) know it;
 * for src/source/ only.
 *
 *	c = content_new(io)
 *	content_begin(c, memory, stat, next)	before each reading of a process: the stage for its
 *mappings content_agrees(c)		after it: false if it is to be read again content_copy(c,
 *copy)		after it, of a reading that copies content_free(c)
 *
 * A mapping of which the signs know a part is divided. Where memory may not be read, or too little
 * of it is there and no thread has its stack pointer in it, mappings go on as they are.
 */
#ifndef SOURCE_CONTENT_H
#define SOURCE_CONTENT_H

#include "source/process_memory.h"

struct content;

/* NULL if out of memory. */
struct content *content_new(struct io *io);
void content_free(struct content *c);

/* Begins a process, of which stat tells start time and threads, as far as they are known. */
struct stage content_begin(struct content *c, struct process_memory *memory,
			   const struct process_stat *stat, struct stage next);

/* Whether what was found agrees with what the process itself knows of it. If not, another reading
 * will say less; or it has changed. */
bool content_agrees(struct content *c);

/* Adds what was read of the memory to a copy, in the form of captured_memory.h. */
void content_copy(struct content *c, struct copy *copy);

#endif
