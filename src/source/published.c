/*
 * The copy of its names that a process shows to those who may not read its memory: an open memfd
 * (label/publish.h). A child inherits the file but not the mapping of it, by which it is known
 * whose names these are.
 *
 * The process can have open what it likes. So a file is looked at before it is opened, which could
 * block or do something else: only one in the kernel's own file system for shared memory is read.
 */
#include "source/published.h"

#include "label/layout.h"
#include "parse/smaps.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The shared mapping of it. */
struct search {
	dev_t shmem;
	bool found;
	ino_t inode;
};

static int on_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	struct search *s = ctx;

	(void)e;
	if (m->perms[3] == 's' && slice_equals(m->name, SLICE(LAYOUT_SHOWN)) &&
	    makedev(m->dev_major, m->dev_minor) == s->shmem) {
		s->found = true;
		s->inode = m->inode;
	}
	return 0;
}

static int read_maps(struct smaps_parser *parser, int fd, struct stage stage, struct error *e)
{
	smaps_begin(parser, SMAPS_HEADERS, stage);
	for (;;) {
		size_t size;
		char *room = smaps_reserve(parser, &size);
		ssize_t n = room ? TEMP_FAILURE_RETRY(read(fd, room, size)) : -1;

		if (n <= 0)
			return n == 0 ? smaps_end(parser, e) : -1;
		if (smaps_feed(parser, (size_t)n, e) < 0)
			return -1;
	}
}

static bool find_mapping(const struct procdir *dir, struct search *s)
{
	struct smaps_parser *parser = smaps_new();
	int fd = procdir_open(dir, "maps");
	struct error ignored;
	bool read = fd >= 0 && parser &&
		    read_maps(parser, fd, (struct stage){on_mapping, s}, &ignored) == 0;

	if (fd >= 0)
		close(fd);
	smaps_free(parser);
	return read && s->found;
}

/* Opens a file of the process for reading if it is the one that was mapped. */
static int open_if(int folder, const char *name, const struct search *s)
{
	int seen = openat(folder, name, O_PATH | O_CLOEXEC), fd = -1;
	char path[32];
	struct stat st;

	if (seen < 0)
		return -1;
	if (fstat(seen, &st) == 0 && S_ISREG(st.st_mode) && st.st_dev == s->shmem &&
	    st.st_ino == s->inode) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", seen);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	close(seen);
	return fd;
}

static bool is_link_to(int folder, const char *name, const char *target)
{
	char path[sizeof(LAYOUT_SHOWN) + 1];
	ssize_t n = readlinkat(folder, name, path, sizeof(path));

	return n == (ssize_t)strlen(target) && memcmp(path, target, (size_t)n) == 0;
}

int published_open(const struct procdir *dir, dev_t shmem)
{
	enum { FILES_MAX = 100000 }; /* looked at */
	struct search search = {.shmem = shmem};
	int folder, fd = -1;
	struct dirent *entry;
	DIR *files;

	if (!find_mapping(dir, &search))
		return -1;
	folder = procdir_open(dir, "fd");
	files = folder < 0 ? NULL : fdopendir(folder);
	if (!files) {
		if (folder >= 0)
			close(folder);
		return -1;
	}
	for (int i = 0; fd < 0 && i < FILES_MAX && (entry = readdir(files)); i++) {
		if (is_link_to(folder, entry->d_name, LAYOUT_SHOWN))
			fd = open_if(folder, entry->d_name, &search);
	}
	closedir(files);
	return fd;
}
