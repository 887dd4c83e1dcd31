/*
 * Processes that come and go while a recorder takes samples of them without a pause:
 *
 *	churn COMMAND...
 *
 * COMMAND is anonmem record, which takes a sample at each SIGUSR1. Each process has a name of its
 * own, so that none of its groups was there before. Prints "peak KIB" and "now KIB", the memory of
 * the recorder, for each line on stdin; ends it when stdin is closed.
 */
#include "common.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { PROCESSES = 20, PAUSE_US = 500, LIFE_MAX_US = 40000 };

static pid_t start_recorder(char **command)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(command[0], command);
		fail(command[0]);
	}
	return pid;
}

/* Lives for a while under a name that nobody had. */
static pid_t start_process(unsigned number)
{
	pid_t pid = fork();
	char name[16];

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		snprintf(name, sizeof(name), "churn-%u", number);
		prctl(PR_SET_NAME, name);
		usleep((number * 7919) % LIFE_MAX_US);
		_exit(0);
	}
	return pid;
}

static long status_kib(pid_t pid, const char *key)
{
	char path[64], line[256];
	long kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)) == 0)
			kib = strtol(line + strlen(key), NULL, 10);
	}
	if (file)
		fclose(file);
	return kib;
}

/* False at the end of stdin. */
static bool answer(pid_t recorder)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char line[64];

	if (poll(&in, 1, 0) <= 0)
		return true;
	if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
		return false;
	printf("%ld %ld\n", status_kib(recorder, "VmHWM:"), status_kib(recorder, "VmRSS:"));
	fflush(stdout);
	return true;
}

int main(int argc, char **argv)
{
	unsigned started = 0, running = 0;
	pid_t recorder, ended;

	if (argc < 2) {
		fprintf(stderr, "Usage: churn COMMAND...\n");
		return 2;
	}
	recorder = start_recorder(argv + 1);
	sleep(1); /* it catches signals by now */
	printf("ready\n");
	fflush(stdout);
	while (answer(recorder)) {
		while (running < PROCESSES && start_process(started++) > 0)
			running++;
		while ((ended = waitpid(-1, NULL, WNOHANG)) > 0) {
			if (ended == recorder)
				return 1;
			running--;
		}
		kill(recorder, SIGUSR1);
		usleep(PAUSE_US);
	}
	kill(recorder, SIGTERM);
	while (waitpid(recorder, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}
