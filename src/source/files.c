/*
 * smaps files: one process after another, told apart by addresses that go backwards.
 */
#include "source/files.h"

#include "base/textstream.h"
#include "source/kept_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the reading of one file stands. */
struct progress {
	const struct source *source;
	struct io *io;
	struct stage next;
	const char *path;
	size_t file;		 /* number of it */
	unsigned long processes; /* begun so far */
	uint64_t end;		 /* of the mapping before */
	bool wanted;		 /* what begin answered */
	bool names_lost;	 /* it kept names itself, which no smaps file has */
};

static size_t times_given(const struct source *s, const char *path, size_t before)
{
	size_t times = 0;

	for (size_t i = 0; i < before; i++)
		times += strcmp(s->paths[i], path) == 0;
	return times;
}

/* "path", the second process in it "path#2"; where a path is given again, "path (2)"; and a quote
 * behind it as long as there is a file called so. The caller frees it; NULL without memory. */
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

static int begin(struct progress *p, struct error *e)
{
	struct process process = {.known = PROCESS_NAME};
	char *name;

	p->processes++;
	name = make_name(p);
	if (!name)
		return error_memory(e);
	process.name = slice_of(name);
	p->wanted = p->io->sink->begin(p->io->sink->ctx, &process);
	p->end = 0;
	p->names_lost = false;
	free(name);
	return 0;
}

static void end(const struct progress *p, enum outcome outcome, const struct error *why)
{
	const struct ending ending = {
		.outcome = outcome,
		.how = p->names_lost ? HOW_BIT(HOW_NAMES_LOST) : 0,
		.why = why,
	};

	if (p->wanted)
		p->io->sink->end(p->io->sink->ctx, &ending);
}

static int take(void *ctx, const struct mapping *m, struct error *e)
{
	struct progress *p = ctx;

	if (m->start < p->end) {
		end(p, OUTCOME_READ, NULL);
		if (begin(p, e) < 0)
			return -1;
	}
	p->end = m->end;
	p->names_lost |= kept_names_lie_in(m);
	return p->wanted ? stage_take(p->next, m, e) : 0;
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

static bool is_standard_input(const char *path)
{
	return strcmp(path, "-") == 0;
}

static int open_file(const char *path, struct error *e)
{
	struct stat st;
	int fd = is_standard_input(path)
			 ? STDIN_FILENO
			 : (int)TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_CLOEXEC));

	if (fd < 0)
		return error_errno(e, "cannot open");
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		error_set(e, ERROR_MALFORMED, "is a directory; read a captured tree with --root");
	return fd;
}

int files_read(const struct source *s, struct io *io, size_t file, struct error *e)
{
	const char *path = s->paths[file];
	struct progress p = {
		.source = s, .io = io, .next = io_deliver(io), .path = path, .file = file};
	struct error why = {.code = ERROR_NONE};
	enum outcome outcome = OUTCOME_READ;
	int fd;

	if (begin(&p, e) < 0)
		return -1;
	fd = open_file(path, &why);
	if (why.code == ERROR_NONE &&
	    io_drain(io, fd, SMAPS_MAPPINGS, (struct stage){take, &p}, &why) == 0 &&
	    smaps_mappings(io->parser) == 0)
		error_set(&why, ERROR_MALFORMED,
			  "is empty: the process had no memory, or could not be read");
	if (fd >= 0 && !is_standard_input(path))
		close(fd);
	if (why.code != ERROR_NONE && !io->sink_failed) {
		outcome = outcome_of(&why);
		error_prefix(&why, "%s", is_standard_input(path) ? "standard input" : path);
	}
	if (why.code != ERROR_NONE && io_is_broken(io, &why)) {
		*e = why;
		return -1;
	}
	end(&p, outcome, outcome == OUTCOME_READ ? NULL : &why);
	return 0;
}
