#include "cli/output.h"

#include "cli/command.h"
#include "cli/privilege.h"
#include "cli/say.h"
#include "cli/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEEP = 128 }; /* added to the exit status: the file is complete */

static volatile sig_atomic_t signal_caught;
static volatile pid_t writer;

static void on_signal(int number)
{
	signal_caught = number;
	if (writer > 0)
		kill(writer, SIGTERM);
}

static void catch_signals(void (*how)(int))
{
	struct sigaction action = {.sa_handler = how};

	for (size_t i = 0; i < signals_of_end_count; i++)
		sigaction(signals_of_end[i], &action, NULL);
}

static void block_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	signals_add_ends(&set);
	sigprocmask(how, &set, NULL);
}

/* Creates a file with an unused name in the folder of the file. */
static int create_temporary(const char *path, char temporary[PATH_MAX], struct error *e)
{
	char folder[PATH_MAX], name[PATH_MAX];
	int fd;

	snprintf(folder, sizeof(folder), "%s", path);
	snprintf(name, sizeof(name), "%s", path);
	if (snprintf(temporary, PATH_MAX, "%s/.%.200s.XXXXXX", dirname(folder), basename(name)) >=
	    PATH_MAX) {
		errno = ENAMETOOLONG;
		return error_errno(e, "cannot create %s", path);
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	return fd < 0 ? error_errno(e, "cannot create %s", path) : fd;
}

static int end_of(pid_t child, bool *keep, struct error *e)
{
	int status;

	*keep = false;
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return EXIT_FAILED;
	}
	if (WIFEXITED(status)) {
		*keep = WEXITSTATUS(status) & KEEP;
		return WEXITSTATUS(status) & ~KEEP;
	}
	if (!signal_caught)
		error_set(e, ERROR_SYSTEM, "nothing was written: the reading ended by signal %d",
			  WTERMSIG(status));
	return EXIT_FAILED;
}

/* Runs in a child. */
static void run_writer(output_fn *write, void *ctx, int fd)
{
	struct error e = {.code = ERROR_NONE};
	const pid_t self = getpid();
	bool keep = false;
	int status;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	privilege_drop_writing();
	catch_signals(SIG_DFL);
	block_signals(SIG_UNBLOCK);
	status = write(ctx, fd, &keep, &e);
	if (e.code != ERROR_NONE)
		say(e.text);
	/* A run of check --repeat also ends here, and has no file. */
	_exit(status | (keep && getpid() == self ? KEEP : 0));
}

static int start_and_wait(output_fn *write, void *ctx, int fd, bool *keep, struct error *e)
{
	writer = fork();
	if (writer == 0)
		run_writer(write, ctx, fd);
	block_signals(SIG_UNBLOCK);
	if (writer < 0) {
		error_errno(e, "cannot start a reader process");
		return EXIT_FAILED;
	}
	privilege_end();
	return end_of(writer, keep, e);
}

/* Only a regular file may be replaced; its mode is kept. */
static int check_target(const char *path, mode_t *mode, struct error *e)
{
	const mode_t mask = umask(0);
	struct stat st;

	umask(mask);
	*mode &= ~mask;
	if (lstat(path, &st) < 0)
		return 0;
	*mode = st.st_mode & 0777;
	if (S_ISREG(st.st_mode))
		return 0;
	return error_set(e, ERROR_USAGE,
			 "%s is not a regular file; write to standard output with --output -",
			 path);
}

/* Calls `write` in a child, and renames the file. */
static int write_and_replace(const char *path, mode_t mode, output_fn *write, void *ctx,
			     struct error *e)
{
	char temporary[PATH_MAX];
	bool keep = false;
	int fd = create_temporary(path, temporary, e), status;

	if (fd < 0) {
		block_signals(SIG_UNBLOCK);
		return EXIT_FAILED;
	}
	status = start_and_wait(write, ctx, fd, &keep, e);
	keep = keep && !signal_caught;
	if (keep && (fchmod(fd, mode) < 0 || fsync(fd) < 0 || rename(temporary, path) < 0)) {
		error_errno(e, "cannot write %s", path);
		keep = false;
		status = EXIT_FAILED;
	}
	if (!keep)
		unlink(temporary);
	close(fd);
	return status;
}

int output_write(const char *path, mode_t mode, output_fn *write, void *ctx, struct error *e)
{
	int status;

	privilege_raise_writing();
	if (check_target(path, &mode, e) < 0)
		return EXIT_USAGE;
	/* Signals wait as long as there is a temporary file. */
	block_signals(SIG_BLOCK);
	catch_signals(on_signal);
	status = write_and_replace(path, mode, write, ctx, e);
	catch_signals(SIG_DFL);
	if (signal_caught)
		raise(signal_caught);
	return status;
}
