/*
 * smaps files: one process after another, separated by lines between them (separator.h) or else by
 * their addresses (boundary.h).
 */
#include "source/files.h"

#include "base/textstream.h"
#include "parse/process.h"
#include "source/boundary.h"
#include "source/kept_names.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* State of reading one file. */
struct progress {
	const struct source *source;
	struct io *io;
	struct boundary boundary;
	struct stage next;
	const char *path;
	size_t file;		 /* its index */
	unsigned long processes; /* begun so far */
	unsigned char *seen;	 /* a bit for each pid that has appeared; NULL before the first */
	bool self_seen;

	/* The current process. The sink hears of it once something is known about it. */
	bool is_said, wanted;
	bool is_counted;      /* its mappings go to the sink */
	bool is_named;	      /* a line announced it, or said that it could not be read */
	bool is_skipped;      /* it appeared before */
	struct separator who; /* its name is in `name` */
	char name[PROCESS_NAME_MAX];
	uint64_t line;	      /* line number of that */
	enum outcome outcome; /* OUTCOME_READ, or why it could not be read */
	bool has_mappings;
	bool names_lost; /* it kept names itself, which smaps files lack */
};

static bool is_standard_input(const char *path)
{
	return strcmp(path, "-") == 0;
}

static const char *shown_path(const struct progress *p)
{
	return is_standard_input(p->path) ? "standard input" : p->path;
}

static size_t times_given(const struct source *s, const char *path, size_t before)
{
	size_t times = 0;

	for (size_t i = 0; i < before; i++)
		times += strcmp(s->paths[i], path) == 0;
	return times;
}

/* "path"; the second process in the file is "path#2"; if a path is given again, "path (2)". A quote
 * is appended while a file of that name exists. The caller frees it; NULL if out of memory. */
static char *make_name(const struct progress *p)
{
	const struct source *s = p->source;
	size_t times = times_given(s, p->path, p->file) + 1, size;
	char *name = NULL;
	FILE *out = textstream_open(&name, &size);

	if (!out)
		return NULL;
	fputs(p->path, out);
	if (times > 1)
		fprintf(out, " (%zu)", times);
	if (p->processes > 1)
		fprintf(out, "#%lu", p->processes);
	while (fflush(out) == 0 && size > strlen(p->path) &&
	       times_given(s, name, s->path_count) > 0)
		putc('\'', out);
	return textstream_close(out, &name) ? name : NULL;
}

/* Identifies the process. The name in its header is used only together with a pid, since rows are
 * told apart by both. */
static bool identify(struct progress *p, struct process *process, char **made)
{
	*process = (struct process){.known = PROCESS_NAME};
	if (p->who.pid) {
		process->known |= PROCESS_PID;
		process->pid = p->who.pid;
	}
	p->processes++;
	*made = make_name(p);
	process->name = p->who.pid && p->who.name.len && p->source->path_count == 1 ? p->who.name
			: *made ? slice_of(*made)
				: SLICE("");
	return *made != NULL;
}

/* Tells the sink that the current process begins. */
static int say_begin(struct progress *p, struct error *e)
{
	struct process process;
	char *made;

	if (p->is_said)
		return 0;
	if (!identify(p, &process, &made))
		return error_memory(e);
	p->wanted = p->io->sink->begin(p->io->sink->ctx, &process);
	p->is_said = true;
	free(made);
	return 0;
}

static void say_end(const struct progress *p, enum outcome outcome, const struct error *why)
{
	const struct ending ending = {
		.outcome = outcome,
		.how = p->names_lost ? HOW_BIT(HOW_NAMES_LOST) : 0,
		.why = why,
	};

	if (p->wanted)
		p->io->sink->end(p->io->sink->ctx, &ending);
}

/* Resets the state for the next process. */
static void forget(struct progress *p)
{
	p->is_said = p->wanted = p->is_counted = p->is_named = p->is_skipped = false;
	p->has_mappings = p->names_lost = false;
	p->who = (struct separator){0};
	p->outcome = OUTCOME_READ;
}

