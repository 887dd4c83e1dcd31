/*
 * Reads one process of /proc or of a captured tree.
 *
 * How it is known that a reading is complete and from one process only: the descriptor of smaps is
 * bound to the address space that the process had when it was opened. A last pread() still returns
 * the first byte only if that address space is still in use; and it still belongs to this process
 * if code and stack start where they did before the open. (The address space alone proves nothing:
 * a child of vfork() has its parent's, which remains when the child calls exec or exits.) So there
 * was no exec and no exit in between, and hence the pid was not reused. (Comparing start times
 * would be weaker, since exec does not change them.) A process that changed is read again.
 */
#include "source/procfs.h"

#include "parse/number.h"
#include "parse/process.h"
#include "source/identify.h"
#include "source/machine.h"
#include "source/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ATTEMPTS = 3 };

enum result {
	RESULT_DONE,	 /* the outcome says how */
	RESULT_UNWANTED, /* the sink declined it */
	RESULT_AGAIN,	 /* it changed during the reading, or seems to have */
};

/* State of one attempt to read a process. */
struct attempt {
	const struct procdir *process;
	const struct procdir *dir; /* of its memory: the directory of the process or of a thread */
	pid_t pid;
	bool scan;		   /* read maps and PAGEMAP_SCAN, not smaps */
	bool barred;		   /* its pagemap may not be opened; only its owner and root may */
	bool marked;		   /* userfaultfd markers look like swap to a scan */
	bool last;		   /* there will be no further attempt */
	const struct target *look; /* an earlier look at it, or NULL */
	struct process_stat stat;  /* before smaps was opened; the name is in the buffers */
	bool stat_known;
	bool changed; /* between two looks */
	struct held_objects held;
	enum outcome outcome;
	bool no_smaps;	     /* why it is denied */
	bool resident_known; /* of a denied process */
	uint64_t resident;
	struct error why;
};

static bool read_stat(struct procfs *p, const struct procdir *dir, char name[PROCESS_NAME_MAX],
		      struct process_stat *stat)
{
	return parse_stat(io_slurp(p->io, dir, "stat"), name, stat);
}

/* Whether the address space is still that of this process, as far as can be known. A new name is a
 * reason to read again, but not at the last attempt, since a process may rename itself all the
 * time: that one uses the name that look_again() found. */
static bool is_its_own(struct procfs *p, const struct attempt *a)
{
	char name[PROCESS_NAME_MAX];
	struct process_stat now;

	if (a->changed)
		return false;
	if (!read_stat(p, a->dir, name, &now))
		return !a->stat_known;
	return a->stat_known && now.start_time == a->stat.start_time && now.code == a->stat.code &&
	       now.stack == a->stat.stack && (a->last || slice_equals(now.name, a->stat.name));
}

/* Whether content is looked at: not for speed, but where a scan only spares the process. */
static bool has_content(const struct procfs *p, const struct attempt *a)
{
	return !a->scan || (p->io->reading.max_stall_ns > 0 && !p->io->reading.scan);
}

/* Builds the chain of stages from the parser to the sink. */
static struct stage wire(struct procfs *p, const struct attempt *a)
{
	bool shares = p->io->reading.shares && !p->io->reading.max_stall_ns && !a->last;
	struct stage next = backing_begin(&p->backing, a->dir, io_deliver(p->io));

	if (p->frames)
		next = frames_begin(p->frames, a->dir, next);
	process_memory_begin(&p->memory, p->io, a->dir);
	if (p->heaps)
		next = published_heaps_begin(p->published, &p->memory,
					     heaps_begin(p->heaps, &p->memory, next));
	if (p->content && has_content(p, a))
		next = content_begin(p->content, &p->memory, &a->stat, next);
	if (a->scan)
		next = scan_begin(p->scan, a->dir, shares, next);
	next = kept_names_begin(p->names, a->dir, &p->memory, a->last, next);
	if (p->objects)
		next = objects_begin(p->objects, a->dir, next);
	return p->source->is_live ? limits_begin(&p->limits, p->io, a->dir, next) : next;
}

