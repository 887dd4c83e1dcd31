/*
 * The processes that the benchmark reads:
 *
 *	workload SLEEP BARE PART...
 *
 * SLEEP and BARE are the programs of the small processes. PART: sleepers (300 x SLEEP), bare (300 x
 * BARE), mappings (60,000 mappings of one page), resident (4 GiB in small pages), all (the first,
 * third and fourth) or none.
 *
 * They have their own pid namespace and /proc, where "all processes" means these and the reader,
 * however busy the machine is, so every run reads the same. Once all are running, prints
 *
 *	inside PID	the namespace's first process, as seen from here; 0 if that is forbidden
 *	PART PID...	as seen in there
 *	ready
 *
 * Everything ends when stdin closes or this process dies.
 */
#include "common.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { SMALL_PROCESSES = 300, MAPPINGS = 60000 };

static const char *sleep_program, *bare_program;
static int ready[2]; /* a pipe that ends when every child has exec'ed or closed it */

static void wait_for_end(int fd)
{
	char byte;

	while (read(fd, &byte, 1) > 0)
		;
}

static pid_t spawn(void)
{
	pid_t parent = getpid(), pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		close(ready[0]);
	}
	return pid;
}

static void run_program(const char *path)
{
	execl(path, path, strcmp(path, sleep_program) == 0 ? "infinity" : NULL, (char *)NULL);
	fail(path);
}

static void run_sleeper(void)
{
	run_program(sleep_program);
}

static void run_bare(void)
{
	run_program(bare_program);
}

static void hold(void)
{
	close(ready[1]);
	for (;;)
		pause();
}

/* Neighbours with different protection do not merge. */
static void run_mappings(void)
{
	size_t page = page_bytes();
	char *at = map_resident(MAPPINGS * page);

	for (size_t i = 0; i < MAPPINGS; i += 2) {
		if (mprotect(at + i * page, page, PROT_READ) < 0)
			fail("mappings; is vm.max_map_count below 65530?");
	}
	hold();
}

static void run_resident(void)
{
	map_resident(RESIDENT_BYTES);
	hold();
}

static const struct part {
	const char *name;
	void (*run)(void);
	int processes;
	bool of_all;
} parts[] = {
	{"sleepers", run_sleeper, SMALL_PROCESSES, true},
	{"bare", run_bare, SMALL_PROCESSES, false},
	{"mappings", run_mappings, 1, true},
	{"resident", run_resident, 1, true},
};

static void start_part(const struct part *part)
{
	printf("%s", part->name);
	for (int i = 0; i < part->processes; i++) {
		pid_t pid = spawn();

		if (pid == 0)
			part->run();
		printf(" %d", pid);
	}
	printf("\n");
}

static bool is_wanted(const struct part *part, char **names)
{
	for (; *names; names++) {
		if (strcmp(*names, part->name) == 0 || (part->of_all && strcmp(*names, "all") == 0))
			return true;
	}
	return false;
}

static void start(char **names)
{
	if (pipe2(ready, O_CLOEXEC) < 0)
		fail("pipe");
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (is_wanted(&parts[i], names))
			start_part(&parts[i]);
	}
	close(ready[1]);
	wait_for_end(ready[0]);
	if (waitpid(-1, NULL, WNOHANG) > 0)
		_exit(1); /* one of them failed, and has reported it */
	printf("ready\n");
	fflush(stdout);
}

/* Maps the user to root in the user namespace, so that programs started in it may read the
 * others. */
static void become_root(uid_t uid)
{
	int fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || dprintf(fd, "0 %u 1", uid) < 0)
		fail("uid_map");
	close(fd);
}

/* Makes the next child the first process of a pid namespace. Only root may do that without a user
 * namespace. */
static void enter_namespaces(void)
{
	int flags = CLONE_NEWPID | CLONE_NEWNS;
	uid_t uid = geteuid();

	if (unshare(uid ? flags | CLONE_NEWUSER : flags) < 0)
		fail("a pid namespace, which only root may have here");
	prctl(PR_SET_DUMPABLE, 1); /* undoes what entering a user namespace does */
	if (uid)
		become_root(uid);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		fail("a private mount");
}

int main(int argc, char **argv)
{
	int go[2];
	pid_t first;

	if (argc < 4) {
		fprintf(stderr, "Usage: workload SLEEP BARE PART...\n");
		return 2;
	}
	sleep_program = argv[1];
	bare_program = argv[2];
	enter_namespaces();
	if (pipe2(go, O_CLOEXEC) < 0)
		fail("pipe");
	first = fork();
	if (first < 0)
		fail("fork");
	if (first == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0,
			0); /* a group from outside shows as 0 in there, and smemstat skips that */
		if (mount("proc", "/proc", "proc", 0, NULL) < 0)
			fail("/proc");
		close(go[1]);
		wait_for_end(go[0]); /* "inside" must be printed first */
		start(argv + 3);
		wait_for_end(STDIN_FILENO);
		_exit(0);
	}
	printf("inside %d\n", first);
	fflush(stdout);
	close(go[1]);
	waitpid(first, NULL, 0);
	return 0;
}
