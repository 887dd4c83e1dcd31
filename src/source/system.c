#include "source/system.h"

#include "source/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

static int open_folder(int at, const char *path)
{
	return openat(at, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int system_open_root(const struct source *s)
{
	int fd = open_folder(s->root_fd, "1/root");

	if (fd >= 0)
		return fd;
	return s->kind == SOURCE_PROC ? open_folder(AT_FDCWD, "/") : open_folder(s->root_fd, "..");
}

/* The folder that an absolute path is of, and the way from there. False with errno. */
static bool find_place(const struct source *s, const char *path, struct procdir *dir,
		       char name[PATH_MAX])
{
	const char *below = "";

	if (s->kind == SOURCE_PROC) {
		*dir = (struct procdir){.fd = AT_FDCWD, .prefix = ""};
	} else if (source_is_captured(s)) {
		*dir = source_root(s);
		below = SYSTEM_FOLDER;
	} else {
		*dir = (struct procdir){.fd = s->system_fd, .prefix = ""};
		path++; /* an absolute one would be ours */
	}
	errno = ENAMETOOLONG;
	return snprintf(name, PATH_MAX, "%s%s", below, path) < PATH_MAX;
}

int system_open(const struct source *s, const char *path)
{
	struct procdir dir;
	char name[PATH_MAX];

	return find_place(s, path, &dir, name) ? procdir_open(&dir, name) : -1;
}

int system_list(const struct source *s, const char *path, procdir_entry_fn *found, void *ctx)
{
	struct procdir dir;
	char name[PATH_MAX];

	return find_place(s, path, &dir, name) ? procdir_list(&dir, name, found, ctx) : -1;
}