/* Creates the stages that find out how much malloc has handed out; false if out of memory. */
static bool make_heap_stages(struct procfs *p)
{
	if (!p->io->reading.heaps || !p->source->is_live)
		return true;
	p->heaps = p->heaps ? p->heaps : heaps_new();
	p->published = p->published ? p->published : published_heaps_new();
	return p->heaps && p->published;
}

/* Creates the stages that find out who else uses the memory; false with errno. */
static bool make_owner_stages(struct procfs *p)
{
	const struct procdir root = source_root(p->source);

	if (!p->io->reading.owners)
		return true;
	p->frames = p->frames ? p->frames : frames_new(p->io);
	p->objects = p->objects ? p->objects : objects_new(p->io, &root);
	return p->frames && p->objects;
}

/* Handles lines in a captured smaps other than mappings: a header before them, or cat's message. */
static int separate(void *ctx, const struct separator *s, struct error *e)
{
	const struct procfs *p = ctx;

	if (s->kind == SEPARATOR_FAILURE) {
		errno = s->number;
		return error_errno(e, "could not be captured");
	}
	if (smaps_mappings(p->io->parser) > 0 || s->cut)
		return error_set(e, ERROR_MALFORMED,
				 "line %" PRIu64
				 ": another process begins; give the file to --smaps",
				 smaps_line(p->io->parser));
	return 0;
}

/* Reads the smaps or maps open at `fd`: 0, or -1 with a->why. */
static int read_text(struct procfs *p, struct attempt *a, int fd)
{
	bool maps = a->scan || p->io->reading.outlines, late, disagrees;
	int status;

	if (!p->names && !(p->names = kept_names_new(p->io))) {
		p->io->sink_failed = true; /* not the process's fault */
		return error_errno(&a->why, "cannot look for names that processes keep themselves");
	}
	if (p->io->reading.signs && !p->content && !(p->content = content_new(p->io))) {
		p->io->sink_failed = true;
		return error_memory(&a->why);
	}
	if (!make_heap_stages(p)) {
		p->io->sink_failed = true;
		return error_memory(&a->why);
	}
	if (!make_owner_stages(p)) {
		p->io->sink_failed = true;
		return error_errno(&a->why, "cannot look for who else has memory");
	}
	if (source_is_captured(p->source) && !maps)
		status = io_drain_capture(p->io, fd, wire(p, a), (struct separators){separate, p},
					  &a->why);
	else
		status = io_drain(p->io, fd, maps ? SMAPS_HEADERS : SMAPS_MAPPINGS, wire(p, a),
				  &a->why);
	if (a->scan)
		status = scan_end(p->scan, status, &a->why);
	if (p->frames)
		frames_end(p->frames);
	late = kept_names_end(p->names);
	disagrees = status == 0 && p->content && !content_agrees(p->content);
	process_memory_end(&p->memory);
	if (status == 0 && late && !a->last)
		return error_set(&a->why, ERROR_TRUNCATED, "its names were found too late");
	if (disagrees && !a->last)
		return error_set(&a->why, ERROR_TRUNCATED, "its malloc has less than was found");
	return status;
}

/* No such process, or in a tree a file in place of its directory. */
static bool is_gone(int error)
{
	return error == ENOENT || error == ESRCH || error == ENOTDIR || error == ELOOP;
}

static enum result after_failure(struct procfs *p, struct attempt *a)
{
	int number = a->why.number;

	/* An old kernel; or a tree, where the process exists but was captured without its
	 * pagemap. */
	if (a->scan && (number == ENOTTY || (number == ENOENT && procdir_has(a->dir, "stat")))) {
		p->cannot_scan = true;
		return RESULT_AGAIN;
	}
	if (a->scan && (number == EACCES || number == EPERM)) {
		a->barred = true;
		return RESULT_AGAIN;
	}
	if (source_is_captured(p->source) && number == EACCES) {
		a->outcome = OUTCOME_DENIED;
		return RESULT_DONE;
	}
	if (source_is_captured(p->source) && number == ESRCH) {
		a->outcome = OUTCOME_VANISHED;
		return RESULT_DONE;
	}
	if (a->scan && scan_cannot_tell(p->scan)) {
		a->marked = true;
		return RESULT_AGAIN;
	}
	/* The kernel reports lost memory the same way, but that may be the memory of the previous
	 * program. */
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

/* Without mappings, the process has no memory; or it called exec between open and read. */
static enum result after_nothing(struct procfs *p, struct attempt *a)
{
	char name[PROCESS_NAME_MAX];
	struct process_stat now;

