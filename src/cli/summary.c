#include "cli/summary.h"

#include "base/clock.h"
#include "cli/command.h"
#include "cli/groupmate.h"
#include "cli/privilege.h"
#include "cli/program.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "cli/show.h"
#include "collect/lineage.h"
#include "collect/pool.h"
#include "collect/survey.h"
#include "model/peaks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct watched {
	pid_t pid;
	int status; /* from waitpid() */
	bool ended, heaps;
	struct groupmate groupmate;
	struct lineage family;
	struct peaks peaks;
	uint64_t begun, ended_at; /* ns */
	uint64_t missed;	  /* most processes that could not be read at once */
	const struct collect_options *how;
	bool (*take)(void *ctx, const struct snapshot *s); /* gets each reading; or NULL */
	void *ctx;
	struct error problem; /* why it could not be read any more */
};

/* Reading. */

static const char *const columns_shown[] = {"processes", "mappings",  "rss",	  "pss",
					    "uss",	 "anonymous", "swap_pss", NULL};
/* With --heaps. */
static const char *const heap_columns[] = {"processes", "mappings",  "rss",	 "pss",
					   "uss",	"heap_used", "swap_pss", NULL};

static int read_once(struct watched *w, struct error *e)
{
	struct collect_options options = *w->how;
	struct snapshot now = {0};
	struct source *source;
	int status = -1;

	options.children = &w->family;
	source = source_open_proc(NULL, &w->pid, 1, e);
	if (source && survey(source, &options, &now, e) == 0) {
		uint64_t missed = now.coverage.by_outcome[OUTCOME_DENIED];

		w->missed = missed > w->missed ? missed : w->missed;
		w->peaks.most.machine = now.machine;
		w->peaks.most.inferred = now.inferred;
		status = now.coverage.by_outcome[OUTCOME_READ] ? peaks_add(&w->peaks, &now, e) : 0;
		if (status == 0 && w->take && !w->take(w->ctx, &now))
			status = error_memory(e);
	}
	snapshot_free(&now);
	source_close(source);
	return status;
}

/* Signals. */

/* Signals that are passed on to the program, or that stop or end this process. */
static sigset_t signals_to_wait_for(void)
{
	static const int numbers[] = {SIGCHLD, SIGHUP,	SIGINT,	 SIGQUIT, SIGTERM,
				      SIGUSR1, SIGUSR2, SIGCONT, SIGALRM, SIGWINCH};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sigaddset(&set, numbers[i]);
	return set;
}

/* Stops this process when the child stops, so that a shell notices. Whoever continues it sends a
 * signal, which the child gets like any other. */
static void look_at_child(struct watched *w)
{
	pid_t pid;
	int status;

	while ((pid = (pid_t)TEMP_FAILURE_RETRY(waitpid(-1, &status, WNOHANG | WUNTRACED))) > 0) {
		if (pid != w->pid)
			continue;
		if (WIFSTOPPED(status)) {
			if (!pool_has_abandoned_any())
				raise(SIGSTOP);
			else
				kill(w->pid, SIGCONT);
			continue;
		}
		w->ended = true;
		w->status = status;
		w->ended_at = clock_ns(CLOCK_MONOTONIC);
	}
}

/* A key on the terminal sends a signal to both, and so does a signal to the process group; only
 * signals sent to this process alone are passed on. */
static void handle(struct watched *w, const siginfo_t *info)
{
	if (info->si_signo == SIGCHLD)
		look_at_child(w);
	else if (info->si_code <= 0 && info->si_pid != w->pid &&
		 !groupmate_got(&w->groupmate, info->si_signo))
		kill(w->pid, info->si_signo);
}

/* Waits until the child has ended or `ns` have elapsed. */
static void wait_for(struct watched *w, const sigset_t *signals, uint64_t ns)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + ns, now;

	while (!w->ended && (now = clock_ns(CLOCK_MONOTONIC)) < end) {
		const struct timespec t = clock_timespec(end - now);
		siginfo_t info;

		if (sigtimedwait(signals, &info, &t) > 0)
			handle(w, &info);
		else /* a sandbox may refuse to block signals, and an unblocked signal is lost */
			look_at_child(w);
	}
}

static void say_stopped(const struct error *e)
{
	say(e->text);
	say("run: stopped monitoring; the program keeps running");
}

/* Reads often at first, to catch short programs; later so rarely that it uses at most a twentieth
 * of one CPU. */
static void watch(struct watched *w, const sigset_t *signals)
{
	const uint64_t first = 10 * MILLISECOND_NS, longest = 250 * MILLISECOND_NS, share = 20;
	uint64_t pause = first, begun, cost;
	struct error e = {.code = ERROR_NONE};
	bool reads = true;

	wait_for(w, signals, pause);
	while (!w->ended) {
		begun = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
		if (reads && read_once(w, &e) < 0) {
			reads = false;
			w->problem = e;
			if (!w->take)
				say_stopped(&e);
		}
		cost = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - begun;
		pause = pause < longest / 2 ? 2 * pause : longest;
		wait_for(w, signals, pause < share * cost ? share * cost : pause);
	}
}

/* The program. */

/* State that a program inherits, as it was before this process changed it. */
struct inherited {
	bool has_mask; /* if false, the mask could not be set */
	sigset_t mask;
	struct sigaction on_child;
};

