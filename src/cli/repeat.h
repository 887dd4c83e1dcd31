/* repeat: measures a program several times, each in a process of its own, since a process that has
 * watched a program is in the sandbox and cannot start another one. */
#ifndef CLI_REPEAT_H
#define CLI_REPEAT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct repeated {
	struct repeated_text {
		char *bytes; /* output of the process; owned */
		size_t size;
	} * list;
	size_t count;
};

enum repeat_role {
	REPEAT_FAILED, /* *e is the reason, unless the process of a run has reported it */
	REPEAT_CHILD,  /* this is the process of a run: it writes to *out, calls repeat_end() when
			  all is written, and exits with 0 if more runs should follow */
	REPEAT_DONE,
};

/* Call while there is only one thread. Call repeat_free() in any case. */
enum repeat_role repeat(struct repeated *r, size_t count, FILE **out, struct error *e);
void repeat_free(struct repeated *r);

/* Of a run: all is written. */
void repeat_end(FILE *out);

#endif
