/*
 * What the programs of the benchmark share.
 */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define RESIDENT_BYTES ((size_t)4 << 30)

_Noreturn static inline void fail(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	_exit(1);
}

static inline size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static inline long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Enters the pid and mount namespaces of a process; the pid namespace applies to the next child. */
static inline void enter_namespaces_of(int pid)
{
	int flags = CLONE_NEWPID | CLONE_NEWNS;
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0 || setns(fd, geteuid() ? flags | CLONE_NEWUSER : flags) < 0)
		fail("the namespaces of the workload");
	close(fd);
}

/* Private resident memory without huge pages, which would shorten the kernel's walk. */
static inline char *map_resident(size_t size)
{
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		fail("memory");
	madvise(at, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < size; i += page_bytes())
		at[i] = 1;
	return at;
}

#endif
