#include "anonmem/anonmem.h"

#include "label/keep.h"
#include "label/name.h"
#include "label/syscalls.h"
#include "label/text.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int ask_kernel(void *addr, size_t len, const char *name)
{
	/* Not prctl(): the program may have one from a library that calls us. */
	return (int)syscall(SYS_prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME,
			    (unsigned long)(uintptr_t)addr, len, name);
}

int name_kernel_keeps(void)
{
	enum { UNKNOWN, NO, YES };
	static atomic_int answer;
	int keeps = atomic_load(&answer);

	if (keeps == UNKNOWN) {
		int found = anonmem_kernel_keeps_names();

		if (found < 0)
			return -1;
		keeps = found ? YES : NO;
		atomic_store(&answer, keeps);
	}
	return keeps == YES;
}

int anonmem_name(void *addr, size_t len, const char *name)
{
	int before = errno;

	if (ask_kernel(addr, len, name) == 0)
		return 0;
	if (errno != EINVAL || name_kernel_keeps() != 0)
		return -1;
	errno = before;
	return keep_name(addr, len, name);
}

int anonmem_clear(void *addr, size_t len)
{
	return anonmem_name(addr, len, NULL);
}

void *anonmem_map(size_t len, const char *name)
{
	char copy[ANONMEM_NAME_MAX + 1];
	int before = errno;
	void *memory;

	if (name && text_copy(copy, name) < 0)
		return NULL;
	memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	if (name)
		anonmem_name(memory, len, copy);
	errno = before;
	return memory;
}

int anonmem_kernel_keeps_names(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page = sys_mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int before = errno, keeps;

	if (page == MAP_FAILED)
		return -1;
	/* The call itself is valid, so a refusal means that the kernel was built without names. */
	keeps = ask_kernel(page, size, "anonmem: probe") == 0;
	sys_munmap(page, size);
	errno = before;
	return keeps;
}