	if (read_stat(p, a->process, name, &now) && (now.size > 0 || stat_has_ended(&now))) {
		went_away(a);
		return RESULT_AGAIN;
	}
	/* What was copied before says that it had some. */
	if (p->io->reading.copies && a->stat_known && a->stat.size > 0) {
		went_away(a);
		return RESULT_AGAIN;
	}
	a->outcome = OUTCOME_NO_MEMORY;
	return RESULT_DONE;
}

/* What a captured tree has of a process beside smaps. Its name and start time are those of its main
 * thread, even if that has ended. */
static void copy_files(struct procfs *p, const struct attempt *a)
{
	static const char *const names[] = {"status", "cgroup", "cmdline", "smaps_rollup"};

	copy_clear(&p->copy);
	copy_file(&p->copy, a->process, "stat");
	copy_file(&p->copy, a->process, "comm");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		copy_file(&p->copy, a->dir, names[i]);
	copy_link(&p->copy, a->dir, "exe");
	copy_link(&p->copy, a->dir, "ns/ipc");
}

/* What was copied is of one program, which is still there. */
static void finish_copy(struct procfs *p, const struct attempt *a)
{
	if (p->backing.looked_up)
		copy_file(&p->copy, a->dir, "mountinfo");
	if (p->content && !a->scan)
		content_copy(p->content, &p->copy);
	copy_finish(&p->copy);
}

/* Reads the mappings and, if needed, the rollups before and after. */
static enum result read_memory(struct procfs *p, struct attempt *a, int fd)
{
	struct counters before, after;
	bool copies = p->io->reading.copies, rollup;

	if (copies)
		copy_files(p, a);
	rollup = p->io->reading.needs & NEED_ROLLUP && io_rollup(p->io, a->dir, &before);
	char byte;
	int status;

