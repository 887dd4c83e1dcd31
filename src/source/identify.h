/* identify: who a process is, by its files beside its memory; for src/source/ only. */
#ifndef SOURCE_IDENTIFY_H
#define SOURCE_IDENTIFY_H

#include "parse/process.h"
#include "source/io.h"

#include <limits.h>

/* What a struct process points to. */
struct identity_buffers {
	char name[PROCESS_NAME_MAX];
	char thread[PROCESS_NAME_MAX];
	char exe[PATH_MAX];
	char command[PROCESS_COMMAND_SIZE];
};

void identify_by_stat(struct process *process, const struct process_stat *stat);

/* Reads what is needed and still unknown. What cannot be read stays unknown. */
void identify_by_files(struct io *io, const struct procdir *dir, struct identity_buffers *buffers,
		       struct process *process);

/* Whether everything needed is known. */
bool identify_is_done(const struct io *io, const struct process *process);

#endif
