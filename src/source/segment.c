#include "source/segment.h"

#include "parse/number.h"
#include "source/cachestat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

uint64_t segment_space(const struct procdir *dir)
{
	char target[64];
	struct slice text = {target, 0};
	uint64_t number;
	ssize_t n = procdir_readlink(dir, "ns/ipc", target, sizeof(target));

	text.len = n > 0 ? (size_t)n : 0;
	if (!slice_begins(text, SLICE("ipc:[")))
		return SPACE_UNKNOWN;
	text = slice_inner(text, strlen("ipc:["), 0);
	return take_decimal(&text, &number) > 0 && number > SPACE_UNKNOWN ? number : SPACE_UNKNOWN;
}

bool segment_is_sysv(const struct mapping *m)
{
	static const struct slice begins = SLICE_INIT("/SYSV"), ends = SLICE_INIT(" (deleted)");

	return slice_begins(m->name, begins) && slice_ends(m->name, ends) &&
	       m->name.len == begins.len + SEGMENT_KEY_DIGITS + ends.len;
}

struct segment_id segment_of(const struct mapping *m)
{
	uint64_t unknown = segment_is_sysv(m) ? SPACE_UNKNOWN : SPACE_NONE;

	return (struct segment_id){
		.inode = m->inode,
		.space = m->space != SPACE_NONE ? m->space : unknown,
		.dev_major = m->dev_major,
		.dev_minor = m->dev_minor,
	};
}

static bool is_it(const struct stat *st, const struct segment_id *id)
{
	return S_ISREG(st->st_mode) && st->st_ino == id->inode &&
	       major(st->st_dev) == id->dev_major && minor(st->st_dev) == id->dev_minor;
}

static void count_swapped(int fd, struct segment_facts *facts)
{
	const struct cache_range all = {0, 0};
	struct cache_state state;

	if (syscall(SYS_CACHESTAT, fd, &all, &state, 0) < 0)
		return;
	facts->swapped_known = true;
	facts->swapped = state.nr_evicted * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The mapping may have been replaced by another, of a device for instance, where opening has side
 * effects: so the file is opened only after checking what it is. */
static void look(int path_fd, const struct stat *st, struct segment_facts *facts)
{
	char path[32];
	int fd;

	facts->known = true;
	facts->size = (uint64_t)st->st_size;
	facts->allocated = (uint64_t)st->st_blocks * 512;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	fd = (int)TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
	if (fd < 0)
		return;
	count_swapped(fd, facts);
	close(fd);
}

void segment_look_at(int folder, const char *path, const struct segment_id *id,
		     struct segment_facts *facts)
{
	int fd = (int)TEMP_FAILURE_RETRY(openat(folder, path, O_PATH | O_CLOEXEC));
	struct stat st;

	*facts = (struct segment_facts){.known = false};
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && is_it(&st, id))
		look(fd, &st, facts);
	close(fd);
}