static void restore_mask(const struct inherited *before)
{
	if (before->has_mask)
		sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

/* Runs in the child; reports to the parent through `said` if exec fails. */
static void become(char **command, const struct inherited *before, int said)
{
	ssize_t told;
	int number;

	sigaction(SIGCHLD, &before->on_child, NULL);
	restore_mask(before);
	execvp(command[0], command);
	number = errno;
	told = write(said, &number, sizeof(number));
	_exit(told == sizeof(number) ? 0 : EXIT_CANNOT_RUN);
}

/* Returns the errno of the child's exec, or 0 as soon as exec has succeeded. */
static int hear(int fd)
{
	int number = 0;
	ssize_t n;

	do {
		n = read(fd, &number, sizeof(number));
	} while (n < 0 && errno == EINTR);
	return n == sizeof(number) ? number : 0;
}

/* Returns 0 and sets the pid if the program runs; otherwise the exit status, with *e. */
static int start(char **command, const struct inherited *before, pid_t *pid, struct error *e)
{
	int ends[2], number;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(e, "cannot start %s", command[0]), EXIT_FAILED;
	*pid = fork();
	if (*pid == 0)
		become(command, before, ends[1]);
	number = errno;
	close(ends[1]);
	if (*pid < 0) {
		close(ends[0]);
		errno = number;
		return error_errno(e, "cannot start %s", command[0]), EXIT_FAILED;
	}
	number = hear(ends[0]);
	close(ends[0]);
	if (number == 0)
		return 0;
	(void)TEMP_FAILURE_RETRY(waitpid(*pid, NULL, 0));
	return program_failed(command[0], number, e);
}

/* The summary. */

static void say_readings(const struct watched *w)
{
	char text[256];

	if (w->peaks.readings == 0) {
		say("run: the program ended before its memory could be read");
		return;
	}
	snprintf(text, sizeof(text),
		 "peak of each label over %" PRIu64
		 " reading%s in %.1f s, each column by itself; TOTAL is the peak of the sum",
		 w->peaks.readings, w->peaks.readings == 1 ? "" : "s",
		 (double)(w->ended_at - w->begun) / 1e9);
	say(text);
	if (w->missed > 0) {
		snprintf(text, sizeof(text),
			 "%" PRIu64
			 " processes of the program could not be read: permission denied",
			 w->missed);
		say(text);
	}
}

static int write_summary(const struct watched *w, struct error *e)
{
	struct options options = {.renderer = &render_table};
	struct report_options wanted = {0};
	const struct render_options rendering = {.width = terminal_width(STDERR_FILENO),
						 .color = wants_color(&options, STDERR_FILENO),
						 .header = true,
						 .quiet = true,
						 .version = ANONMEM_VERSION};
	struct report report;
	int status;

	choose_columns(&options, w->heaps ? heap_columns : columns_shown, &wanted);
	status = report_build(&w->peaks.most, &wanted, &report, e);
	if (status == 0)
		status = render_table.render(&report, &rendering, stderr, e);
	report_free(&report);
	return status;
}

/* Ends this process the way the child ended, without a core dump, since only the program's is
 * useful. */
static int end_alike(int status)
{
	static const struct rlimit none = {0, 0};
	sigset_t set;

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	setrlimit(RLIMIT_CORE, &none);
	signal(WTERMSIG(status), SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, WTERMSIG(status));
	raise(WTERMSIG(status));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return EXIT_FAILED;
}

/* The program has started with all the user's rights; watching it needs few. */
static int keep_to_watching(pid_t child, struct error *e)
{
	const struct sandbox box = {.child = child};

	return privilege_reduce(0, e) < 0 ? -1 : sandbox_enter(&box, e);
}

/* Starts the command and watches it until it has ended. 0, or the exit status with *e. */
static int watch_command(char **command, struct watched *w, struct error *e)
{
	static const struct sigaction by_default = {.sa_handler = SIG_DFL};
	const sigset_t signals = signals_to_wait_for();
	struct inherited before;
	int status;

	w->begun = clock_ns(CLOCK_MONOTONIC);
	sigaction(SIGCHLD, &by_default, &before.on_child);
	before.has_mask = sigprocmask(SIG_BLOCK, &signals, &before.mask) == 0;
	status = start(command, &before, &w->pid, e);
	if (status != 0) {
		restore_mask(&before);
		return status;
	}
	groupmate_start(&w->groupmate, command);
	if (keep_to_watching(w->pid, e) < 0)
		say(e->text);
	e->code = ERROR_NONE; /* reported above */
	peaks_init(&w->peaks, &w->how->by);
	watch(w, &signals);
	groupmate_end(&w->groupmate);
	lineage_free(&w->family);
	return 0;
}

int summary_run(char **command, bool heaps, struct error *e)
{
	const struct collect_options how = {
		.by = {.keys = {KEY_LABEL}, .count = 1},
		.infer = INFER_CONTENT,
		.finds_sharers = true,
		.jobs = 1,
		.reading = {.heaps = heaps},
	};
	struct watched w = {.heaps = heaps, .how = &how};
	int status = watch_command(command, &w, e);

	if (status != 0)
		return status;
	if (w.peaks.readings > 0 && write_summary(&w, e) < 0)
		say(e->text);
	say_readings(&w);
	peaks_free(&w.peaks);
	e->code = ERROR_NONE; /* reported above */
	return end_alike(w.status);
}

int summary_measure(char **command, const struct collect_options *how,
		    bool (*take)(void *ctx, const struct snapshot *s), void *ctx,
		    struct summary_result *result, struct error *e)
{
	struct watched w = {.how = how, .take = take, .ctx = ctx};
	int status = watch_command(command, &w, e);

	if (status != 0) {
		peaks_init(&result->peaks, &how->by);
		return -1;
	}
	*result = (struct summary_result){.peaks = w.peaks, .missed = w.missed};
	result->status = WIFEXITED(w.status) ? WEXITSTATUS(w.status) : 128 + WTERMSIG(w.status);
	if (w.problem.code != ERROR_NONE) {
		*e = w.problem;
		return -1;
	}
	return 0;
}
