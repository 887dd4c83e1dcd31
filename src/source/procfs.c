/*
 * One process of /proc or of a captured tree.
 *
 * How a reading is known to be whole and to be of one process: the descriptor of smaps is bound to
 * the memory that the process had when it was opened. Everything else is read between that open
 * and a last pread(), which still finds the first byte only if that memory is still in use: so no
 * exec and no exit fell between, and with that neither did a new owner of the pid. (That is
 * stronger than reading the start time twice, which an exec leaves as it is.) A process that
 * changed is read again.
 */
#include "source/internal.h"

#include "parse/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ATTEMPTS = 3 };

/* Where the files of one process are: names relative to `fd`. */
struct place {
	int fd;
	const char *prefix;
};

enum attempt {
	ATTEMPT_DONE,	  /* *outcome says how */
	ATTEMPT_UNWANTED, /* the sink said no */
	ATTEMPT_AGAIN,	  /* it changed under the reading, or looks as if it did */
};

static int open_in(const struct place *place, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s%s", place->prefix, name);
	return openat(place->fd, path, O_RDONLY | O_CLOEXEC);
}

/* A small file of the process; empty if it cannot be had. Dies with the next one. */
static struct slice slurp(struct reader *r, const struct place *place, const char *name)
{
	struct slice text;
	int fd = open_in(place, name);
	int status;

	if (fd < 0)
		return SLICE("");
	status = reader_slurp(r, fd, &text);
	close(fd);
	return status == 0 ? text : SLICE("");
}

struct identity_buffers {
	char name[PROCESS_NAME_MAX];
	char exe[PATH_MAX];
};

static void identify_exe(const struct place *place, struct identity_buffers *buffers,
			 struct process *process)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "%sexe", place->prefix);
	n = readlinkat(place->fd, path, buffers->exe, sizeof(buffers->exe));
	if (n <= 0)
		return;
	process->exe = (struct slice){buffers->exe, (size_t)n};
	if (slice_ends(process->exe, SLICE(" (deleted)")))
		process->exe.len -= strlen(" (deleted)");
	process->known |= PROCESS_EXE;
}

/* cgroup comes last, since it stays in the reader's buffer. */
static void identify(struct reader *r, const struct place *place, struct identity_buffers *buffers,
		     struct process *process)
{
	if (r->needs & NEED_STAT && parse_stat(slurp(r, place, "stat"), buffers->name,
					       &process->name, &process->start_time))
		process->known |= PROCESS_NAME | PROCESS_START;
	if (r->needs & NEED_UID && parse_status_uid(slurp(r, place, "status"), &process->uid))
		process->known |= PROCESS_UID;
	if (r->needs & NEED_EXE)
		identify_exe(place, buffers, process);
	if (r->needs & NEED_CGROUP && parse_cgroup(slurp(r, place, "cgroup"), &process->cgroup))
		process->known |= PROCESS_CGROUP;
}

static int keep_counters(void *ctx, const struct mapping *m, struct error *e)
{
	(void)e;
	*(struct counters *)ctx = m->counters;
	return 0;
}

static bool read_rollup(struct reader *r, const struct place *place, struct counters *counters)
{
	struct error ignored;
	int fd = open_in(place, "smaps_rollup");
	int status;

	if (fd < 0)
		return false;
	r->on_mapping = keep_counters;
	r->on_mapping_ctx = counters;
	status = reader_drain(r, fd, SMAPS_ROLLUP, &ignored);
	close(fd);
	return status == 0 && smaps_mappings(r->parser) == 1;
}

/* smaps and, if they are needed, the rollups around it. *outcome or ATTEMPT_AGAIN. */
static enum attempt read_memory(struct reader *r, const struct place *place, int fd, bool last,
				enum outcome *outcome, struct error *why)
{
	struct counters before, after;
	bool rollup = r->needs & NEED_ROLLUP && read_rollup(r, place, &before);
	int status;
	char byte;

