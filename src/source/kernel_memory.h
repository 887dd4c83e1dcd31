/*
 * kernel_memory: what the kernel reports about the memory of the whole machine.
 *
 * Source, as far as present and readable: /proc/meminfo, /proc/zoneinfo (free pages on per-CPU
 * lists), /proc/slabinfo and /proc/vmallocinfo (root), /proc/vmstat, /proc/net/sockstat, and, of
 * the running system or a capture, /sys/kernel/mm/hugepages and /sys/block/zram*. All amounts are
 * bytes; an amount that the kernel or captured tree lacks is unknown, not 0.
 */
#ifndef SOURCE_KERNEL_MEMORY_H
#define SOURCE_KERNEL_MEMORY_H

#include "base/error.h"
#include "source/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct amount {
	bool known;
	uint64_t bytes;
};

/* X(constant, field of /proc/meminfo) */
#define KERNEL_FIELDS(X)                                                                           \
	X(TOTAL, "MemTotal")                                                                       \
	X(FREE, "MemFree")                                                                         \
	X(BUFFERS, "Buffers")                                                                      \
	X(CACHED, "Cached")                                                                        \
	X(SWAP_CACHED, "SwapCached")                                                               \
	X(ACTIVE, "Active")                                                                        \
	X(INACTIVE, "Inactive")                                                                    \
	X(UNEVICTABLE, "Unevictable")                                                              \
	X(ANON_PAGES, "AnonPages")                                                                 \
	X(MAPPED, "Mapped")                                                                        \
	X(SHMEM, "Shmem")                                                                          \
	X(KRECLAIMABLE, "KReclaimable")                                                            \
	X(SLAB, "Slab")                                                                            \
	X(SRECLAIMABLE, "SReclaimable")                                                            \
	X(KERNEL_STACK, "KernelStack")                                                             \
	X(SHADOW_CALL_STACK, "ShadowCallStack")                                                    \
	X(PAGE_TABLES, "PageTables")                                                               \
	X(SEC_PAGE_TABLES, "SecPageTables")                                                        \
	X(VMALLOC_USED, "VmallocUsed")                                                             \
	X(PERCPU, "Percpu")                                                                        \
	X(BOUNCE, "Bounce")                                                                        \
	X(WRITEBACK_TMP, "WritebackTmp")                                                           \
	X(HARDWARE_CORRUPTED, "HardwareCorrupted")                                                 \
	X(HUGETLB, "Hugetlb")                                                                      \
	X(BALLOON, "Balloon")                                                                      \
	X(GPU_ACTIVE, "GPUActive")                                                                 \
	X(GPU_RECLAIM, "GPUReclaim")                                                               \
	X(ZSWAP, "Zswap")                                                                          \
	X(ZSWAPPED, "Zswapped")                                                                    \
	X(SWAP_TOTAL, "SwapTotal")                                                                 \
	X(SWAP_FREE, "SwapFree")

#define KERNEL_FIELD_ENUM(id, key) KERNEL_##id,
enum kernel_field { KERNEL_FIELDS(KERNEL_FIELD_ENUM) KERNEL_FIELD_COUNT };
#undef KERNEL_FIELD_ENUM

/* Memory under one name: a slab cache, or the vmalloc() calls of one function. */
struct kernel_part {
	char name[64];
	uint64_t bytes;
};

struct kernel_parts {
	bool known; /* the file could be read */
	struct kernel_part *list;
	size_t count, capacity;
};

struct kernel_memory {
	struct amount fields[KERNEL_FIELD_COUNT];
	struct amount free_per_cpu;	   /* free pages on per-CPU lists */
	struct amount hugetlb_free;	   /* of the pools of all sizes */
	struct amount zram;		   /* memory used by zram devices, */
	struct amount zram_stored;	   /* data stored in them, */
	struct amount zram_compressed;	   /* and its size when compressed */
	struct amount sockets;		   /* TCP and UDP buffers; partly in slab caches */
	struct amount tcp;		   /* the part of TCP, mostly outside of them */
	struct kernel_parts slab, vmalloc; /* largest first */
	struct amount vmalloc_stacks;	   /* thread stacks in vmalloc; unknown without names */
	struct amount page_structures;	   /* of memory that was added while running (6.11) */
	bool slab_missing;		   /* there is no slabinfo */
};

/* Fills *m, which the caller frees in any case. 0, or -1 with *e if there is no meminfo or no
 * memory. */
int kernel_memory_read(const struct source *s, struct kernel_memory *m, struct error *e);
void kernel_memory_free(struct kernel_memory *m);

#endif
