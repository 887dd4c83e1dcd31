#include "anonmem/anonmem.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Since Linux 5.17; the headers of Debian 12 have them, those of older systems do not. */
#ifndef PR_SET_VMA
#define PR_SET_VMA	     0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

int anonmem_name(void *addr, size_t len, const char *name)
{
	return prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, (unsigned long)(uintptr_t)addr, len, name);
}

int anonmem_kernel_keeps_names(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int keeps;

	if (page == MAP_FAILED)
		return -1;
	/* Everything about the call is right, so a refusal can only mean the kernel's build. */
	keeps = anonmem_name(page, size, "anonmem: probe") == 0;
	munmap(page, size);
	return keeps;
}