/* Ends the current process; `why` is the reason if the user must hear of it. */
static int end(struct progress *p, enum outcome outcome, const struct error *why, struct error *e)
{
	struct error twice;

	if (!why && p->is_skipped && p->who.pid) {
		error_set(&twice, ERROR_MALFORMED,
			  "%s: line %" PRIu64 ": process %d was captured twice; give each capture "
			  "a file of its own",
			  shown_path(p), p->line, p->who.pid);
		why = &twice;
		outcome = OUTCOME_MALFORMED;
	}
	if (!why && (p->is_skipped || (!p->is_said && !p->is_named))) {
		forget(p);
		return 0;
	}
	if (outcome == OUTCOME_READ && !p->has_mappings)
		outcome = OUTCOME_NO_MEMORY;
	if (say_begin(p, e) < 0)
		return -1;
	say_end(p, outcome, why);
	forget(p);
	return 0;
}

/* The boundary found that another process begins. */
static int begins(void *ctx, struct error *e)
{
	struct progress *p = ctx;

	return end(p, OUTCOME_READ, NULL, e);
}

/* Handles the first mapping of a process, or any mapping of a skipped process. */
static int begin(struct progress *p, struct error *e)
{
	if (p->outcome != OUTCOME_READ && end(p, p->outcome, NULL, e) < 0)
		return -1;
	p->has_mappings = true;
	if (p->is_skipped)
		return 0;
	if (say_begin(p, e) < 0)
		return -1;
	p->is_counted = p->wanted;
	return 0;
}

static int take(void *ctx, const struct mapping *m, struct error *e)
{
	struct progress *p = ctx;

	if (!p->is_counted && begin(p, e) < 0)
		return -1;
	if (!p->is_counted)
		return 0;
	p->names_lost |= kept_names_lie_in(m);
	return stage_take(p->next, m, e);
}

/* The first stage. */
static int take_parsed(void *ctx, const struct mapping *m, struct error *e)
{
	struct progress *p = ctx;

	return boundary_is_far(&p->boundary, m) ? take(p, m, e) : boundary_take(&p->boundary, m, e);
}

static enum outcome outcome_of(const struct error *why)
{
	if (why->code == ERROR_TRUNCATED)
		return OUTCOME_TRUNCATED;
	switch (why->number) {
	case EACCES:
	case EPERM:
		return OUTCOME_DENIED;
	case ENOENT:
	case ENOTDIR:
		return OUTCOME_VANISHED;
	default:
		return OUTCOME_MALFORMED;
	}
}

/* It may be open already, and then stays so. */
static int open_file(const struct progress *p, struct error *e)
{
	const char *path = p->path;
	struct stat st;
	int fd;

	if (p->source->fds)
		return p->source->fds[p->file];
	fd = is_standard_input(path) ? STDIN_FILENO
				     : (int)TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return error_errno(e, "cannot open %s", path);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		error_set(e, ERROR_MALFORMED, "is a directory; read a captured tree with --root");
	return fd;
}

/* Ends the current process at a separator, which may say that the process was cut. */
static int end_at(struct progress *p, const struct separator *s, struct error *e)
{
	struct error why;

	if (boundary_end(&p->boundary, e) < 0)
		return -1;
	if (!s->cut)
		return end(p, p->outcome, NULL, e);
	error_set(&why, ERROR_TRUNCATED,
		  "%s: line %" PRIu64 ": the process above is cut short; capture all lines of it",
		  shown_path(p), smaps_line(p->io->parser));
	return end(p, OUTCOME_TRUNCATED, &why, e);
}

static bool is_seen(const struct progress *p, const struct separator *s)
{
	/* If the capture has pids, /proc/self is among them under its number. */
	if (s->self != SELF_NO)
		return p->seen || (p->self_seen && s->self == SELF_THREAD);
	return s->pid && p->seen && p->seen[s->pid / 8] & 1 << s->pid % 8;
}

static int see(struct progress *p, const struct separator *s, struct error *e)
{
	p->self_seen |= s->self != SELF_NO;
	if (s->pid && !p->seen && !(p->seen = calloc(SEPARATOR_PID_MAX / 8 + 1, 1)))
		return error_memory(e);
	if (s->pid)
		p->seen[s->pid / 8] |= (unsigned char)(1 << s->pid % 8);
	return 0;
}

