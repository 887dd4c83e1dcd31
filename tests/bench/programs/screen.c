/*
 * Runs a command on an 80x24 terminal whose output is discarded:
 *
 *	screen INSIDE COMMAND...
 *
 * INSIDE is as in timer.c. Prints "ready"; then, for every line on stdin, the CPU time of the
 * command so far, user and sys, in nanoseconds. The command ends when stdin closes.
 */
#include "common.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static pid_t start(char **command, int *terminal)
{
	const struct winsize size = {.ws_row = 24, .ws_col = 80};
	pid_t pid = forkpty(terminal, NULL, NULL, &size);

	if (pid < 0)
		fail("a terminal");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(command[0], command);
		fail(command[0]);
	}
	return pid;
}

static long long cpu_ns(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
		fail("the command ended too early");
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Answers on stdout until stdin closes. */
static void serve(pid_t pid, int terminal)
{
	struct pollfd inputs[] = {{.fd = STDIN_FILENO, .events = POLLIN},
				  {.fd = terminal, .events = POLLIN}};
	char buffer[4096];

	while (poll(inputs, 2, -1) > 0) {
		if (inputs[1].revents && read(terminal, buffer, sizeof(buffer)) <= 0)
			inputs[1].fd = -1; /* it has ended; the next request will notice */
		if (!inputs[0].revents)
			continue;
		if (read(STDIN_FILENO, buffer, sizeof(buffer)) <= 0)
			return;
		printf("%lld\n", cpu_ns(pid));
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	int terminal;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "Usage: screen INSIDE COMMAND...\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (atoi(argv[1]))
		enter_namespaces_of(atoi(argv[1]));
	pid = start(argv + 2, &terminal);
	puts("ready");
	fflush(stdout);
	serve(pid, terminal);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}
