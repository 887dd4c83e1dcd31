/*
 * groupmate: a process of our process group that does nothing. A signal that it got too was sent to
 * the group, and so to the program that we watch: it must not have it from us once more.
 */
#ifndef CLI_GROUPMATE_H
#define CLI_GROUPMATE_H

#include <stdbool.h>
#include <sys/types.h>

struct groupmate {
	int to, from, status; /* descriptors, -1 if there is no such process */
	pid_t pid;
};

/* Before the sandbox. `command` is the end of our command line. Where it cannot be started, no
 * signal is ever said to be one of the group. It ends with us. */
void groupmate_start(struct groupmate *g, char **command);

void groupmate_end(struct groupmate *g);

/* Whether it got a signal since the last time that it was asked. */
bool groupmate_got(struct groupmate *g, int number);

#endif