/* Whether a line says more about the process that has just begun, rather than starting another. */
static bool is_about(const struct progress *p, const struct separator *s)
{
	if (!p->is_named || p->has_mappings || p->outcome != OUTCOME_READ)
		return false;
	if (s->name.len)
		return p->who.name.len == 0;
	return s->pid && (!p->who.pid || s->pid == p->who.pid) && p->who.self == SELF_NO;
}

/* Takes over what the line says about the current process. */
static int name_process(struct progress *p, const struct separator *s, struct error *e)
{
	bool is_new = (s->pid && !p->who.pid) || (s->self != SELF_NO && p->who.self == SELF_NO);

	p->is_named = true;
	p->line = smaps_line(p->io->parser);
	if (s->name.len) {
		p->who.name = (struct slice){
			p->name, s->name.len < sizeof(p->name) ? s->name.len : sizeof(p->name)};
		memcpy(p->name, s->name.ptr, p->who.name.len);
	}
	if (!is_new)
		return 0;
	p->who.pid = s->pid;
	p->who.self = s->self;
	p->is_skipped = is_seen(p, s);
	return p->is_skipped ? 0 : see(p, s, e);
}

/* Whether a message is about the current process. A process that ended while it was read has
 * neither its stack nor the mappings near it. */
static bool is_failure_of(const struct progress *p, const struct separator *s)
{
	if (p->is_named && p->outcome == OUTCOME_READ)
		return s->pid ? s->pid == p->who.pid : s->self == p->who.self;
	return s->number == ESRCH && p->has_mappings && !boundary_has_marks(&p->boundary);
}

static int fail(struct progress *p, const struct separator *s, struct error *e)
{
	if (!is_failure_of(p, s)) {
		if (end_at(p, s, e) < 0)
			return -1;
		if (is_seen(p, s))
			return 0;
	} else if (boundary_end(&p->boundary, e) < 0) {
		return -1;
	}
	if (name_process(p, s, e) < 0)
		return -1;
	p->outcome = s->number == EACCES ? OUTCOME_DENIED : OUTCOME_VANISHED;
	p->is_counted = false;
	return 0;
}

static int separate(void *ctx, const struct separator *s, struct error *e)
{
	struct progress *p = ctx;

	if (s->kind == SEPARATOR_FAILURE)
		return fail(p, s, e);
	if (!is_about(p, s) && end_at(p, s, e) < 0)
		return -1;
	return name_process(p, s, e);
}

static int drain(struct progress *p, int fd, struct error *why)
{
	const struct stage stage = {take_parsed, p};

	if (io_drain_capture(p->io, fd, stage, (struct separators){separate, p}, why) < 0 ||
	    boundary_end(&p->boundary, why) < 0)
		return -1;
	if (smaps_mappings(p->io->parser) > 0)
		return 0;
	return error_set(why, ERROR_MALFORMED,
			 p->outcome == OUTCOME_READ
				 ? "is empty: the process had no memory, or could not be read"
				 : "holds no memory map: no process could be read");
}

/* Ends the last process of the file; `why` tells what went wrong with the file, whose name it has
 * already if the file could not be opened. */
static int end_file(struct progress *p, int fd, struct error *why, struct error *e)
{
	enum outcome outcome = p->outcome;

	if (why->code == ERROR_NONE)
		return end(p, outcome, NULL, e);
	if (io_is_broken(p->io, why)) {
		*e = *why;
		return -1;
	}
	if (outcome == OUTCOME_READ || p->has_mappings)
		outcome = outcome_of(why);
	if (fd >= 0)
		error_prefix(why, "%s", shown_path(p));
	return end(p, outcome, why, e);
}

int files_read(const struct source *s, struct io *io, size_t file, struct error *e)
{
	const char *path = s->paths[file];
	struct progress p = {
		.source = s, .io = io, .next = io_deliver(io), .path = path, .file = file};
	struct error why = {.code = ERROR_NONE};
	int fd = open_file(&p, &why), status;

	boundary_init(&p.boundary, (struct stage){take, &p}, begins, &p);
	forget(&p);
	if (why.code == ERROR_NONE)
		drain(&p, fd, &why);
	if (fd >= 0 && !s->fds && !is_standard_input(path))
		close(fd);
	status = end_file(&p, fd, &why, e);
	boundary_free(&p.boundary);
	free(p.seen);
	return status;
}
