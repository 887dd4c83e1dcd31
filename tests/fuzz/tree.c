#include "tree.h"

#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

static char path[96];

static int remove_entry(const char *entry, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(entry);
}

static void remove_tree(void)
{
	nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void make(void)
{
	const char *place = getenv("TMPDIR");
	char process[128];

	snprintf(path, sizeof(path), "%s/anonmem-fuzz-XXXXXX", place ? place : "/tmp");
	CHECK(mkdtemp(path));
	atexit(remove_tree);
	snprintf(process, sizeof(process), "%s/%d", path, TREE_PID);
	CHECK(mkdir(process, 0700) == 0);
}

const char *tree_path(void)
{
	if (!path[0])
		make();
	return path;
}

int tree_open(const char *name)
{
	char file[160];
	int fd;

	snprintf(file, sizeof(file), "%s/%d/%s", tree_path(), TREE_PID, name);
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	return fd;
}
