/*
 * counters: what the kernel says of a mapping's memory, in bytes.
 *
 * One table, SMAPS_COUNTERS, names every field: parsing, adding, columns and JSON are made from it.
 * Source: /proc/PID/smaps and smaps_rollup (fs/proc/task_mmu.c). Which fields there are depends on
 * the kernel; the year of Linux that brought a field is in anonmem-json(5).
 *
 * A field that the kernel did not print is unknown, which is not zero. A sum knows a field only if
 * each of its parts did.
 */
#ifndef PARSE_COUNTERS_H
#define PARSE_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

/* X(constant, key in smaps, name in JSON and CSV, column header, help) */
#define SMAPS_COUNTERS(X)                                                                          \
	X(SIZE, "Size", "size", "SIZE", "address space")                                           \
	X(RSS, "Rss", "rss", "RSS", "resident memory, shared pages counted whole")                 \
	X(PSS, "Pss", "pss", "PSS", "resident memory, each page divided by those that map it")     \
	X(PSS_DIRTY, "Pss_Dirty", "pss_dirty", "PSSDIRTY", "the dirty part of PSS")                \
	X(SHARED_CLEAN, "Shared_Clean", "shared_clean", "SHCLEAN", "shared and clean")             \
	X(SHARED_DIRTY, "Shared_Dirty", "shared_dirty", "SHDIRTY", "shared and dirty")             \
	X(PRIVATE_CLEAN, "Private_Clean", "private_clean", "PRCLEAN", "mapped once and clean")     \
	X(PRIVATE_DIRTY, "Private_Dirty", "private_dirty", "PRDIRTY", "mapped once and dirty")     \
	X(REFERENCED, "Referenced", "referenced", "REFD", "accessed of late")                      \
	X(ANONYMOUS, "Anonymous", "anonymous", "ANON",                                             \
	  "resident anonymous pages, those copied from files included")                            \
	X(KSM, "KSM", "ksm", "KSM", "merged by kernel samepage merging")                           \
	X(LAZY_FREE, "LazyFree", "lazy_free", "LAZYFREE", "given back with MADV_FREE")             \
	X(ANON_HUGE_PAGES, "AnonHugePages", "anon_huge_pages", "THP",                              \
	  "anonymous memory in transparent huge pages")                                            \
	X(SHMEM_PMD_MAPPED, "ShmemPmdMapped", "shmem_pmd_mapped", "SHMEMTHP",                      \
	  "shared memory mapped by huge pages")                                                    \
	X(FILE_PMD_MAPPED, "FilePmdMapped", "file_pmd_mapped", "FILETHP",                          \
	  "files mapped by huge pages")                                                            \
	X(SHARED_HUGETLB, "Shared_Hugetlb", "shared_hugetlb", "SHHTLB",                            \
	  "hugetlbfs pages, shared; not in RSS or PSS")                                            \
	X(PRIVATE_HUGETLB, "Private_Hugetlb", "private_hugetlb", "PRHTLB",                         \
	  "hugetlbfs pages, private; not in RSS or PSS")                                           \
	X(SWAP, "Swap", "swap", "SWAP", "swapped out, shared memory counted whole")                \
	X(SWAP_PSS, "SwapPss", "swap_pss", "SWAPPSS",                                              \
	  "swapped out, each page divided by those that map it")                                   \
	X(LOCKED, "Locked", "locked", "LOCKED", "locked in memory, a share as in PSS")

/* Only in smaps_rollup (Linux 5.4 on): they check the sums and are in no report. */
#define ROLLUP_COUNTERS(X)                                                                         \
	X(PSS_ANON, "Pss_Anon", "pss_anon", "PSSANON", "")                                         \
	X(PSS_FILE, "Pss_File", "pss_file", "PSSFILE", "")                                         \
	X(PSS_SHMEM, "Pss_Shmem", "pss_shmem", "PSSSHMEM", "")

#define COUNTER_ENUM(id, key, name, header, help) COUNTER_##id,
enum counter {
	SMAPS_COUNTERS(COUNTER_ENUM) COUNTER_SMAPS_COUNT,
	COUNTER_BEFORE_ROLLUP = COUNTER_SMAPS_COUNT - 1,
	ROLLUP_COUNTERS(COUNTER_ENUM) COUNTER_COUNT
};
#undef COUNTER_ENUM

struct counters {
	uint64_t bytes[COUNTER_COUNT]; /* 0 where unknown */
	uint32_t known;		       /* bit 1 << enum counter */
};

#define COUNTER_BIT(counter) (UINT32_C(1) << (counter))
#define COUNTERS_ALL_KNOWN   (COUNTER_BIT(COUNTER_COUNT) - 1)

/* Sums are exact up to here, the largest integer that JSON readers are promised. */
#define COUNTER_MAX ((uint64_t)INT64_MAX)

/* The sum of nothing: every field is known to be 0. */
void counters_zero(struct counters *sum);

/* Adds part to sum. False when a field would pass COUNTER_MAX; it then stays there. */
bool counters_add(struct counters *sum, const struct counters *part);

/* Unique set size, Private_Clean + Private_Dirty; false when it is not known. */
bool counters_uss(const struct counters *c, uint64_t *bytes);

static inline bool counters_know(const struct counters *c, enum counter counter)
{
	return c->known & COUNTER_BIT(counter);
}

#endif