	a->outcome = OUTCOME_TRUNCATED;
	p->io->copies_text = copies;
	status = read_text(p, a, fd);
	p->io->copies_text = false;
	if (status < 0)
		return after_failure(p, a);
	if (copies)
		finish_copy(p, a);
	if (smaps_mappings(p->io->parser) == 0)
		return after_nothing(p, a);
	rollup = rollup && io_rollup(p->io, a->dir, &after);
	if (TEMP_FAILURE_RETRY(pread(fd, &byte, 1, 0)) != 1 || !is_its_own(p, a)) {
		error_set(&a->why, ERROR_TRUNCATED, "its memory went away while it was read");
		return RESULT_AGAIN;
	}
	a->outcome = OUTCOME_READ;
	if (p->objects)
		objects_held(p->objects, a->dir, &a->held);
	if (rollup && !p->io->sink->rollup(p->io->sink->ctx, &before, &after) && !a->last)
		return RESULT_AGAIN;
	return RESULT_DONE;
}

/* Sets the outcome after smaps could not be opened; -1 if the process is not at fault. */
static int outcome_of_open(struct attempt *a, int error)
{
	if (error == EACCES || error == EPERM) {
		a->outcome = OUTCOME_DENIED;
	} else if (is_gone(error) && a->dir != a->process) {
		went_away(a); /* the thread is gone; perhaps it called exec and became the main
				 thread */
	} else if (procdir_refusal(error)) {
		a->outcome = OUTCOME_MALFORMED;
	} else if (is_gone(error)) {
		/* If a captured tree has other files of the process, smaps could not be read; and a
		 * kernel without smaps still has maps. */
		a->outcome = procdir_has(a->dir, "stat") ? OUTCOME_DENIED : OUTCOME_VANISHED;
		a->no_smaps = a->outcome == OUTCOME_DENIED && procdir_has(a->dir, "maps");
	} else {
		errno = error;
		return -1;
	}
	return 0;
}

/* 0 if unknown. */
static uint64_t resident_pages(const struct procdir *dir)
{
	uint64_t size, resident;

	return procdir_statm(dir, &size, &resident) ? resident / (uint64_t)sysconf(_SC_PAGESIZE)
						    : 0;
}

/*
 * Whether to scan: either because smaps, which walks a whole mapping with the lock held, could hold
 * it longer than the user allows; or because the user wants speed. With many pages, a scan is not
 * faster if shares are wanted: walking smaps_rollup to prove them costs as much as smaps.
 */
static bool should_scan(struct procfs *p, const struct procdir *dir)
{
	enum { SMAPS_PAGE_NS = 60, ROLLUP_PAGES_MAX = 100000 };
	const struct procdir root = source_root(p->source);
	uint64_t pages = 0;
	bool slow, fast;

	if (p->cannot_scan || (!p->io->reading.scan && p->io->reading.max_stall_ns == 0))
		return false;
	if (p->io->reading.shares || p->io->reading.max_stall_ns > 0)
		pages = resident_pages(dir);
	slow = p->io->reading.max_stall_ns > 0 &&
	       pages * SMAPS_PAGE_NS > p->io->reading.max_stall_ns;
	fast = p->io->reading.scan && !(p->io->reading.shares && pages > ROLLUP_PAGES_MAX);
	if (!slow && !fast)
		return false;
	if (!p->scan)
		p->scan = scan_new(p->io, &root);
	return p->scan && scan_suits(p->scan, dir);
}

/* During an exec, the memory is already the new program's while the name is still the old one. The
 * kernel sets the start of the code after the name, but also prints it after the name: so only a
 * second stat surely has the name that belongs to the code in the first one. And a thread found
 * earlier still is a thread only if the main thread is not alive again, as it is after the thread
 * called exec. */
static void look_again(struct procfs *p, struct attempt *a, char name[PROCESS_NAME_MAX])
{
	struct process_stat again;

	if (!read_stat(p, a->process, name, &again) ||
	    (a->dir != a->process && !stat_has_ended(&again)))
		a->changed = true;
	else
		a->stat.name = again.name;
}

/* An earlier look is as good as a new one if nothing has changed since; the check after reading
 * will tell. */
static void take_look(struct attempt *a, char name[PROCESS_NAME_MAX])
{
	a->stat_known = true;
	a->stat = a->look->stat;
	memcpy(name, a->look->name, PROCESS_NAME_MAX);
	a->stat.name.ptr = name;
}

/* Identifies the process and finds its memory: in a thread's directory if the main thread has ended
 * and others continue. */
static void look_at(struct procfs *p, struct attempt *a, struct thread *thread,
		    struct identity_buffers *buffers, struct process *process)
{
	struct process_stat of_thread = {0};

