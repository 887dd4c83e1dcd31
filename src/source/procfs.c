/*
 * One process of /proc or of a captured tree.
 *
 * How a reading is known to be whole and to be of one process: the descriptor of smaps is bound to
 * the memory that the process had when it was opened. A last pread() still finds the first byte
 * only if that memory is still in use; and it is still this process's if its code and stack begin
 * where they did before that open. (Memory alone proves nothing: that of a child of vfork() is its
 * parent's, and remains when the child runs a program or ends.) So no exec and no exit fell
 * between, and with that neither did a new owner of the pid. (That is stronger than reading the
 * start time twice, which an exec leaves as it is.) A process that changed is read again.
 */
#include "source/internal.h"
#include "source/machine.h"

#include "parse/number.h"
#include "parse/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ATTEMPTS = 3 };

enum result {
	RESULT_DONE,	 /* the outcome says how */
	RESULT_UNWANTED, /* the sink said no */
	RESULT_AGAIN,	 /* it changed under the reading, or looks as if it did */
};

struct identity_buffers {
	char name[PROCESS_NAME_MAX];
	char thread[PROCESS_NAME_MAX];
	char exe[PATH_MAX];
};

static void identify_exe(const struct procdir *dir, struct identity_buffers *buffers,
			 struct process *process)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "%sexe", dir->prefix);
	n = readlinkat(dir->fd, path, buffers->exe, sizeof(buffers->exe));
	if (n <= 0)
		return;
	process->exe = (struct slice){buffers->exe, (size_t)n};
	if (slice_ends(process->exe, SLICE(" (deleted)")))
		process->exe.len -= strlen(" (deleted)");
	process->known |= PROCESS_EXE;
}

/* Of a capture without stat the name may still be known. */
static void identify_comm(struct reader *r, const struct procdir *dir,
			  struct identity_buffers *buffers, struct process *process)
{
	struct slice text = reader_slurp_file(r, dir, "comm"), line;

	if (!take_line(&text, &line) || line.len > sizeof(buffers->name))
		return;
	memcpy(buffers->name, line.ptr, line.len);
	process->name = (struct slice){buffers->name, line.len};
	process->known |= PROCESS_NAME;
}

static void identify_stat(struct process *process, const struct process_stat *stat)
{
	process->name = stat->name;
	process->start_time = stat->start_time;
	process->known |= PROCESS_NAME | PROCESS_START;
}

/* cgroup comes last, since it stays in the reader's buffer. */
static void identify(struct reader *r, const struct procdir *dir, struct identity_buffers *buffers,
		     struct process *process)
{
	if (r->how.needs & NEED_STAT && !(process->known & PROCESS_NAME))
		identify_comm(r, dir, buffers, process);
	if (r->how.needs & NEED_UID &&
	    parse_status_uid(reader_slurp_file(r, dir, "status"), &process->uid))
		process->known |= PROCESS_UID;
	if (r->how.needs & NEED_EXE)
		identify_exe(dir, buffers, process);
	if (r->how.needs & NEED_CGROUP &&
	    parse_cgroup(reader_slurp_file(r, dir, "cgroup"), &process->cgroup))
		process->known |= PROCESS_CGROUP;
}

/* What one attempt at a process goes by. */
struct attempt {
	const struct procdir *process;
	const struct procdir *dir; /* of its memory: the process, or a thread */
	pid_t pid;
	bool scan;		  /* maps and PAGEMAP_SCAN, not smaps */
	bool barred;		  /* from its pagemap, which only its user and root may open */
	bool last;		  /* it will not be tried again */
	struct process_stat stat; /* before smaps were opened; its name is in the buffers */
	bool stat_known;
	bool changed; /* between two looks at it */
	enum outcome outcome;
	struct error why;
};

static bool read_stat(struct reader *r, const struct procdir *dir, char name[PROCESS_NAME_MAX],
		      struct process_stat *stat)
{
	return parse_stat(reader_slurp_file(r, dir, "stat"), name, stat);
}

/* Whether the memory at hand is still that of the process, of which nothing else could be known. A
 * new name is a reason to try again, but no more, since a process may rename itself all the time:
 * the last attempt trusts the name that look_again() found. */
