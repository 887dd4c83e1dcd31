/* signals: the signals that end a command that runs until it is stopped. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include "base/error.h"

#include <signal.h>

/* SIGTERM, SIGINT and SIGHUP. */
extern const int signals_of_end[];
extern const size_t signals_of_end_count;

/* Adds them to a set. */
void signals_add_ends(sigset_t *set);

/* Blocks the signals of a set. Returns a non-blocking descriptor from which they are read. -1 with
 * *e. */
int signals_open(const sigset_t *set, struct error *e);

#endif
