/* moment: when something was read, for programs: in UTC as ISO 8601 has it, to the second. */
#ifndef RENDER_MOMENT_H
#define RENDER_MOMENT_H

#include "source/machine.h"

enum { MOMENT_MAX = 40 };

/* False if it is not known. */
bool moment_format(const struct machine *m, char text[MOMENT_MAX]);

#endif