static bool is_its_own(struct reader *r, const struct attempt *a)
{
	char name[PROCESS_NAME_MAX];
	struct process_stat now;

	if (a->changed)
		return false;
	if (!read_stat(r, a->dir, name, &now))
		return !a->stat_known;
	return a->stat_known && now.code == a->stat.code && now.stack == a->stat.stack &&
	       (a->last || slice_equals(now.name, a->stat.name));
}

/* Reads what `fd` is of, and says how many mappings there were: 0, or -1 with a->why. */
static int read_text(struct reader *r, struct attempt *a, int fd, uint64_t *mappings)
{
	bool late;
	int status;

	limits_begin(r, a->dir);
	if (a->scan) {
		status = scan_read(r, a->dir, fd, r->how.shares && !r->how.max_stall_ns && !a->last,
				   mappings, &a->why);
	} else {
		if (kept_names_begin(r, a->dir, reader_deliver, r, &a->why) < 0)
			return -1;
		status = reader_drain(r, fd, SMAPS_MAPPINGS, &a->why);
		*mappings = smaps_mappings(r->parser);
	}
	late = kept_names_end(r);
	if (status == 0 && late && !a->last)
		return error_set(&a->why, ERROR_TRUNCATED, "its names were found too late");
	return status;
}

/* No such process; in a tree also a file where its folder should be. */
static bool is_gone(int error)
{
	return error == ENOENT || error == ESRCH || error == ENOTDIR || error == ELOOP;
}

static enum result after_failure(struct reader *r, struct attempt *a)
{
	int number = a->why.number;

	/* An old kernel, or a tree, where the process is still there but its pagemap never was. */
	if (a->scan && (number == ENOTTY || (number == ENOENT && procdir_has(a->dir, "stat")))) {
		r->cannot_scan = true;
		return RESULT_AGAIN;
	}
	if (a->scan && (number == EACCES || number == EPERM)) {
		a->barred = true;
		return RESULT_AGAIN;
	}
	/* Memory that is gone is so called too, but may have been that of a program before. */
	if (is_gone(number) && !procdir_has(a->process, "stat"))
		a->outcome = OUTCOME_VANISHED;
	else if (a->why.code == ERROR_MALFORMED || number == EISDIR)
		a->outcome = OUTCOME_MALFORMED;
	else
		return RESULT_AGAIN;
	return RESULT_DONE;
}

static void went_away(struct attempt *a)
{
	a->outcome = OUTCOME_TRUNCATED;
	error_set(&a->why, ERROR_TRUNCATED, "its memory went away before it was read");
}

/* No memory; or an exec between open and read. */
static enum result after_nothing(struct reader *r, struct attempt *a)
{
	char name[PROCESS_NAME_MAX];
	struct process_stat now;

	if (read_stat(r, a->process, name, &now) && (now.size > 0 || stat_has_ended(&now))) {
		went_away(a);
		return RESULT_AGAIN;
	}
	a->outcome = OUTCOME_NO_MEMORY;
	return RESULT_DONE;
}

/* The mappings and, if they are needed, the rollups around them. */
static enum result read_memory(struct reader *r, struct attempt *a, int fd)
{
	struct counters before, after;
	bool rollup = r->how.needs & NEED_ROLLUP && reader_rollup(r, a->dir, &before);
	uint64_t mappings = 0;
	char byte;

	a->outcome = OUTCOME_TRUNCATED;
	if (read_text(r, a, fd, &mappings) < 0)
		return after_failure(r, a);
	if (mappings == 0)
		return after_nothing(r, a);
	rollup = rollup && reader_rollup(r, a->dir, &after);
	if (TEMP_FAILURE_RETRY(pread(fd, &byte, 1, 0)) != 1 || !is_its_own(r, a)) {
		error_set(&a->why, ERROR_TRUNCATED, "its memory went away while it was read");
		return RESULT_AGAIN;
	}
	a->outcome = OUTCOME_READ;
	r->stats.scanned += a->scan;
	if (rollup && !r->sink->rollup(r->sink->ctx, &before, &after) && !a->last)
		return RESULT_AGAIN;
	return RESULT_DONE;
}

