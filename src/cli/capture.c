/* `anonmem capture`: saves what all reports need in one file. A child reads, in the sandbox, where
 * no file can be renamed or removed. The parent gives the file its name when it is complete, or
 * removes it, whatever happens to the child. */
#include "collect/capture.h"
#include "cli/commandline.h"
#include "cli/options.h"
#include "cli/privilege.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "collect/lineage.h"
#include "render/size.h"
#include "source/thread_id.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Exit status of the child if the file is complete and the command fails nevertheless. */
enum { EXIT_WRITTEN = 64 };

/* Progress. */

struct progress {
	bool shows, shown;
	struct timespec begun, last;
};

static double seconds_since(const struct timespec *then, const struct timespec *now)
{
	return (double)(now->tv_sec - then->tv_sec) + (double)(now->tv_nsec - then->tv_nsec) / 1e9;
}

static void show_progress(void *ctx, size_t done, size_t all, uint64_t bytes)
{
	struct progress *p = ctx;
	char size[SIZE_TEXT_MAX];
	struct timespec now;

	if (!p->shows)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (seconds_since(&p->begun, &now) < 1 || seconds_since(&p->last, &now) < 0.2)
		return;
	size_format(bytes, UNITS_AUTO, size);
	fprintf(stderr, "\r%zu of %zu processes, %s written ", done, all, size);
	fflush(stderr);
	p->last = now;
	p->shown = true;
}

static void clear_progress(const struct progress *p)
{
	if (p->shown)
		fprintf(stderr, "\r%60s\r", "");
}

/* Reading. */

static void add_count(FILE *out, uint64_t count, const char *what)
{
	if (count > 0)
		fprintf(out, "; %" PRIu64 " %s", count, what);
}

/* What was captured, and what was not. */
static void say_result(const struct options *o, const struct capture_result *result, uint64_t bytes)
{
	const uint64_t *count = result->coverage.by_outcome;
	char text[1024], size[SIZE_TEXT_MAX];
	FILE *out = fmemopen(text, sizeof(text), "w");

	if (!out)
		return;
	size_format(bytes, UNITS_AUTO, size);
	fprintf(out, "captured %" PRIu64 " process%s in %s, %s", result->captured,
		result->captured == 1 ? "" : "es",
		strcmp(o->output, "-") == 0 ? "standard output" : o->output, size);
	add_count(out, count[OUTCOME_DENIED], "of them without the memory, which may not be read");
	add_count(out, count[OUTCOME_VANISHED], "ended meanwhile");
	add_count(out, count[OUTCOME_TRUNCATED] + count[OUTCOME_MALFORMED],
		  "left out, which changed while they were read or held the reading up");
	add_count(out, result->coverage.unmatched, "left out, of which it is unknown who they are");
	if (result->sharing_unknown)
		fputs("; which of them share one memory is unknown", out);
	fclose(out);
	say(text);
}

/* The exit status of a capture that was written. */
static int judge(const struct options *o, const struct capture_result *result, uint64_t bytes)
{
	for (size_t i = 0; i < result->problems.count; i++)
		say(result->problems.list[i].text);
	if (result->captured == 0 && result->problems.count == 0)
		say("no process was captured: none is selected, or none may be read");
	if (result->captured == 0)
		return EXIT_FAILED;
	if (!o->quiet)
		say_result(o, result, bytes);
	return result->problems.count ? EXIT_WRITTEN : EXIT_DONE;
}

static int write_to(const struct options *o, int fd, enum pack_form form,
		    const struct source *source, struct redact *redact, struct error *e)
{
	struct progress progress = {.shows = !o->quiet && isatty(STDERR_FILENO)};
	struct lineage lineage = {.unmatched = 0};
	const struct capture_options options = {
		.selection = o->selection,
		.children = o->children ? &lineage : NULL,
		.redact = redact,
		.progress = show_progress,
		.ctx = &progress,
	};
	struct pack *pack = pack_new(fd, form, e);
	struct capture_result result = {.captured = 0};
	int status = EXIT_FAILED;

	clock_gettime(CLOCK_MONOTONIC, &progress.begun);
	if (pack && capture_write(source, &options, pack, &result, e) == 0) {
		clear_progress(&progress);
		status = judge(o, &result, pack_bytes(pack));
	}
	clear_progress(&progress);
	problems_free(&result.problems);
	pack_free(pack);
	lineage_free(&lineage);
	return status;
}

/* With the right to read processes, and no other rights. */
static int read_and_write(const struct options *o, int fd, enum pack_form form, struct error *e)
{
	const struct sandbox box = {.creates = false};
	struct redact *redact = NULL;
	struct source *source;
	int status = EXIT_FAILED;

	if (privilege_reduce(false, e) < 0 || pack_load(e) < 0)
		return EXIT_FAILED;
	thread_ids_to_processes(o->pids, o->pid_count);
	source = source_open_proc(NULL, o->pids, o->pid_count, e);
	if (source && o->redact)
		redact = redact_new(e);
	if (source && (!o->redact || redact)) {
		privilege_raise();
		if (sandbox_enter(&box, e) == 0)
			status = write_to(o, fd, form, source, redact, e);
	}
	redact_free(redact);
	source_close(source);
	return status;
}

