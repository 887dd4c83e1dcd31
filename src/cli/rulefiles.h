/* rulefiles: finds and loads the rule files of the machine and the user. */
#ifndef CLI_RULEFILES_H
#define CLI_RULEFILES_H

#include "classify/rules.h"

/*
 * Loads rules in this order: `file` (unless NULL), the user's $XDG_CONFIG_HOME/anonmem/rules.conf,
 * the machine's /etc/anonmem/rules.conf, the built-in ones. `only_builtin` skips all files. The
 * caller frees them; NULL with *e.
 */
struct rules *rulefiles_load(const char *file, bool only_builtin, struct error *e);

#endif
