/*
 * groupmate: a process in our process group that does nothing. A signal that it also received was
 * sent to the group, and thus to the program that we watch, which must not receive it from us
 * again.
 */
#ifndef CLI_GROUPMATE_H
#define CLI_GROUPMATE_H

#include <stdbool.h>
#include <sys/types.h>

struct groupmate {
	int to, from, status; /* descriptors, -1 if there is no such process */
	pid_t pid;
};

/* Call before the sandbox. `command` is the tail of our command line. If the process cannot be
 * started, no signal counts as sent to the group. It ends with us. */
void groupmate_start(struct groupmate *g, char **command);

void groupmate_end(struct groupmate *g);

/* Whether it received a signal since the last call. */
bool groupmate_got(struct groupmate *g, int number);

#endif