	r->on_mapping = r->sink->mapping;
	r->on_mapping_ctx = r->sink->ctx;
	status = reader_drain(r, fd, SMAPS_MAPPINGS, why);
	if (status < 0 && why->number == ESRCH) {
		*outcome = OUTCOME_VANISHED;
		return ATTEMPT_DONE;
	}
	if (status < 0 && why->code == ERROR_MALFORMED) {
		*outcome = OUTCOME_MALFORMED;
		return ATTEMPT_DONE;
	}
	*outcome = OUTCOME_TRUNCATED;
	if (status < 0)
		return ATTEMPT_AGAIN;
	if (smaps_mappings(r->parser) == 0) {
		/* No memory; or, just this once, an exec between open and read. */
		*outcome = OUTCOME_NO_MEMORY;
		return ATTEMPT_AGAIN;
	}
	rollup = rollup && read_rollup(r, place, &after);
	if (pread(fd, &byte, 1, 0) != 1) {
		error_set(why, ERROR_TRUNCATED, "its memory went away while it was read");
		return ATTEMPT_AGAIN;
	}
	*outcome = OUTCOME_READ;
	if (rollup && !r->sink->rollup(r->sink->ctx, &before, &after) && !last)
		return ATTEMPT_AGAIN;
	return ATTEMPT_DONE;
}

/* What a failed open of smaps means; -1 if it is no fault of the process. */
static int outcome_of_open(const struct place *place, int error, enum outcome *outcome)
{
	char path[64];

	snprintf(path, sizeof(path), "%sstat", place->prefix);
	if (error == EACCES || error == EPERM) {
		*outcome = OUTCOME_DENIED;
	} else if (error == ENOENT || error == ESRCH) {
		/* A captured tree shows with its other files that smaps was not to be had. */
		*outcome = faccessat(place->fd, path, F_OK, 0) == 0 ? OUTCOME_DENIED
								    : OUTCOME_VANISHED;
	} else {
		errno = error;
		return -1;
	}
	return 0;
}

/* ATTEMPT_..., or -1 with *e when anonmem itself is out of something. */
static int attempt(struct reader *r, const struct place *place, pid_t pid, bool last,
		   enum outcome *outcome, struct error *why, struct error *e)
{
	struct identity_buffers buffers;
	struct process process = {.known = PROCESS_PID, .pid = pid};
	int fd = open_in(place, "smaps");
	int result = ATTEMPT_DONE;

	if (fd < 0 && outcome_of_open(place, errno, outcome) < 0)
		return error_errno(e, "cannot open smaps of process %d", pid);
	identify(r, place, &buffers, &process);
	if (!r->sink->begin(r->sink->ctx, &process))
		result = ATTEMPT_UNWANTED;
	else if (fd >= 0)
		result = (int)read_memory(r, place, fd, last, outcome, why);
	if (fd >= 0)
		close(fd);
	if (why->code == ERROR_MEMORY) {
		*e = *why;
		return -1;
	}
	return result;
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
				  geteuid() == 0
					  ? "a sandbox or a security module protects it even "
					    "from root"
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

static int read_at(struct reader *r, const struct place *place, pid_t pid, struct error *e)
{
	enum outcome outcome = OUTCOME_READ, before = OUTCOME_COUNT;
	struct error why = {.code = ERROR_NONE};

	for (int i = 1; i <= ATTEMPTS; i++) {
		int result = attempt(r, place, pid, i == ATTEMPTS, &outcome, &why, e);

		if (result < 0)
			return -1;
		if (result == ATTEMPT_UNWANTED)
			return 0;
		/* Empty twice running is really empty. */
		if (result == ATTEMPT_DONE || i == ATTEMPTS ||
		    (outcome == OUTCOME_NO_MEMORY && before == OUTCOME_NO_MEMORY))
			break;
		before = outcome;
		r->sink->cancel(r->sink->ctx);
		why.code = ERROR_NONE;
	}
	r->sink->end(r->sink->ctx, outcome, explain(r, pid, outcome, &why) ? &why : NULL);
	return 0;
}

int procfs_read(struct reader *r, pid_t pid, struct error *e)
{
	char path[32];
	struct place place = {.fd = r->source->root_fd, .prefix = path};
	int status;

	snprintf(path, sizeof(path), "%d/", pid);
	if (r->needs == 0)
		return read_at(r, &place, pid, e);
	/* With a handle on the folder, all files are those of one process even if its pid is
	 * reused; without one, read_at() finds that the process is gone. */
	place.fd = openat(r->source->root_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place.fd < 0 && errno != ENOENT && errno != ESRCH)
		return error_errno(e, "cannot open the folder of process %d", pid);
	if (place.fd < 0) {
		place.fd = r->source->root_fd;
		return read_at(r, &place, pid, e);
	}
	place.prefix = "";
	status = read_at(r, &place, pid, e);
	close(place.fd);
	return status;
}
