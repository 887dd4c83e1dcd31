/* cachestat: cachestat(2), Linux 6.5, for C libraries without it. */
#ifndef SOURCE_CACHESTAT_H
#define SOURCE_CACHESTAT_H

#include <stdint.h>
#include <sys/syscall.h>

/* The same number on all architectures except alpha. */
#ifdef SYS_cachestat
enum { SYS_CACHESTAT = SYS_cachestat };
#else
enum { SYS_CACHESTAT = 451 };
#endif

/* From the kernel's include/uapi/linux/mman.h, renamed so as not to clash with newer headers. */
struct cache_range {
	uint64_t off, len; /* a length of 0 means to the end */
};

/* In pages. For a file in memory, evicted means swapped. */
struct cache_state {
	uint64_t nr_cache, nr_dirty, nr_writeback, nr_evicted, nr_recently_evicted;
};

#endif
