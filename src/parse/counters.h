/*
 * counters: what the kernel reports about a mapping's memory, in bytes.
 *
 * One table, SMAPS_COUNTERS, names every field: parsing, adding, columns and JSON are made from it.
 * Source: /proc/PID/smaps and smaps_rollup (fs/proc/task_mmu.c). The set of fields depends on the
 * kernel version; see anonmem-json(5).
 *
 * A field that the kernel did not print is unknown, which is not zero. A sum knows a field only if
 * each of its parts did.
 */
#ifndef PARSE_COUNTERS_H
#define PARSE_COUNTERS_H

#include "base/slice.h"

#include <stdint.h>

/* ALL_COUNTERS lists all of them in the order of enum counter; the first COUNTER_REPORTED are in
 * reports. X(constant, key in smaps, name in JSON and CSV, column header, help) */
#define SMAPS_COUNTERS(X)                                                                          \
	X(SIZE, "Size", "size", "SIZE", "address space")                                           \
	X(RSS, "Rss", "rss", "RSS", "resident memory, shared pages counted in full")               \
	X(PSS, "Pss", "pss", "PSS", "proportional set size: shared pages are divided")             \
	X(PSS_DIRTY, "Pss_Dirty", "pss_dirty", "PSSDIRTY", "the dirty part of PSS")                \
	X(SHARED_CLEAN, "Shared_Clean", "shared_clean", "SHCLEAN", "shared and clean")             \
	X(SHARED_DIRTY, "Shared_Dirty", "shared_dirty", "SHDIRTY", "shared and dirty")             \
	X(PRIVATE_CLEAN, "Private_Clean", "private_clean", "PRCLEAN", "mapped once and clean")     \
	X(PRIVATE_DIRTY, "Private_Dirty", "private_dirty", "PRDIRTY", "mapped once and dirty")     \
	X(REFERENCED, "Referenced", "referenced", "REFD", "accessed recently")                     \
	X(ANONYMOUS, "Anonymous", "anonymous", "ANON",                                             \
	  "anonymous pages, including those copied from files")                                    \
	X(KSM, "KSM", "ksm", "KSM", "merged by kernel samepage merging")                           \
	X(LAZY_FREE, "LazyFree", "lazy_free", "LAZYFREE",                                          \
	  "freed with MADV_FREE, not yet reclaimed")                                               \
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
	X(SWAP, "Swap", "swap", "SWAP", "swapped out, shared memory counted in full")              \
	X(SWAP_PSS, "SwapPss", "swap_pss", "SWAPPSS",                                              \
	  "swapped out, divided among the processes that map it")                                  \
	X(LOCKED, "Locked", "locked", "LOCKED", "locked in memory, a share as in PSS")

/* Not printed by the kernel: the parser computes it from Private_Clean and Private_Dirty. Its key
 * matches no field. */
#define DERIVED_COUNTERS(X)                                                                        \
	X(USS, "", "uss", "USS", "unique set size: pages that no other process maps")

/* Only in smaps_rollup (since Linux 5.4): used to check the sums, never reported. */
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
	uint64_t bytes[COUNTER_COUNT]; /* of an unknown counter, the part that is known */
	uint32_t known;		       /* bit 1 << enum counter */
};

#define COUNTER_BIT(counter) (UINT32_C(1) << (counter))
#define COUNTERS_ALL_KNOWN   (COUNTER_BIT(COUNTER_COUNT) - 1)

/* Sums are exact up to here, the largest integer that JSON readers are promised. */
#define COUNTER_MAX ((uint64_t)INT64_MAX)

/* The empty sum: every field is known to be 0. */
void counters_zero(struct counters *sum);

/* Adds part to sum. A field that would pass COUNTER_MAX is set to it, and the result is false. */
bool counters_add(struct counters *sum, const struct counters *part);

/* Computes the DERIVED_COUNTERS from those that are known. */
void counters_derive(struct counters *c);

/* Returns the counter with this key in smaps, or -1. The search starts at *expected, which is set
 * to the counter after the one found: fields nearly always come in the order of the table. */
int counter_find(struct slice key, unsigned *expected);

/* Fields other than counters that the kernel prints for all mappings or for none. */
enum field_mark {
	MARK_KERNEL_PAGE_SIZE = 1 << 0,
	MARK_MMU_PAGE_SIZE = 1 << 1,
	MARK_THP_ELIGIBLE = 1 << 2,
	MARK_VM_FLAGS = 1 << 3,
	MARK_IS_RECENT = 1 << 4, /* KernelPageSize came before Rss, as since Linux 4.19 */
};

/* The mark of a key that is not a counter, given the counters `known` so far; 0 for all other keys.
 */
unsigned field_mark(struct slice key, uint32_t known);

/* Pages of hugetlbfs, as far as known; neither RSS nor PSS includes them. */
static inline uint64_t counters_hugetlb(const struct counters *c)
{
	return c->bytes[COUNTER_SHARED_HUGETLB] + c->bytes[COUNTER_PRIVATE_HUGETLB];
}

static inline bool counters_know(const struct counters *c, enum counter counter)
{
	return c->known & COUNTER_BIT(counter);
}

#endif