/* What a failed open of smaps means; -1 if it is no fault of the process. */
static int outcome_of_open(struct attempt *a, int error)
{
	if (error == EACCES || error == EPERM) {
		a->outcome = OUTCOME_DENIED;
	} else if (is_gone(error) && a->dir != a->process) {
		went_away(a); /* the thread; perhaps it runs a program, as the process */
	} else if (is_gone(error)) {
		/* A captured tree shows with its other files that smaps was not to be had. */
		a->outcome = procdir_has(a->dir, "stat") ? OUTCOME_DENIED : OUTCOME_VANISHED;
	} else {
		errno = error;
		return -1;
	}
	return 0;
}

/*
 * Whether to scan: because the walk over its pages, of which smaps does a whole mapping with the
 * lock held, could take longer than the user allows; or because the user wants it fast. That it is
 * not for a process with so many pages that the walk of smaps_rollup, which proves its shares,
 * costs what smaps does.
 */
static bool should_scan(struct reader *r, const struct procdir *dir)
{
	enum { SMAPS_PAGE_NS = 60, ROLLUP_PAGES_MAX = 100000 };
	uint64_t pages = 0;
	bool slow, fast;

	if (r->cannot_scan || (!r->how.scan && r->how.max_stall_ns == 0))
		return false;
	if (r->how.shares || r->how.max_stall_ns > 0)
		pages = resident_pages(dir);
	slow = r->how.max_stall_ns > 0 && pages * SMAPS_PAGE_NS > r->how.max_stall_ns;
	fast = r->how.scan && !(r->how.shares && pages > ROLLUP_PAGES_MAX);
	return (slow || fast) && scan_suits(r, dir);
}

/* For a moment of an exec the memory is already the new program's and the name still the old one's.
 * The kernel sets the begin of the code after the name, but prints it after the name as well: so
 * only a second stat is sure to have the name that belongs to the code of the first. And the thread
 * that was found is still one beside the main thread only if that is not alive again, as the thread
 * that ran a program. */
static void look_again(struct reader *r, struct attempt *a, char name[PROCESS_NAME_MAX])
{
	struct process_stat again;

	if (!read_stat(r, a->process, name, &again) ||
	    (a->dir != a->process && !stat_has_ended(&again)))
		a->changed = true;
	else
		a->stat.name = again.name;
}

/* Looks at who it is and where its memory is: with a thread, if the main thread has ended and the
 * others go on. */
static void look_at(struct reader *r, struct attempt *a, struct thread *thread,
		    struct identity_buffers *buffers, struct process *process)
{
	struct process_stat of_thread = {0};

	a->dir = a->process;
	a->changed = false;
	a->stat_known = read_stat(r, a->process, buffers->name, &a->stat);
	if (!a->stat_known)
		return;
	if (stat_has_ended(&a->stat) && thread_find(r, thread, a->process) &&
	    read_stat(r, &thread->dir, buffers->thread, &of_thread))
		a->dir = &thread->dir;
	if (a->last || a->dir != a->process)
		look_again(r, a, buffers->name);
	if (r->how.needs & NEED_STAT)
		identify_stat(process, &a->stat);
	if (a->dir != a->process)
		a->stat = of_thread;
}

/* enum result, or -1 with *e when anonmem itself is out of something. */
static int try(struct reader *r, struct attempt *a, struct error *e)
{
	struct identity_buffers buffers;
	struct process process = {.known = PROCESS_PID, .pid = a->pid};
	enum result result = RESULT_DONE;
	struct thread thread;
	int fd;

	r->shortage = 0;
	look_at(r, a, &thread, &buffers, &process);
	a->scan = !a->barred && should_scan(r, a->dir);
	fd = procdir_open(a->dir, a->scan ? "maps" : "smaps");
	if (fd < 0 && outcome_of_open(a, errno) < 0)
		return error_errno(e, "cannot open smaps of process %d", a->pid);
	identify(r, a->dir, &buffers, &process);
	if (r->shortage || !r->sink->begin(r->sink->ctx, &process))
		result = RESULT_UNWANTED;
	else if (fd >= 0)
		result = read_memory(r, a, fd);
	else if (a->outcome == OUTCOME_TRUNCATED)
		result = RESULT_AGAIN;
	if (fd >= 0)
		close(fd);
	if (r->shortage) {
		errno = r->shortage;
		return error_errno(e, "cannot read process %d", a->pid);
	}
	if (a->why.code != ERROR_NONE && reader_is_broken(r, &a->why)) {
		*e = a->why;
		return -1;
	}
	return (int)result;
}

