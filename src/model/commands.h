/*
 * commands: the command lines of the processes in a snapshot.
 *
 * A process may change its command line, but stays the same process. So the line is not part of the
 * process's key, but looked up by it.
 */
#ifndef MODEL_COMMANDS_H
#define MODEL_COMMANDS_H

#include "model/record.h"

/* Symbols of command lines by symbol of the process; SYMBOL_NONE if unknown. */
struct commands {
	symbol *list;
	size_t count;
};

void commands_free(struct commands *c);

/* Stores the command line of a record, if it was read. Adds it to `symbols`, the table with the
 * keys of processes. False if out of memory. */
bool commands_add(struct commands *c, struct intern *symbols, const struct record *r);

/* Copies a process's command line from another table. False if out of memory. */
bool commands_copy(struct commands *c, struct intern *symbols, symbol process,
		   const struct commands *from, const struct intern *from_symbols,
		   symbol from_process);

symbol commands_find(const struct commands *c, symbol process);

#endif
