/*
 * arguments: parses and checks the command line.
 *
 * One table (specs.h) holds every option with its help; parsing and --help are made from it.
 */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include "cli/options.h"

/* 0, or -1 with *e: ERROR_USAGE if the user is at fault. Call arguments_free() in any case. */
int arguments_parse(enum option_command command, int argc, char **argv, struct options *o,
		    struct error *e);

/* With --from, the kind of input is only known once it is open: this checks what arguments_parse()
 * could not. 0, or -1 with *e. */
int arguments_settle(struct options *o, enum source_kind kind, struct error *e);

/* Whether rules from label to subsystem are needed, now or after arguments_settle(). */
bool arguments_need_rules(const struct options *o);

void arguments_free(struct options *o);

#endif