/* The sentence for a user who asked for this process or gave this tree; false if there is nothing
 * to say. `why` holds what the reading found, if anything. */
static bool explain(const struct reader *r, pid_t pid, enum outcome outcome, struct error *why)
{
	const struct source *s = r->source;
	bool named = s->pid_count > 0, captured = s->kind == SOURCE_TREE;

	switch (outcome) {
	case OUTCOME_DENIED:
		if (captured)
			error_set(why, ERROR_SYSTEM, "%s/%d: there is no smaps in this capture",
				  s->root, pid);
		else
			error_set(why, ERROR_SYSTEM,
				  "process %d: its memory map may not be read; %s", pid,
				  may_trace() ? "a sandbox or a security module protects it"
					      : "run as root or grant cap_sys_ptrace");
		return named;
	case OUTCOME_VANISHED:
		if (captured)
			error_set(why, ERROR_SYSTEM,
				  "%s/%d: there is no such process in this capture", s->root, pid);
		else
			error_set(why, ERROR_SYSTEM, "process %d: there is no such process", pid);
		return named;
	case OUTCOME_TRUNCATED:
		error_prefix(why, "%s/%d/smaps", s->root, pid);
		return named || captured;
	case OUTCOME_MALFORMED:
		error_prefix(why, "%s/%d/smaps", s->root, pid);
		return true;
	case OUTCOME_READ:
	case OUTCOME_NO_MEMORY:
	case OUTCOME_COUNT:
		break;
	}
	return false;
}

static int read_at(struct reader *r, const struct procdir *dir, pid_t pid, struct error *e)
{
	struct attempt a = {.process = dir, .pid = pid};

	kept_names_forget(r);
	for (int i = 1; i <= ATTEMPTS; i++) {
		int result;

		a.last = i == ATTEMPTS;
		result = try(r, &a, e);
		if (result < 0)
			return -1;
		if (result == RESULT_UNWANTED)
			return 0;
		if (result == RESULT_DONE || a.last)
			break;
		r->sink->cancel(r->sink->ctx);
		a.why = (struct error){.code = ERROR_NONE};
	}
	if (a.outcome == OUTCOME_READ) {
		kept_names_count(r);
		r->stats.barred += a.barred;
	}
	r->stats.unscannable += (r->how.scan || r->how.max_stall_ns > 0) && r->cannot_scan &&
				a.outcome == OUTCOME_READ;
	r->sink->end(r->sink->ctx, a.outcome, explain(r, pid, a.outcome, &a.why) ? &a.why : NULL);
	return 0;
}

int procfs_read(struct reader *r, pid_t pid, struct error *e)
{
	char path[32];
	struct procdir dir = {.fd = r->source->root_fd, .prefix = path};
	int status;

	snprintf(path, sizeof(path), "%d/", pid);
	if (r->how.needs == 0)
		return read_at(r, &dir, pid, e);
	/* With a handle on the folder, all files are those of one process even if its pid is
	 * reused; without one, read_at() finds that the process is gone. */
	dir.fd = (int)TEMP_FAILURE_RETRY(
		openat(r->source->root_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (dir.fd < 0 && !is_gone(errno))
		return error_errno(e, "cannot open the folder of process %d", pid);
	if (dir.fd < 0) {
		dir.fd = r->source->root_fd;
		return read_at(r, &dir, pid, e);
	}
	dir.prefix = "";
	status = read_at(r, &dir, pid, e);
	close(dir.fd);
	return status;
}
