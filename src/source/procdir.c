#include "source/procdir.h"

#include "parse/number.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HOW_TO_OPEN = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	NO_FILE = MEMBERS_NO_FILE,
	OUT_OF_TREE = MEMBERS_OUT_OF_TREE,
};

const char *procdir_refusal(int error)
{
	switch (error) {
	case NO_FILE:
		return "is a device, a FIFO or a socket; replace it with a copy of the file";
	case OUT_OF_TREE:
		return "is a link that leads out of the tree; replace it with a copy of the file";
	default:
		return NULL;
	}
}

static int refuse(int error)
{
	errno = error;
	return -1;
}

/* Used if /proc is not mounted: allows no links at all, as far as can be checked beforehand. */
static int open_without_links(int root, const char *path)
{
	const char *slash = path;
	char part[PATH_MAX];
	struct stat st;

	do {
		slash = strchr(slash + 1, '/');
		snprintf(part, sizeof(part), "%.*s", slash ? (int)(slash - path) : INT_MAX, path);
		if (fstatat(root, part, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -1;
		if (S_ISLNK(st.st_mode))
			return refuse(OUT_OF_TREE);
	} while (slash);
	return (int)TEMP_FAILURE_RETRY(openat(root, path, HOW_TO_OPEN | O_NOFOLLOW));
}

/* The path of an open file; false if it cannot be determined. */
static bool path_of(int fd, char path[PATH_MAX])
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	path[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static bool is_below(const char *path, const char *root)
{
	size_t len = strlen(root);

	if (len == 1)
		return true; /* the root directory */
	return strncmp(path, root, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Opens `file`, which was opened with O_PATH, for reading. */
static int open_again(int root, int file, const char *path)
{
	char of_root[PATH_MAX], of_file[PATH_MAX], link[32];

	if (!path_of(root, of_root) || !path_of(file, of_file))
		return open_without_links(root, path);
	if (!is_below(of_file, of_root))
		return refuse(OUT_OF_TREE);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	return (int)TEMP_FAILURE_RETRY(open(link, HOW_TO_OPEN));
}

static int open_captured(int root, const char *path)
{
	int file = (int)TEMP_FAILURE_RETRY(openat(root, path, O_PATH | O_CLOEXEC)), fd, error;
	struct stat st;

	if (file < 0)
		return -1;
	if (fstat(file, &st) < 0)
		fd = -1;
	else if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		fd = refuse(NO_FILE);
	else
		fd = open_again(root, file, path);
	error = errno;
	close(file);
	errno = error;
	return fd;
}

/* False with errno if it is too long. */
static bool make_path(const struct procdir *dir, const char *name, char path[PATH_MAX])
{
	if (snprintf(path, PATH_MAX, "%s%s", dir->prefix, name) < PATH_MAX)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

int procdir_open(const struct procdir *dir, const char *name)
{
	char path[PATH_MAX];

	if (!make_path(dir, name, path))
		return -1;
	if (dir->members)
		return members_open(dir->members, path);
	if (dir->is_captured)
		return open_captured(dir->fd, path);
	return (int)TEMP_FAILURE_RETRY(openat(dir->fd, path, HOW_TO_OPEN));
}

bool procdir_has(const struct procdir *dir, const char *name)
{
	char path[PATH_MAX];

	if (!make_path(dir, name, path))
		return false;
	return dir->members ? members_have(dir->members, path)
			    : faccessat(dir->fd, path, F_OK, 0) == 0;
}

ssize_t procdir_readlink(const struct procdir *dir, const char *name, char *text, size_t size)
{
	char path[PATH_MAX];

	if (!make_path(dir, name, path))
		return -1;
	return dir->members ? members_readlink(dir->members, path, text, size)
			    : readlinkat(dir->fd, path, text, size);
}

/* 0, or -1 with errno. */
static int list_folder(int folder, const char *path, procdir_entry_fn *found, void *ctx)
{
	int fd = (int)TEMP_FAILURE_RETRY(openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int error;

	if (!dir) {
		error = errno;
		if (fd >= 0)
			close(fd);
		errno = error;
		return -1;
	}
	while ((errno = 0, entry = readdir(dir))) {
		if (entry->d_name[0] != '.' && !found(ctx, entry->d_name))
			break;
	}
	error = entry ? 0 : errno;
	closedir(dir);
	errno = error;
	return error ? -1 : 0;
}

int procdir_list(const struct procdir *dir, const char *name, procdir_entry_fn *found, void *ctx)
{
	char path[PATH_MAX];

	if (!make_path(dir, name, path))
		return -1;
	if (!dir->members)
		return list_folder(dir->fd, path[0] ? path : ".", found, ctx);
	if (members_list(dir->members, path, found, ctx))
		return 0;
	errno = ENOENT;
	return -1;
}

ssize_t procdir_read(const struct procdir *dir, const char *name, char *buffer, size_t size)
{
	int fd = procdir_open(dir, name), error;
	size_t used = 0;
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	while (used < size && (n = TEMP_FAILURE_RETRY(read(fd, buffer + used, size - used))) > 0)
		used += (size_t)n;
	error = errno;
	close(fd);
	errno = error;
	return n < 0 ? -1 : (ssize_t)used;
}

bool procdir_statm(const struct procdir *dir, uint64_t *size, uint64_t *resident)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), all, present;
	char buffer[128];
	ssize_t n = procdir_read(dir, "statm", buffer, sizeof(buffer));
	struct slice text = {buffer, n > 0 ? (size_t)n : 0};

	return take_decimal(&text, &all) && take_byte(&text, ' ') &&
	       take_decimal(&text, &present) && !__builtin_mul_overflow(all, page, size) &&
	       !__builtin_mul_overflow(present, page, resident);
}