	a->dir = a->process;
	a->changed = false;
	if (a->look)
		take_look(a, buffers->name);
	else
		a->stat_known = read_stat(p, a->process, buffers->name, &a->stat);
	if (!a->stat_known)
		return;
	if (stat_has_ended(&a->stat) && thread_find(thread, p->io, a->process) &&
	    read_stat(p, &thread->dir, buffers->thread, &of_thread))
		a->dir = &thread->dir;
	if (a->last || a->dir != a->process)
		look_again(p, a, buffers->name);
	if (p->io->reading.needs & NEED_STAT)
		identify_by_stat(process, &a->stat);
	process->signs = signs_of(&a->stat);
	if (a->dir != a->process)
		a->stat = of_thread;
}

/* If the memory is denied, the name and the resident size may still be read. */
static void look_from_outside(struct procfs *p, struct attempt *a, struct process *process)
{
	uint64_t kib;

	if (a->stat_known)
		identify_by_stat(process, &a->stat);
	a->resident_known =
		parse_status_number(io_slurp(p->io, a->dir, "status"), SLICE("VmRSS:"), &kib) &&
		!__builtin_mul_overflow(kib, UINT64_C(1024), &a->resident);
}

/* Whether the process has ended; fd is that of its smaps, or -1. A capture may lack some files. */
static bool has_ended(const struct procfs *p, const struct attempt *a, int fd)
{
	if (fd < 0)
		return a->outcome == OUTCOME_VANISHED;
	return p->source->is_live && !procdir_has(a->process, "stat");
}

/* Returns an enum result, or -1 with *e if anonmem itself is out of something. */
static int try(struct procfs *p, struct attempt *a, struct error *e)
{
	struct identity_buffers buffers;
	struct process process = {.known = PROCESS_PID, .pid = a->pid};
	enum result result = RESULT_DONE;
	struct thread thread;
	int fd;

	p->io->shortage = p->io->refused = 0;
	look_at(p, a, &thread, &buffers, &process);
	a->scan = !a->barred && !a->marked && should_scan(p, a->dir);
	fd = procdir_open(a->dir, a->scan || p->io->reading.outlines ? "maps" : "smaps");
	if (fd < 0)
		io_note_refusal(p->io, "smaps", errno);
	if (fd < 0 && outcome_of_open(a, errno) < 0)
		return error_errno(e, "cannot open smaps of process %d", a->pid);
	if (fd < 0 && a->outcome == OUTCOME_DENIED)
		look_from_outside(p, a, &process);
	if (fd < 0 && p->io->reading.copies)
		copy_files(p, a);
	identify_by_files(p->io, a->dir, &buffers, &process);
	process.has_ended = !identify_is_done(p->io, &process) && has_ended(p, a, fd);
	if (p->io->shortage || !p->io->sink->begin(p->io->sink->ctx, &process))
		result = RESULT_UNWANTED;
	else if (fd >= 0)
		result = read_memory(p, a, fd);
	else if (a->outcome == OUTCOME_TRUNCATED)
		result = RESULT_AGAIN;
	if (fd >= 0)
		close(fd);
	if (p->io->shortage) {
		errno = p->io->shortage;
		return error_errno(e, "cannot read process %d", a->pid);
	}
	if (a->why.code != ERROR_NONE && io_is_broken(p->io, &a->why)) {
		*e = a->why;
		return -1;
	}
	return (int)result;
}

/* Writes the message for a user who asked for this process or gave this tree; false if there is
 * none. `why` holds the reading's error, if any. */
static bool explain(const struct procfs *p, pid_t pid, const struct attempt *a, struct error *why)
{
	const char *refusal = p->io->refused ? procdir_refusal(p->io->refused) : NULL;
	const struct source *s = p->source;
	bool named = source_names(s, pid), captured = s->kind == SOURCE_TREE && !s->is_live;

	switch (a->outcome) {
	case OUTCOME_DENIED:
		if (captured)
			error_set(why, ERROR_SYSTEM, "%s/%d: no smaps in this capture", s->root,
				  pid);
		else if (a->no_smaps)
			error_set(why, ERROR_SYSTEM, "process %d: this kernel has no smaps", pid);
		else
			error_set(why, ERROR_SYSTEM, "process %d: cannot read its memory map; %s",
				  pid, advice_on_rights(may_trace(), is_in_user_namespace()));
		return named;
	case OUTCOME_VANISHED:
		if (captured)
			error_set(why, ERROR_SYSTEM, "%s/%d: no such process in this capture",
				  s->root, pid);
		else
			error_set(why, ERROR_SYSTEM, "process %d: no such process", pid);
		return named;
	case OUTCOME_TRUNCATED:
		error_prefix(why, "%s/%d/smaps", s->root, pid);
		return named || captured;
	case OUTCOME_MALFORMED:
		if (refusal) {
			error_set(why, ERROR_MALFORMED, "%s/%d/%s: %s", s->root, pid,
				  p->io->refused_name, refusal);
			return true;
		}
		error_prefix(why, "%s/%d/smaps", s->root, pid);
		return true;
	case OUTCOME_READ:
	case OUTCOME_NO_MEMORY:
	case OUTCOME_COUNT:
		break;
	}
	return false;
}

/* How the process was finally read. */
static unsigned how_of(const struct procfs *p, const struct attempt *a)
{
	enum kept_names_state names = p->names ? kept_names_state(p->names) : NAMES_NONE;
	bool scan_wanted = p->io->reading.scan || p->io->reading.max_stall_ns > 0;

	if (a->outcome != OUTCOME_READ)
		return a->outcome == OUTCOME_DENIED && a->no_smaps ? HOW_BIT(HOW_NO_SMAPS) : 0;
	return (a->scan ? HOW_BIT(HOW_SCANNED) : 0) |
	       (scan_wanted && p->cannot_scan ? HOW_BIT(HOW_CANNOT_SCAN) : 0) |
	       (a->barred ? HOW_BIT(HOW_MAY_NOT_SCAN) : 0) | (a->marked ? HOW_BIT(HOW_MARKED) : 0) |
	       (names == NAMES_KNOWN ? HOW_BIT(HOW_NAMES_KEPT) : 0) |
	       (names == NAMES_LOST ? HOW_BIT(HOW_NAMES_LOST) : 0);
}

/* Whether there is nothing more to be known of it, so that a copy has all. */
static bool is_whole(enum outcome outcome)
{
	return outcome == OUTCOME_READ || outcome == OUTCOME_NO_MEMORY || outcome == OUTCOME_DENIED;
}

static int read_at(struct procfs *p, const struct procdir *dir, const struct target *target,
		   struct error *e)
{
	struct attempt a = {.process = dir, .pid = target->pid};
	struct ending ending;

