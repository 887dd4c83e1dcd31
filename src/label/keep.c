/*
 * A process has one table, even if several libraries have a copy of this code: later copies find it
 * in maps. The table contains its lock. All signals are blocked while the lock is held, since a
 * handler may name memory too; and the lock is held across a fork, so that the child's table is
 * consistent.
 *
 * But an allocator may map memory while it holds a lock that the fork waits for. So a thread that
 * has waited for a fork for some time takes the lock away from it. A child that finds the lock
 * taken away and in use begins with an empty table: it has fewer names, but no wrong ones.
 */
#include "label/keep.h"

#include "label/memfd.h"
#include "label/syscalls.h"
#include "label/table.h"
#include "label/text.h"
#include "label/vmas.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct layout *_Atomic table;

enum { FREE, TAKEN, WAITED_FOR }; /* values of the lock */
enum { NOBODY };		  /* value of `forking` */

static bool compare_exchange(uint32_t *word, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

/* False on timeout. */
static bool futex_wait(uint32_t *word, uint32_t value)
{
	static const struct timespec patience = {.tv_nsec = 20000000};
	int before = errno;
	bool woken = syscall(SYS_futex, word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, value, &patience,
			     NULL, 0) == 0 ||
		     errno != ETIMEDOUT;

	errno = before;
	return woken;
}

static void futex_wake(uint32_t *word)
{
	int before = errno;

	syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
	errno = before;
}

static void lock(struct layout *t)
{
	uint32_t *word = &t->head.lock, *forking = &t->head.forking;

	if (compare_exchange(word, FREE, TAKEN))
		return;
	while (__atomic_exchange_n(word, WAITED_FOR, __ATOMIC_ACQUIRE) != FREE) {
		uint32_t who = __atomic_load_n(forking, __ATOMIC_RELAXED);

		if (!futex_wait(word, WAITED_FOR) && who && compare_exchange(forking, who, NOBODY))
			return;
	}
}

static void unlock(struct layout *t)
{
	if (__atomic_exchange_n(&t->head.lock, FREE, __ATOMIC_RELEASE) == WAITED_FOR)
		futex_wake(&t->head.lock);
}

static sigset_t block_signals(void)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	return before;
}

/* During a fork, no other thread makes or changes a table. The first copy of this code to run its
 * fork handler takes the lock of the table. */

static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER; /* protects making a table or a child */
static struct layout *locked_to_fork;
static uint32_t forker;
static sigset_t mask_before_fork;

static void before_fork(void)
{
	sigset_t mask = block_signals();
	uint32_t self = (uint32_t)gettid();
	struct layout *t;

	pthread_mutex_lock(&making);
	mask_before_fork = mask;
	t = atomic_load(&table);
	if (!t || __atomic_load_n(&t->head.forking, __ATOMIC_RELAXED) == self)
		return;
	lock(t);
	__atomic_store_n(&t->head.forking, self, __ATOMIC_RELEASE);
	forker = self;
	locked_to_fork = t;
}

