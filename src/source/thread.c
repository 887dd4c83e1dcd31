#include "source/thread.h"

#include <errno.h>
#include <stdio.h>

struct search {
	struct thread *thread;
	struct io *io;
	const struct procdir *process;
	bool found;
};

/* Threads that have ended too show an address space of size 0. */
static bool has_memory(struct thread *t, struct io *io, const struct procdir *process,
		       const char *name)
{
	int len = snprintf(t->prefix, sizeof(t->prefix), "%stask/%s/", process->prefix, name);
	struct slice text;

	if (len < 0 || (size_t)len >= sizeof(t->prefix))
		return false;
	t->dir = *process;
	t->dir.prefix = t->prefix;
	text = io_slurp(io, &t->dir, "statm");
	return text.len > 0 && !slice_begins(text, SLICE("0 "));
}

static bool look_at(void *ctx, const char *name)
{
	struct search *search = ctx;

	search->found = has_memory(search->thread, search->io, search->process, name);
	return !search->found;
}

bool thread_find(struct thread *t, struct io *io, const struct procdir *process)
{
	struct search search = {t, io, process, false};

	if (procdir_list(process, "task", look_at, &search) < 0)
		io_note(io, errno);
	return search.found;
}
