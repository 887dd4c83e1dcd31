/*
 * Runs a command and prints its cost:
 *
 *	timer INSIDE OUTPUT COMMAND...
 *
 * INSIDE is the process in whose pid and mount namespaces the command runs (see workload.c), or 0.
 * The command's stdout goes to OUTPUT. Prints one line: CPU (user + sys) and wall time in
 * microseconds, peak memory in KiB, exit status (128 + the signal that ended it).
 *
 * It is a separate program because peak memory includes that before exec: a child of something
 * large would seem large.
 */
#include "common.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void run(int output, char **command)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(output, STDOUT_FILENO);
	execv(command[0], command);
	fail(command[0]);
}

static long long us(struct timeval t)
{
	return t.tv_sec * 1000000LL + t.tv_usec;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int output, status, inside;
	long long begin;
	pid_t pid;

	if (argc < 4) {
		fprintf(stderr, "Usage: timer INSIDE OUTPUT COMMAND...\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	output = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (output < 0)
		fail(argv[2]);
	inside = atoi(argv[1]);
	if (inside)
		enter_namespaces_of(inside);
	begin = now_ns();
	pid = fork();
	if (pid == 0)
		run(output, argv + 3);
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
		fail("fork");
	printf("%lld %lld %ld %d\n", us(usage.ru_utime) + us(usage.ru_stime),
	       (now_ns() - begin) / 1000, usage.ru_maxrss,
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
