#include "label/publish.h"

#include "label/memfd.h"
#include "label/syscalls.h"
#include "label/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* On a page of its own, which is all zeros in a child. */
struct publication {
	struct layout *copy;
	bool tried;
};

static bool is_restricted(void)
{
	int fd = sys_open("/proc/sys/kernel/yama/ptrace_scope");
	char scope = '0';

	if (fd < 0)
		return false;
	if (sys_read(fd, &scope, 1) != 1)
		scope = '0';
	sys_close(fd);
	return scope != '0';
}

/* Asked once: what was begun without a copy goes on so. */
static bool is_needed(void)
{
	enum { UNKNOWN, NO, YES };
	static atomic_int answer;

	if (atomic_load(&answer) == UNKNOWN)
		atomic_store(&answer, is_restricted() ? YES : NO);
	return atomic_load(&answer) == YES;
}

static struct publication *make_page(struct layout *t)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page =
		sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return NULL;
	if (madvise(page, size, MADV_WIPEONFORK) < 0) {
		sys_munmap(page, size);
		return NULL;
	}
	/* A name that was left on unmapped memory is not of this. */
	table_set(t, (uintptr_t)page, (uintptr_t)page + size, 0, NULL);
	return page;
}

/* Away from the low numbers, which programs count on. */
static int move_up(int fd)
{
	const rlim_t high = 900;
	struct rlimit limit;
	int moved = -1;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		moved = fcntl(fd, F_DUPFD_CLOEXEC,
			      (int)(limit.rlim_cur > 2 * high ? high : limit.rlim_cur / 2));
	sys_close(fd);
	return moved;
}

/* Where a file of the parent's was inherited, which only it needs, the new one takes its place. */
static int keep_open(struct layout *t, int fd)
{
	struct stat inherited, own;
	int old = (int)t->head.copy_fd;

	if (fstat(fd, &own) < 0)
		return fd;
	if (old && fstat(old, &inherited) == 0 && inherited.st_dev == own.st_dev &&
	    inherited.st_ino == t->head.copy_inode && dup3(fd, old, O_CLOEXEC) == old) {
		sys_close(fd);
		fd = old;
	}
	t->head.copy_fd = (uint32_t)fd;
	t->head.copy_inode = own.st_ino;
	return fd;
}

static struct layout *make_copy(struct layout *t)
{
	const size_t size = sizeof(struct layout);
	int fd = memfd_open();
	void *copy = MAP_FAILED;

	if (fd < 0)
		return NULL;
	fd = move_up(fd);
	if (fd < 0)
		return NULL;
	copy = sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (copy == MAP_FAILED || madvise(copy, size, MADV_DONTFORK) < 0) {
		if (copy != MAP_FAILED)
			sys_munmap(copy, size);
		sys_close(fd);
		return NULL;
	}
	keep_open(t, fd);
	table_copy(copy, t);
	return copy;
}

struct layout *publish_copy(struct layout *t)
{
	struct publication *p;
	int before = errno;

	if (!is_needed()) {
		errno = before;
		return NULL;
	}
	if (!t->head.publication)
		t->head.publication = (uintptr_t)make_page(t);
	p = (struct publication *)(uintptr_t)t->head.publication;
	if (p && !p->tried) {
		p->tried = true;
		p->copy = make_copy(t);
	}
	errno = before;
	return p ? p->copy : NULL;
}
