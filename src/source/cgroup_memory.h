/*
 * cgroup_memory: what the kernel charges to a control group, of the running system or of a capture.
 *
 * Source: in version 2 memory.current, memory.max, memory.high, memory.peak (Linux 5.19),
 * memory.swap.*, memory.stat and memory.events; in version 1 memory.usage_in_bytes,
 * memory.limit_in_bytes, memory.max_usage_in_bytes, memory.memsw.*, memory.kmem.*,
 * memory.kmem.tcp.*, memory.stat, memory.failcnt and memory.oom_control. The figures include all
 * groups below.
 */
#ifndef SOURCE_CGROUP_MEMORY_H
#define SOURCE_CGROUP_MEMORY_H

#include "source/kernel_memory.h"

#include <limits.h>

/* X(constant, key in memory.stat of version 2, key in version 1; NULL if there is none) */
#define CGROUP_FIELDS(X)                                                                           \
	X(ANON, "anon", "total_rss")                                                               \
	X(FILE, "file", "total_cache")                                                             \
	X(SHMEM, "shmem", "total_shmem")                                                           \
	X(FILE_MAPPED, "file_mapped", "total_mapped_file")                                         \
	X(SWAP_CACHED, "swapcached", "total_swapcached")                                           \
	X(SLAB, "slab", NULL)                                                                      \
	X(KERNEL, "kernel", NULL)                                                                  \
	X(KERNEL_STACK, "kernel_stack", NULL)                                                      \
	X(PAGE_TABLES, "pagetables", NULL)                                                         \
	X(SEC_PAGE_TABLES, "sec_pagetables", NULL)                                                 \
	X(PERCPU, "percpu", NULL)                                                                  \
	X(VMALLOC, "vmalloc", NULL)                                                                \
	X(SOCK, "sock", NULL)                                                                      \
	X(ZSWAP, "zswap", NULL)                                                                    \
	X(ZSWAPPED, "zswapped", NULL)                                                              \
	X(HUGETLB, "hugetlb", NULL)                                                                \
	X(SWAP, NULL, "total_swap")

#define CGROUP_FIELD_ENUM(id, v2, v1) CGROUP_##id,
enum cgroup_field { CGROUP_FIELDS(CGROUP_FIELD_ENUM) CGROUP_FIELD_COUNT };
#undef CGROUP_FIELD_ENUM

struct cgroup_memory {
	char path[PATH_MAX]; /* as in /proc/PID/cgroup */
	unsigned version;
	struct amount fields[CGROUP_FIELD_COUNT];
	struct amount usage, peak;
	struct amount limit, high, swap_limit; /* unknown if there is none */
	/* Number of times that the limit was hit, the group ran out of memory, a process was
	 * killed. */
	struct amount events_max, events_oom, events_kill;
	/* TCP buffers, which version 1 counts beside usage. */
	struct amount tcp;
	/* Of the groups above, the one whose limit leaves the least memory; unknown if none has a
	 * limit. */
	struct cgroup_above {
		char path[PATH_MAX];
		struct amount limit, usage;
	} above;
};

/* `path` is as in /proc/PID/cgroup, or a directory in the mounted hierarchy. 0, or -1 with *e. */
int cgroup_memory_read(const struct source *s, const char *path, struct cgroup_memory *m,
		       struct error *e);

/* The path of a process's group, for cgroup_memory_read(). 0, or -1 with *e. */
int cgroup_memory_find(const struct source *s, pid_t pid, char path[PATH_MAX], struct error *e);

/* What is read of a group's folder, each only where it is; NULL at the end. */
extern const char *const cgroup_memory_files[];

/* The folder of a group, so that it can be captured. 0, or -1 if there is none; with errno if that
 * is because something could not be read, else 0 in errno. */
int cgroup_memory_place(const struct source *s, const char *group, char folder[PATH_MAX]);

/* What a group uses and may use; its peak is the most that it ever used. */
struct cgroup_usage {
	struct amount limit; /* unknown if there is none */
	struct amount current, peak;
};

/* Adds that of another group. The peaks of two need not be of the same time, so that of both is
 * unknown. */
void cgroup_usage_add(struct cgroup_usage *sum, const struct cgroup_usage *part);

/* Where control groups are, for reading many of them. Borrows the source. NULL if the memory
 * controller cannot be found. */
struct cgroup_mount *cgroup_mount_open(const struct source *s);
void cgroup_mount_close(struct cgroup_mount *m);

/* `path` is as in /proc/PID/cgroup. What cannot be read stays unknown. */
void cgroup_usage_read(struct cgroup_mount *m, struct slice path, struct cgroup_usage *u);

#endif
