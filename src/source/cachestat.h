/* cachestat: cachestat(2), Linux 6.5, which the C library does not know yet. */
#ifndef SOURCE_CACHESTAT_H
#define SOURCE_CACHESTAT_H

#include <stdint.h>
#include <sys/syscall.h>

/* The same number on all architectures but alpha. */
#ifdef SYS_cachestat
enum { SYS_CACHESTAT = SYS_cachestat };
#else
enum { SYS_CACHESTAT = 451 };
#endif

/* From the kernel's include/uapi/linux/mman.h, under names that newer headers do not have. */
struct cache_range {
	uint64_t off, len; /* a length of 0 is all that follows */
};

/* Pages. What is evicted of a file in memory is swapped. */
struct cache_state {
	uint64_t nr_cache, nr_dirty, nr_writeback, nr_evicted, nr_recently_evicted;
};

#endif
