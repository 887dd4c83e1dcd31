/* rulefiles: where the rules of the machine and the user are. */
#ifndef CLI_RULEFILES_H
#define CLI_RULEFILES_H

#include "classify/rules.h"

/*
 * The rules in their order: those of `file` (if it is not NULL), the user's in
 * $XDG_CONFIG_HOME/anonmem/rules.conf, the machine's in /etc/anonmem/rules.conf, the built-in ones.
 * `only_builtin` leaves out all files. Freed by the caller; NULL with *e.
 */
struct rules *rulefiles_load(const char *file, bool only_builtin, struct error *e);

#endif
