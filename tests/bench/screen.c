/*
 * Runs a command on a terminal of 80x24 of its own and says what it cost once it has settled:
 *
 *	screen INSIDE FROM TO COMMAND...
 *
 * INSIDE is as in timer.c. What the command shows is thrown away. To stdout goes its CPU time (user
 *+ sys) between two moments, FROM and TO seconds after its start, in microseconds; then it is
 *ended.
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

/* Reads what is shown until a moment, or until nobody has the terminal any more. */
static void look_until(long long end, int terminal)
{
	struct pollfd input = {.fd = terminal, .events = POLLIN};
	char buffer[4096];
	long long left;

	while ((left = end - now_ns()) > 0) {
		if (poll(&input, 1, (int)(left / 1000000) + 1) > 0 &&
		    read(terminal, buffer, sizeof(buffer)) <= 0)
			return;
	}
}

static long long cpu_us(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
		fail("the command ended too early");
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	long long begin = now_ns(), cpu;
	int terminal;
	pid_t pid;

	if (argc < 5) {
		fprintf(stderr, "Usage: screen INSIDE FROM TO COMMAND...\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (atoi(argv[1]))
		enter_namespaces_of(atoi(argv[1]));
	pid = start(argv + 4, &terminal);
	look_until(begin + (long long)(atof(argv[2]) * 1e9), terminal);
	cpu = cpu_us(pid);
	look_until(begin + (long long)(atof(argv[3]) * 1e9), terminal);
	printf("%lld\n", cpu_us(pid) - cpu);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}
