#include "source/thread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static DIR *open_threads(struct io *io, const struct procdir *process)
{
	char path[64];
	DIR *threads;
	int fd;

	snprintf(path, sizeof(path), "%stask", process->prefix);
	fd = openat(process->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	threads = fd < 0 ? NULL : fdopendir(fd);
	if (!threads)
		io_note(io, errno);
	if (!threads && fd >= 0)
		close(fd);
	return threads;
}

/* Threads that have ended too show an address space of size 0. */
static bool has_memory(struct thread *t, struct io *io, const struct procdir *process,
		       const char *name)
{
	int len = snprintf(t->prefix, sizeof(t->prefix), "%stask/%s/", process->prefix, name);
	struct slice text;

	if (len < 0 || (size_t)len >= sizeof(t->prefix))
		return false;
	t->dir = (struct procdir){process->fd, t->prefix, process->is_captured};
	text = io_slurp(io, &t->dir, "statm");
	return text.len > 0 && !slice_begins(text, SLICE("0 "));
}

bool thread_find(struct thread *t, struct io *io, const struct procdir *process)
{
	DIR *threads = open_threads(io, process);
	const struct dirent *entry;
	bool found = false;

	if (!threads)
		return false;
	while (!found && (entry = readdir(threads)))
		found = entry->d_name[0] != '.' && has_memory(t, io, process, entry->d_name);
	closedir(threads);
	return found;
}
