#include "source/system.h"

#include "source/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

/* The folder that an absolute path is of, and the way from there. False with errno. */
static bool find_place(const struct source *s, const char *path, struct procdir *dir,
		       char name[PATH_MAX])
{
	if (s->kind == SOURCE_PROC)
		*dir = (struct procdir){.fd = AT_FDCWD, .prefix = ""};
	else if (source_is_captured(s))
		*dir = source_root(s);
	errno = s->kind != SOURCE_PROC && !source_is_captured(s) ? ENOENT : ENAMETOOLONG;
	return errno != ENOENT &&
	       snprintf(name, PATH_MAX, "%s%s", s->kind == SOURCE_PROC ? "" : SYSTEM_FOLDER, path) <
		       PATH_MAX;
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
