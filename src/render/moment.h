/* moment: the time of a reading, for programs: UTC in ISO 8601, to the second. */
#ifndef RENDER_MOMENT_H
#define RENDER_MOMENT_H

#include "source/machine.h"

enum { MOMENT_MAX = 40 };

/* False if unknown. */
bool moment_format(const struct machine *m, char text[MOMENT_MAX]);

#endif
