/*
 * counters: what the kernel says of a mapping's memory, in bytes.
 *
 * One table, SMAPS_COUNTERS, names every field: parsing, adding, columns and JSON are made from it.
 * Source: /proc/PID/smaps and smaps_rollup (fs/proc/task_mmu.c). Which fields there are depends on
 * the kernel; anonmem-json(5) says what is known of that.
 *
 * A field that the kernel did not print is unknown, which is not zero. A sum knows a field only if
 * each of its parts did.
 */
#ifndef PARSE_COUNTERS_H
#define PARSE_COUNTERS_H

#include "base/slice.h"

#include <stdint.h>

/* ALL_COUNTERS: every one in the order of enum counter; the first COUNTER_REPORTED are in reports.
 * X(constant, key in smaps, name in JSON and CSV, column header, help) */
#define SMAPS_COUNTERS(X)                                                                          \
	X(SIZE, "Size", "size", "SIZE", "address space")                                           \
	X(RSS, "Rss", "rss", "RSS", "resident memory, shared pages counted whole")                 \
	X(PSS, "Pss", "pss", "PSS", "resident memory, each page divided by those that map it")     \
	X(PSS_DIRTY, "Pss_Dirty", "pss_dirty", "PSSDIRTY", "the dirty part of PSS")                \
	X(SHARED_CLEAN, "Shared_Clean", "shared_clean", "SHCLEAN", "shared and clean")             \
	X(SHARED_DIRTY, "Shared_Dirty", "shared_dirty", "SHDIRTY", "shared and dirty")             \
	X(PRIVATE_CLEAN, "Private_Clean", "private_clean", "PRCLEAN", "mapped once and clean")     \
	X(PRIVATE_DIRTY, "Private_Dirty", "private_dirty", "PRDIRTY", "mapped once and dirty")     \
	X(REFERENCED, "Referenced", "referenced", "REFD", "accessed recently")                     \
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
	  "swapped out, divided among the processes that map it")                                  \
	X(LOCKED, "Locked", "locked", "LOCKED", "locked in memory, a share as in PSS")

/* Not printed, but made by the parser where Private_Clean and Private_Dirty are. Its key matches no
 * field. */
#define DERIVED_COUNTERS(X)                                                                        \
	X(USS, "", "uss", "USS", "unique set size: resident memory that no other process maps")

/* Only in smaps_rollup (Linux 5.4 on): they check the sums and are in no report. */
#define ROLLUP_COUNTERS(X)                                                                         \
	X(PSS_ANON, "Pss_Anon", "pss_anon", "PSSANON", "")                                         \
	X(PSS_FILE, "Pss_File", "pss_file", "PSSFILE", "")                                         \
	X(PSS_SHMEM, "Pss_Shmem", "pss_shmem", "PSSSHMEM", "")

#define ALL_COUNTERS(X)                                                                            \
	SMAPS_COUNTERS(X)                                                                          \
	DERIVED_COUNTERS(X)                                                                        \
	ROLLUP_COUNTERS(X)

#define COUNTER_ENUM(id, key, name, header, help) COUNTER_##id,
enum counter { ALL_COUNTERS(COUNTER_ENUM) COUNTER_COUNT, COUNTER_REPORTED = COUNTER_USS + 1 };
#undef COUNTER_ENUM

struct counters {
	uint64_t bytes[COUNTER_COUNT]; /* of an unknown one what is known of it, if anything */
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

/* The counter with this key in smaps, or -1. *expected is where the search begins and becomes the
 * counter after the one found: fields nearly always come in the order of the table. */
int counter_find(struct slice key, unsigned *expected);

/* Fields that the kernel prints for each mapping, or for none, and that are not counters. */
enum field_mark {
	MARK_KERNEL_PAGE_SIZE = 1 << 0,
	MARK_MMU_PAGE_SIZE = 1 << 1,
	MARK_THP_ELIGIBLE = 1 << 2,
	MARK_VM_FLAGS = 1 << 3,
	MARK_IS_RECENT = 1 << 4, /* KernelPageSize stood before Rss, as from Linux 4.19 on */
};

/* The mark of a key that is not a counter, behind the counters that are `known`; 0 of all others.
 */
unsigned field_mark(struct slice key, uint32_t known);

/* Pages of hugetlbfs, as far as they are known: they are in neither RSS nor PSS. */
static inline uint64_t counters_hugetlb(const struct counters *c)
{
	return c->bytes[COUNTER_SHARED_HUGETLB] + c->bytes[COUNTER_PRIVATE_HUGETLB];
}

static inline bool counters_know(const struct counters *c, enum counter counter)
{
	return c->known & COUNTER_BIT(counter);
}

#endif