	if (p->names)
		kept_names_forget(p->names);
	/* An attempt based on an earlier look does not count; nor does a scan that failed because
	 * of markers, which is not the process's fault. */
	for (int i = target->stat_known ? 0 : 1; i <= ATTEMPTS + a.marked; i++) {
		int result;

		a.look = i == 0 ? target : NULL;
		a.last = i == ATTEMPTS + a.marked;
		result = try(p, &a, e);
		if (result < 0)
			return -1;
		if (result == RESULT_UNWANTED)
			return 0;
		if (result == RESULT_DONE || i == ATTEMPTS + a.marked)
			break;
		p->io->sink->cancel(p->io->sink->ctx);
		a.why = (struct error){.code = ERROR_NONE};
	}
	if (p->io->refused)
		a.outcome = OUTCOME_MALFORMED;
	if (p->copy.no_memory)
		return error_memory(e);
	if (p->io->reading.copies && is_whole(a.outcome))
		p->io->sink->copied(p->io->sink->ctx, &p->copy);
	ending = (struct ending){
		.outcome = a.outcome,
		.how = how_of(p, &a),
		.held = a.held,
		.resident_known = a.outcome == OUTCOME_DENIED && a.resident_known,
		.resident = a.resident,
		.why = explain(p, target->pid, &a, &a.why) ? &a.why : NULL,
	};
	p->io->sink->end(p->io->sink->ctx, &ending);
	return 0;
}

void procfs_init(struct procfs *p, const struct source *s, struct io *io)
{
	*p = (struct procfs){.source = s, .io = io};
	backing_init(&p->backing, io, s->is_live);
}

void procfs_free(struct procfs *p)
{
	kept_names_free(p->names);
	content_free(p->content);
	scan_free(p->scan);
	backing_free(&p->backing);
	frames_free(p->frames);
	objects_free(p->objects);
	copy_clear(&p->copy);
	heaps_free(p->heaps);
	published_heaps_free(p->published);
}

int procfs_read(struct procfs *p, const struct target *target, struct error *e)
{
	char path[32] = "";
	struct procdir dir = source_dir(p->source, path);
	int status;

	snprintf(path, sizeof(path), "%d/", target->pid);
	if (p->io->reading.needs == 0 || dir.is_captured)
		return read_at(p, &dir, target, e);
	/* A handle on the directory keeps all files those of one process even if its pid is reused;
	 * without one, read_at() finds that the process is gone. */
	dir.fd = (int)TEMP_FAILURE_RETRY(
		openat(p->source->root_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (dir.fd < 0 && !is_gone(errno))
		return error_errno(e, "cannot open the folder of process %d", target->pid);
	if (dir.fd < 0) {
		dir.fd = p->source->root_fd;
		return read_at(p, &dir, target, e);
	}
	dir.prefix = "";
	status = read_at(p, &dir, target, e);
	close(dir.fd);
	return status;
}