static void end_fork(void)
{
	sigset_t mask = mask_before_fork;

	locked_to_fork = NULL;
	pthread_mutex_unlock(&making);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void after_fork(void)
{
	struct layout *t = locked_to_fork;

	if (t && compare_exchange(&t->head.forking, forker, NOBODY))
		unlock(t);
	end_fork();
}

/* Any other holder of the lock does not exist in this process, and may have left the table half
 * changed. */
static void after_fork_in_child(void)
{
	struct layout *t = locked_to_fork;

	if (t && !compare_exchange(&t->head.forking, forker, NOBODY) &&
	    __atomic_load_n(&t->head.lock, __ATOMIC_RELAXED) != FREE)
		table_empty(t);
	if (t)
		__atomic_store_n(&t->head.lock, FREE, __ATOMIC_RELEASE);
	end_fork();
}

__attribute__((constructor)) static void watch_forks(void)
{
	pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

/* These sanitizers abort the program if it maps memory at unexpected addresses. */
extern void tsan_init(void) __asm__("__tsan_init") __attribute__((weak));
extern void msan_init(void) __asm__("__msan_init") __attribute__((weak));

/* An address below the libraries and above a non-PIE program, so that readers of maps reach it
 * early; random, so that nobody can rely on it. */
static void *somewhere_low(void)
{
	const uint64_t from = UINT64_C(1) << 40, room = UINT64_C(1) << 46;
	uint64_t random = 0;

	if (sizeof(void *) < 8 || tsan_init || msan_init ||
	    syscall(SYS_getrandom, &random, sizeof(random), GRND_NONBLOCK) < 0)
		return NULL;
	return (void *)(uintptr_t)(from + random % room / LAYOUT_PAGE * LAYOUT_PAGE);
}

static struct layout *make_table(void)
{
	const int access = PROT_READ | PROT_WRITE, sharing = MAP_PRIVATE | MAP_NORESERVE;
	void *low = somewhere_low(), *memory = MAP_FAILED;
	int fd = memfd_open();

	if (fd < 0)
		return NULL;
	if (low) /* with MAP_FIXED_NOREPLACE, NULL would be an address */
		memory = sys_mmap(low, sizeof(struct layout), access, sharing | MAP_FIXED_NOREPLACE,
				  fd, 0);
	if (memory == MAP_FAILED)
		memory = sys_mmap(NULL, sizeof(struct layout), access, sharing, fd, 0);
	sys_close(fd);
	if (memory == MAP_FAILED)
		return NULL;
	table_init(memory);
	return memory;
}

/* Finds the table that another copy of this code made. */
static struct layout *find_table(void)
{
	const uint64_t size = (sizeof(struct layout) + LAYOUT_PAGE - 1) / LAYOUT_PAGE * LAYOUT_PAGE;
	struct layout *found = NULL;
	struct vma vma = {.end = 0};
	struct vmas vmas;

	if (!vmas_open(&vmas, false))
		return NULL;
	while (!found && vmas_next(&vmas, vma.end, &vma)) {
		if (vma.kind == VMA_TABLE && vma.end - vma.start == size) {
			found = (struct layout *)(uintptr_t)vma.start;
			if (found->head.magic != LAYOUT_MAGIC || found->head.size != sizeof(*found))
				found = NULL;
		}
	}
	vmas_close(&vmas);
	return found;
}

bool keep_prepare(void)
{
	sigset_t mask;

	if (atomic_load(&table))
		return true;
	mask = block_signals();
	pthread_mutex_lock(&making);
	if (!atomic_load(&table)) {
		struct layout *t = find_table();

		atomic_store(&table, t ? t : make_table());
	}
	pthread_mutex_unlock(&making);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return atomic_load(&table) != NULL;
}

/* Names the part [start, end) of a mapping. Returns 0 or an errno. */
static int name_part(struct layout *t, const struct vma *vma, uint64_t start, uint64_t end,
		     const char *name)
{
	uint32_t inode = 0;

	switch (vma->kind) {
	case VMA_FILE:
		return EBADF;
	case VMA_SPECIAL: /* the kernel accepts a name for all of it, and never shows it */
		return start > vma->start || end < vma->end ? EINVAL : 0;
	case VMA_SHMEM:
	case VMA_TABLE:
		inode = (uint32_t)vma->inode;
		break;
	case VMA_ANON:
		break;
	}
	return !t || table_set(t, start, end, inode, name) ? 0 : EAGAIN;
}

/* Without /proc, as in a sandbox: only memory that is completely named can be renamed. Returns 0 or
 * an errno. */
static int name_known(struct layout *t, uint64_t start, uint64_t end, const char *name)
{
	uint64_t at = start, next;
	uint32_t inode;

	while (at < end && (next = table_find(t, at, &inode)))
		at = next;
	if (at < end)
		return EINVAL;
	for (at = start; at < end; at = next) {
		next = table_find(t, at, &inode);
		next = next < end ? next : end;
		if (!table_set(t, at, next, inode, name))
			return EAGAIN;
	}
	return 0;
}

/* Like madvise_walk_vmas() in the kernel's mm/madvise.c: continues after a hole, but not after a
 * mapping that cannot be named. Returns 0 or an errno. */
static int name_range(struct layout *t, uint64_t start, uint64_t end, const char *name)
{
	int result = 0, error = 0;
	struct vmas vmas;
	struct vma vma;

	if (!vmas_open(&vmas, false))
		return t ? name_known(t, start, end, name) : EINVAL;
	while (start < end && error == 0) {
		if (!vmas_next(&vmas, start, &vma) || vma.start >= end) {
			result = ENOMEM;
			break;
		}
		if (vma.start > start) {
			result = ENOMEM;
			start = vma.start;
		}
		error = name_part(t, &vma, start, vma.end < end ? vma.end : end, name);
		start = vma.end;
	}
	vmas_close(&vmas);
	return error ? error : result;
}

struct layout *keep_lock(sigset_t *mask)
{
	struct layout *t = atomic_load(&table);

	if (!t)
		return NULL;
	*mask = block_signals();
	lock(t);
	return t;
}

void keep_unlock(struct layout *t, const sigset_t *mask)
{
	unlock(t);
	pthread_sigmask(SIG_SETMASK, mask, NULL);
}

static int name_locked(uint64_t start, uint64_t end, const char *name)
{
	struct layout *t;
	sigset_t mask;
	int error;

	if (name && !keep_prepare())
		return EINVAL;
	t = keep_lock(&mask);
	error = name_range(t, start, end, name);
	if (t)
		keep_unlock(t, &mask);
	return error;
}

void keep_set(uint64_t start, uint64_t end, const char *name)
{
	sigset_t mask;
	struct layout *t = keep_lock(&mask);

	if (!t)
		return;
	if (!table_set(t, start, end, 0, name) && name)
		table_set(t, start, end, 0, NULL);
	keep_unlock(t, &mask);
}

int keep_name(void *addr, size_t len, const char *name)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), rounded = (len + page - 1) / page * page;
	uintptr_t start = (uintptr_t)addr, end = start + rounded;
	char copy[ANONMEM_NAME_MAX + 1];
	int before = errno, error;

	if (name && text_copy(copy, name) < 0)
		return -1;
	if (start % page || (len && !rounded) || end < start)
		error = EINVAL;
	else
		error = start == end ? 0 : name_locked(start, end, name ? copy : NULL);
	errno = error ? error : before;
	return error ? -1 : 0;
}
