#include "cli/groupmate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Someone who kills programs by command line means the watching process, not this one. */
static void blank_command_line(char **command)
{
	char *end = program_invocation_name;

	for (; *command; command++)
		end = *command + strlen(*command);
	if (end > program_invocation_name)
		memset(program_invocation_name, 0, (size_t)(end - program_invocation_name));
}

/* Collects signals, forgets them at each byte that it reads, and ends with its parent. */
static void live(void)
{
	static const struct timespec no_time = {0};
	sigset_t all;
	char byte;

	sigfillset(&all);
	while (read(STDIN_FILENO, &byte, 1) == 1) {
		while (sigtimedwait(&all, NULL, &no_time) > 0)
			;
		if (write(STDOUT_FILENO, &byte, 1) != 1)
			break;
	}
	_exit(0);
}

static void begin(int from, int to, char **command)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	/* Standard streams may be closed; then the descriptors could have their numbers, so they
	 * are moved above. */
	from = fcntl(from, F_DUPFD, STDERR_FILENO);
	to = fcntl(to, F_DUPFD, STDERR_FILENO);
	if (from < 0 || to < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    dup2(from, STDIN_FILENO) < 0 || dup2(to, STDOUT_FILENO) < 0)
		_exit(1);
	/* A reader that waits for the end of a pipe should wait for the program only. */
	closefrom(STDERR_FILENO);
	prctl(PR_SET_NAME, "group-signals");
	blank_command_line(command);
	live();
}

void groupmate_start(struct groupmate *g, char **command)
{
	int to[2], from[2];
	char path[64];

	*g = (struct groupmate){.to = -1, .from = -1, .status = -1};
	if (pipe2(to, O_CLOEXEC) < 0)
		return;
	if (pipe2(from, O_CLOEXEC) < 0) {
		close(to[0]);
		close(to[1]);
		return;
	}
	g->to = to[1];
	g->from = from[0];
	g->pid = fork();
	if (g->pid == 0)
		begin(to[0], from[1], command);
	close(to[0]);
	close(from[1]);
	if (g->pid < 0) {
		groupmate_end(g);
		return;
	}
	snprintf(path, sizeof(path), "/proc/%d/status", (int)g->pid);
	g->status = open(path, O_RDONLY | O_CLOEXEC);
}

void groupmate_end(struct groupmate *g)
{
	const int fds[] = {g->to, g->from, g->status};

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	g->to = g->from = g->status = -1;
}

/* The pending signals of the process, from /proc; 0 if that cannot be read. */
static uint64_t pending(const struct groupmate *g)
{
	char text[4096];
	ssize_t n = pread(g->status, text, sizeof(text) - 1, 0);
	const char *field;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	field = strstr(text, "\nShdPnd:");
	return field ? strtoull(field + strlen("\nShdPnd:"), NULL, 16) : 0;
}

/* If there is no answer, the process is stopped, and would report old signals later. */
static void forget(struct groupmate *g)
{
	enum { PATIENCE = 100 }; /* ms */
	struct pollfd answer = {.fd = g->from, .events = POLLIN};
	char byte = 0;

	if (write(g->to, &byte, 1) != 1 || poll(&answer, 1, PATIENCE) != 1 ||
	    read(g->from, &byte, 1) != 1)
		groupmate_end(g);
}

bool groupmate_got(struct groupmate *g, int number)
{
	static const struct timespec moment = {.tv_nsec = 2000000};
	uint64_t signals;

	if (g->status < 0)
		return false;
	/* The kernel signals one process of a group after the other. */
	nanosleep(&moment, NULL);
	signals = pending(g);
	if (signals)
		forget(g);
	return signals >> (number - 1) & 1;
}
