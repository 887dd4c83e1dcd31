/*
 * commands: the command lines of processes that a snapshot shows.
 *
 * A process may change its command line and stays the same process. So the line does not belong to
 * its key, but is looked up by it.
 */
#ifndef MODEL_COMMANDS_H
#define MODEL_COMMANDS_H

#include "model/record.h"

/* Symbols of command lines by symbol of the process; SYMBOL_NONE where that is not known. */
struct commands {
	symbol *list;
	size_t count;
};

void commands_free(struct commands *c);

/* Remembers that of a record, if it was read. Adds to `symbols`, of which the keys of processes
 * are. False if out of memory. */
bool commands_add(struct commands *c, struct intern *symbols, const struct record *r);

/* Remembers that of a process as it was in another table. False if out of memory. */
bool commands_copy(struct commands *c, struct intern *symbols, symbol process,
		   const struct commands *from, const struct intern *from_symbols,
		   symbol from_process);

symbol commands_find(const struct commands *c, symbol process);

#endif
