/*
 * The library that `anonmem run` preloads. It names anonymous memory after the library that maps
 * it. If the kernel keeps no names, it also makes the program's own naming succeed, and updates
 * names when the program changes its mappings.
 *
 * It interposes C library functions that do no more than the system calls here; so it never needs
 * the originals. A mapping is made before old names are dropped, and unmapped after: in between,
 * nobody else can get the addresses. The table is locked meanwhile only if names move.
 */
#include "label/keep.h"
#include "label/name.h"
#include "label/syscalls.h"
#include "preload/caller.h"
#include "preload/hook.h"
#include "preload/sandboxed.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

/* An exported function; internal calls of the C library are redirected to it as well. */
#define EXPORT(function) __attribute__((visibility("default"), alias(#function)))

/* The return address of the current function. */
#define CALLER ((uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0)))

/* How new memory is named: `anonmem run --label`, passed in an environment variable. */
enum labelling { LABEL_LIBRARY, LABEL_FUNCTION, LABEL_NONE };
static enum labelling labelling = LABEL_LIBRARY;

bool sandboxed;

/* Runs once, at the first call: a library that is initialized before this one may map memory
 * already. There is only one thread then, and nothing here allocates. */
static void prepare(void)
{
	static bool prepared;
	const char *how;

	if (prepared)
		return;
	prepared = true; /* what follows maps memory too */
	how = getenv("ANONMEM_LABEL");
	if (how && strcmp(how, "function") == 0)
		labelling = LABEL_FUNCTION;
	else if (how && strcmp(how, "none") == 0)
		labelling = LABEL_NONE;
	caller_prepare();
	/* Not later, when the caller may hold any lock. */
	if (name_kernel_keeps() != 1)
		keep_prepare();
}

static uint64_t round_up(uint64_t len)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return (len + page - 1) / page * page;
}

static void forget(const void *addr, size_t len)
{
	uint64_t start = (uintptr_t)addr;

	keep_set(start, start + round_up(len), 0, NULL);
}

/* Names new anonymous memory after its requester. Names of whatever was there before are dropped in
 * any case. */
static void label(void *addr, size_t len, int flags, uintptr_t caller)
{
	uint64_t start = (uintptr_t)addr;
	char name[ANONMEM_NAME_MAX + 1];
	int before = errno;

	prepare();
	if (!(flags & MAP_ANONYMOUS) || labelling == LABEL_NONE ||
	    !caller_name(caller, labelling == LABEL_FUNCTION && !sandboxed, name)) {
		forget(addr, len);
		return;
	}
	if (name_kernel_keeps() == 1) {
		if (!sandboxed)
			anonmem_name(addr, len, name);
	} else if (flags & MAP_HUGETLB) { /* of files, for the kernel */
		forget(addr, len);
	} else {
		keep_set(start, start + round_up(len),
			 (flags & MAP_TYPE) == MAP_PRIVATE ? 0 : LAYOUT_ANY_INODE, name);
	}
	errno = before;
}

static int our_prctl(int option, ...)
{
	unsigned long a[4];
	va_list args;

	va_start(args, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(args, unsigned long);
	va_end(args);
	if (option == PR_SET_VMA && a[0] == PR_SET_VMA_ANON_NAME)
		return anonmem_name((void *)a[1], a[2], (const char *)a[3]);
	if (option == PR_SET_SECCOMP || option == PR_SET_NO_NEW_PRIVS)
		sandboxed = true;
	return (int)syscall(SYS_prctl, option, a[0], a[1], a[2], a[3]);
}

static void *our_mmap(void *addr, size_t len, int access, int flags, int fd, off_t offset)
{
	void *memory = sys_mmap(addr, len, access, flags, fd, offset);

	if (memory != MAP_FAILED)
		label(memory, len, flags, CALLER);
	return memory;
}

#if __SIZEOF_LONG__ < 8
/* mmap() of programs whose off_t has 32 bits. */
static void *our_short_mmap(void *addr, size_t len, int access, int flags, int fd, long offset)
{
	void *memory = sys_mmap(addr, len, access, flags, fd, (off_t)(unsigned long)offset);

	if (memory != MAP_FAILED)
		label(memory, len, flags, CALLER);
	return memory;
}
#endif

static int our_munmap(void *addr, size_t len)
{
	uint64_t start = (uintptr_t)addr;

	/* If the kernel will refuse the call, keep the names. */
	if (len && start % (uint64_t)sysconf(_SC_PAGESIZE) == 0 && start + round_up(len) > start)
		forget(addr, len);
	return sys_munmap(addr, len);
}

static void *our_mremap(void *addr, size_t len, size_t new_len, int flags, ...)
{
	void *wanted = NULL, *memory;
	struct held held;
	va_list args;
	int error;

	if (flags & ~MREMAP_MAYMOVE) {
		va_start(args, flags);
		wanted = va_arg(args, void *);
		va_end(args);
	}
	held = keep_lock();
	memory = (void *)syscall(SYS_mremap, addr, len, new_len, flags, wanted);
	error = errno;
	if (memory != MAP_FAILED) {
		const struct layout_change move = {
			.moves = 1,
			.from = (uintptr_t)addr,
			.from_len = round_up(len),
			.to = (uintptr_t)memory,
			.to_len = round_up(new_len),
			.stays = (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED)) != 0,
		};

		keep_moved(held, &move);
	}
	keep_unlock(held);
	errno = error;
	return memory;
}

static void *our_shmat(int id, const void *addr, int flags)
{
	void *memory = (void *)syscall(SYS_shmat, id, addr, flags);
	struct shmid_ds segment;
	int error = errno;

	/* Otherwise nothing was mapped there before. */
	if (flags & SHM_REMAP && memory != MAP_FAILED && shmctl(id, IPC_STAT, &segment) == 0)
		forget(memory, segment.shm_segsz);
	errno = error;
	return memory;
}

EXPORT(our_prctl) int prctl(int option, ...);
/* These functions have other names here, since headers may map mmap() to mmap64(). */
#if __SIZEOF_LONG__ < 8
extern void *exported_mmap(void *addr, size_t len, int access, int flags, int fd,
			   long offset) __asm__("mmap") EXPORT(our_short_mmap);
#else
extern void *exported_mmap(void *addr, size_t len, int access, int flags, int fd,
			   off64_t offset) __asm__("mmap") EXPORT(our_mmap);
#endif
extern void *exported_mmap64(void *addr, size_t len, int access, int flags, int fd,
			     off64_t offset) __asm__("mmap64") EXPORT(our_mmap);
EXPORT(our_munmap) int munmap(void *addr, size_t len);
EXPORT(our_mremap) void *mremap(void *addr, size_t len, size_t new_len, int flags, ...);
EXPORT(our_shmat) void *shmat(int id, const void *addr, int flags);

__attribute__((constructor)) static void begin(void)
{
	static const struct hook hooks[] = {
		{"prctl", (void (*)(void))our_prctl},
		{"mmap64", (void (*)(void))our_mmap},
		{"munmap", (void (*)(void))our_munmap},
		{"mremap", (void (*)(void))our_mremap},
	};
	const unsigned count = sizeof(hooks) / sizeof(*hooks);

	prepare();
	/* If not all can come here, those that can. */
	if (hook_install_all(hooks, count))
		return;
	for (unsigned i = 0; i < count; i++)
		hook_install(hooks[i].function, hooks[i].to);
}
