/* signals: those that end a command that would run on. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include "base/error.h"

#include <signal.h>

/* SIGTERM, SIGINT and SIGHUP. */
extern const int signals_of_end[];
extern const size_t signals_of_end_count;

/* Adds them to a set. */
void signals_add_ends(sigset_t *set);

/* Blocks the signals of a set; they are read from the descriptor that is returned, which never
 * waits. -1 with *e. */
int signals_open(const sigset_t *set, struct error *e);

#endif
