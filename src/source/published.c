/*
 * The copy of its names that a process shows to those who may not read its memory: an open memfd
 * (label/publish.h). A child inherits the file but not the mapping of it, by which it is known
 * whose names these are.
 *
 * The process can have open what it likes. So a file is looked at before it is opened, which could
 * block or do something else: only one in the kernel's own file system for shared memory is read.
 */
#include "label/layout.h"
#include "source/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The shared mapping in the text of maps. */
static bool find_mapping(const struct place *place, dev_t shmem, ino_t *inode)
{
	int fd = place_open(place, "maps");
	FILE *maps = fd < 0 ? NULL : fdopen(fd, "r");
	bool found = false;
	char *line = NULL;
	size_t size = 0;

	if (!maps) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!found && getline(&line, &size, maps) > 0) {
		unsigned major, minor;
		unsigned long number;
		int name = 0;

		found = sscanf(line, "%*x-%*x %*3cs %*x %x:%x %lu %n", &major, &minor, &number,
			       &name) == 3 &&
			name > 0 && strcmp(line + name, LAYOUT_SHOWN "\n") == 0 &&
			makedev(major, minor) == shmem;
		if (found)
			*inode = number;
	}
	free(line);
	fclose(maps);
	return found;
}

/* Opens a file of the process for reading if it is the one. */
static int open_if(int folder, const char *name, dev_t shmem, ino_t inode)
{
	int seen = openat(folder, name, O_PATH | O_CLOEXEC), fd = -1;
	char path[32];
	struct stat st;

	if (seen < 0)
		return -1;
	if (fstat(seen, &st) == 0 && S_ISREG(st.st_mode) && st.st_dev == shmem &&
	    st.st_ino == inode) {
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

int published_open(const struct place *place, dev_t shmem)
{
	enum { FILES_MAX = 100000 }; /* looked at */
	int folder, fd = -1;
	struct dirent *entry;
	ino_t inode;
	DIR *files;

	if (!find_mapping(place, shmem, &inode))
		return -1;
	folder = place_open(place, "fd");
	files = folder < 0 ? NULL : fdopendir(folder);
	if (!files) {
		if (folder >= 0)
			close(folder);
		return -1;
	}
	for (int i = 0; fd < 0 && i < FILES_MAX && (entry = readdir(files)); i++) {
		if (is_link_to(folder, entry->d_name, LAYOUT_SHOWN))
			fd = open_if(folder, entry->d_name, shmem, inode);
	}
	closedir(files);
	return fd;
}