/* The file. */

static volatile sig_atomic_t signal_caught;
static volatile pid_t reader;

static void on_signal(int number)
{
	signal_caught = number;
	if (reader > 0)
		kill(reader, SIGTERM);
}

static const int ends[] = {SIGINT, SIGTERM, SIGHUP};

static void catch_signals(void (*how)(int))
{
	struct sigaction action = {.sa_handler = how};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		sigaction(ends[i], &action, NULL);
}

static void block_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		sigaddset(&set, ends[i]);
	sigprocmask(how, &set, NULL);
}

/* An unused name in the folder of the file. */
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

static int end_of(pid_t child, struct error *e)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return EXIT_FAILED;
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (!signal_caught)
		error_set(e, ERROR_SYSTEM, "nothing was written: the reading ended by signal %d",
			  WTERMSIG(status));
	return EXIT_FAILED;
}

/* In a child. */
static void run_reader(const struct options *o, int fd, enum pack_form form)
{
	struct error e = {.code = ERROR_NONE};
	int status;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	catch_signals(SIG_DFL);
	block_signals(SIG_UNBLOCK);
	status = read_and_write(o, fd, form, &e);
	if (e.code != ERROR_NONE)
		say(e.text);
	_exit(status);
}

static int start_and_wait(const struct options *o, int fd, enum pack_form form, struct error *e)
{
	block_signals(SIG_BLOCK);
	catch_signals(on_signal);
	reader = fork();
	if (reader == 0)
		run_reader(o, fd, form);
	block_signals(SIG_UNBLOCK);
	if (reader < 0) {
		error_errno(e, "cannot start a process that reads");
		return EXIT_FAILED;
	}
	privilege_end();
	return end_of(reader, e);
}

/* Only a regular file may be replaced. */
static int check_target(const char *path, struct error *e)
{
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return error_set(e, ERROR_USAGE,
				 "%s is not a regular file; write to standard output with "
				 "--output -",
				 path);
	return 0;
}

static int write_file(const struct options *o, enum pack_form form, struct error *e)
{
	char temporary[PATH_MAX];
	int fd, status;

	if (check_target(o->output, e) < 0)
		return EXIT_USAGE;
	fd = create_temporary(o->output, temporary, e);
	if (fd < 0)
		return EXIT_FAILED;
	status = start_and_wait(o, fd, form, e);
	if (signal_caught)
		status = EXIT_FAILED;
	if ((status == EXIT_DONE || status == EXIT_WRITTEN) &&
	    (fsync(fd) < 0 || rename(temporary, o->output) < 0)) {
		error_errno(e, "cannot write %s", o->output);
		status = EXIT_FAILED;
	}
	if (status != EXIT_DONE && status != EXIT_WRITTEN)
		unlink(temporary);
	close(fd);
	if (signal_caught) {
		catch_signals(SIG_DFL);
		raise(signal_caught);
	}
	return status;
}

static int write_standard_output(const struct options *o, struct error *e)
{
	if (isatty(STDOUT_FILENO)) {
		error_set(e, ERROR_USAGE,
			  "a capture is not for a terminal; redirect standard output, or give "
			  "--output FILE");
		return EXIT_USAGE;
	}
	return read_and_write(o, STDOUT_FILENO, PACK_ZSTD, e);
}

/* The host name, unless it is redacted, and the time. */
static bool make_name(const struct options *o, char name[PATH_MAX])
{
	char host[HOST_NAME_MAX + 1] = "", when[32];
	time_t now = time(NULL);
	struct tm t;

	if (!o->redact && gethostname(host, sizeof(host)) < 0)
		host[0] = '\0';
	host[sizeof(host) - 1] = '\0';
	return gmtime_r(&now, &t) && strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &t) > 0 &&
	       !strchr(host, '/') &&
	       snprintf(name, PATH_MAX, "anonmem-%s%s%s.tar.zst", host, *host ? "-" : "", when) <
		       PATH_MAX;
}

/* Room for the default name of the file. */
static int run(struct options *o, char name[PATH_MAX], struct error *e)
{
	enum pack_form form = PACK_ZSTD;

	if (!o->output && make_name(o, name))
		o->output = name;
	if (!o->output) {
		error_set(e, ERROR_SYSTEM, "cannot make a name for the file; give --output");
		return EXIT_FAILED;
	}
	if (strcmp(o->output, "-") == 0)
		return write_standard_output(o, e);
	if (!pack_find_form(o->output, &form)) {
		error_set(e, ERROR_USAGE,
			  "--output: unknown ending of \"%s\": expected .tar, .tar.gz, .tar.zst or "
			  ".tar.xz",
			  o->output);
		return EXIT_USAGE;
	}
	return write_file(o, form, e);
}

static enum exit_status work(struct options *o, struct error *e)
{
	char name[PATH_MAX];
	int status = run(o, name, e);

	if (o->output == name)
		o->output = NULL;
	return status == EXIT_WRITTEN ? EXIT_FAILED : (enum exit_status)status;
}

enum exit_status command_capture(int argc, char **argv)
{
	return commandline_run(FOR_CAPTURE, argc, argv, work);
}
