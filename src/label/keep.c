/*
 * A process has one table, even if several libraries have a copy of this code: later copies find it
 * in maps. The lock is in the table.
 */
#include "label/keep.h"

#include "label/room.h"
#include "label/syscalls.h"
#include "label/table.h"
#include "label/text.h"
#include "label/vmas.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct layout *_Atomic table;

static void before_fork(void)
{
	struct layout *t = atomic_load(&table);

	if (t)
		lock_before_fork(t);
}

static void after_fork(void)
{
	struct layout *t = atomic_load(&table);

	if (t)
		lock_after_fork(t);
}

static void after_fork_in_child(void)
{
	struct layout *t = atomic_load(&table);

	if (t)
		lock_after_fork_in_child(t);
}

__attribute__((constructor)) static void watch_forks(void)
{
	pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

/* A word that is 0 in every copy of this process. */
static void add_witness(struct layout *t)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint32_t *word =
		sys_mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (word == MAP_FAILED)
		return;
	if (sys_madvise(word, page, MADV_WIPEONFORK) < 0) {
		sys_munmap(word, page);
		return;
	}
	*word = 1;
	t->head.witness = (uintptr_t)word;
}

static struct layout *make_table(void)
{
	struct layout *t = room_map();

	if (!t)
		return NULL;
	table_init(t);
	add_witness(t);
	return t;
}

/* Finds the table that another copy of this code made. */
static struct layout *find_table(void)
{
	struct layout *found = NULL;
	struct vma vma = {.end = 0};
	struct vmas vmas;

	if (!vmas_open(&vmas, false))
		return NULL;
	while (!found && vmas_next(&vmas, vma.end, &vma)) {
		if (vma.kind == VMA_TABLE) {
			found = (struct layout *)(uintptr_t)vma.start;
			if (found->head.magic != LAYOUT_MAGIC || found->head.size != sizeof(*found))
				found = NULL;
		}
	}
	vmas_close(&vmas);
	return found;
}

bool keep_prepare_first(void)
{
	struct layout *none = NULL, *t = make_table();

	/* A handler, or another thread, may have come first. */
	if (t && !atomic_compare_exchange_strong(&table, &none, t)) {
		if (t->head.witness)
			sys_munmap((void *)(uintptr_t)t->head.witness,
				   (size_t)sysconf(_SC_PAGESIZE));
		room_unmap(t);
	}
	return t || atomic_load(&table);
}

bool keep_prepare(void)
{
	struct layout *t;

	if (atomic_load(&table))
		return true;
	t = find_table();
	if (!t)
		return keep_prepare_first();
	atomic_store(&table, t);
	return true;
}

struct held keep_lock(void)
{
	struct held h = {.table = atomic_load(&table)};

	if (!h.table)
		return h;
	h.answer = lock_take(h.table);
	if (h.answer == LOCK_LOST)
		h.table = NULL;
	return h;
}

void keep_unlock(struct held h)
{
	if (h.table && h.answer == LOCK_TAKEN)
		lock_release(h.table);
}

void keep_moved(struct held h, const struct layout_change *move)
{
	if (!h.table)
		return;
	if (h.answer == LOCK_TAKEN)
		lock_apply(h.table, move);
	else
		lock_defer(h.table, move);
}

/* 0, or what errno becomes. */
static int set_name(struct held h, uint64_t start, uint64_t end, uint32_t inode, const char *name)
{
	struct layout_change change = {.to = start, .to_len = end - start, .inode = inode};

	if (!h.table)
		return 0;
	if (h.answer == LOCK_TAKEN)
		return table_set(h.table, start, end, inode, name) ? 0 : EAGAIN;
	if (name)
		memcpy(change.name, name, sizeof(change.name));
	lock_defer(h.table, &change);
	return 0;
}

/* Names the part [start, end) of a mapping. 0, or what errno becomes. */
static int name_part(struct held h, const struct vma *vma, uint64_t start, uint64_t end,
		     const char *name)
{
	switch (vma->kind) {
	case VMA_FILE:
		return EBADF;
	case VMA_SPECIAL: /* the kernel accepts a name for the whole mapping, and never shows it */
		return start > vma->start || end < vma->end ? EINVAL : 0;
	case VMA_SHMEM:
	case VMA_TABLE:
		return set_name(h, start, end, (uint32_t)vma->inode, name);
	case VMA_ANON:
		break;
	}
	return set_name(h, start, end, 0, name);
}

/* In a sandbox without /proc: memory that is named completely may get another name. 0, or what
 * errno becomes. */
static int name_known(struct held h, uint64_t start, uint64_t end, const char *name)
{
	uint64_t at = start, next;
	uint32_t inode;

	if (!h.table || h.answer != LOCK_TAKEN)
		return EINVAL;
	while (at < end && (next = table_find(h.table, at, &inode)))
		at = next;
	if (at < end)
		return EINVAL;
	for (at = start; at < end; at = next) {
		next = table_find(h.table, at, &inode);
		next = next < end ? next : end;
		if (!table_set(h.table, at, next, inode, name))
			return EAGAIN;
	}
	return 0;
}

/* Does the same as madvise_walk_vmas() in the kernel's mm/madvise.c: continues after a hole, but
 * not after a mapping that cannot be named. 0, or what errno becomes. */
static int name_range(struct held h, uint64_t start, uint64_t end, const char *name)
{
	int result = 0, error = 0;
	struct vmas vmas;
	struct vma vma;

	if (!vmas_open(&vmas, false))
		return name_known(h, start, end, name);
	while (start < end && error == 0) {
		if (!vmas_next(&vmas, start, &vma) || vma.start >= end) {
			result = ENOMEM;
			break;
		}
		if (vma.start > start) {
			result = ENOMEM;
			start = vma.start;
		}
		error = name_part(h, &vma, start, vma.end < end ? vma.end : end, name);
		start = vma.end;
	}
	vmas_close(&vmas);
	return error ? error : result;
}

static int name_locked(uint64_t start, uint64_t end, const char *name)
{
	struct held h;
	int error;

	if (name && !keep_prepare())
		return EINVAL;
	h = keep_lock();
	error = name_range(h, start, end, name);
	keep_unlock(h);
	return error;
}

void keep_set(uint64_t start, uint64_t end, uint32_t inode, const char *name)
{
	struct held h = keep_lock();

	if (set_name(h, start, end, inode, name) && name)
		set_name(h, start, end, 0, NULL);
	keep_unlock(h);
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
