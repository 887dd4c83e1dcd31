/*
 * Situations in which page tables are misleading, for the live tests: entries that look like swap
 * but are not, memory of the kernel and of drivers, unusual sharing. Each makes its memory and
 * returns; main() in helper.c then waits.
 */
#include "situations.h"

#include "anonmem/anonmem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MIB = 1024 * 1024, WRITE = PROT_READ | PROT_WRITE, ANON = MAP_PRIVATE | MAP_ANONYMOUS };

/* Missing in the headers of Debian 12. */
enum {
	GUARD_INSTALL = 102,		  /* madvise(), Linux 6.13 */
	FEATURE_WP_SHMEM = 1 << 12,	  /* userfaultfd(), 5.19 */
	FEATURE_WP_UNPOPULATED = 1 << 13, /* 6.4 */
	FEATURE_POISON = 1 << 14,	  /* 6.6 */
};
struct poison {
	struct uffdio_range range;
	uint64_t mode;
	int64_t updated;
};
#define POISON _IOWR(UFFDIO, 0x08, struct poison)

/* If the kernel does not support something or the user lacks permission, that is not an error: the
 * test is told. */
static void cannot(const char *what)
{
	printf("cannot %s\n", what);
	fprintf(stderr, "helper: %s: %s\n", what, strerror(errno));
}

static char *map(size_t size, int flags)
{
	char *at = mmap(NULL, size, WRITE, flags, -1, 0);

	if (at == MAP_FAILED) {
		cannot("map memory");
		exit(1);
	}
	return at;
}

static void fill(char *at, size_t size)
{
	for (size_t i = 0; i < size; i += 4096)
		memset(at + i, (int)(i / 4096 % 255 + 1), 4096);
}

static void read_all(const volatile char *at, size_t size)
{
	for (size_t i = 0; i < size; i += 4096)
		(void)at[i];
}

static void swap_out(char *at, size_t size)
{
	if (madvise(at, size, MADV_PAGEOUT) < 0)
		cannot("swap out");
}

/* The child dies with its parent; true in the child. */
static bool in_child(void)
{
	pid_t parent = getpid(), pid;

	fflush(stdout);
	pid = fork();
	if (pid > 0)
		printf("child %d\n", pid);
	if (pid != 0)
		return false;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	return true;
}

static void stay(void)
{
	for (;;)
		pause();
}

static void guards(void)
{
	char *at = map(64 * MIB, ANON);

	fill(at, 4 * MIB);
	if (madvise(at + 8 * MIB, 32 * MIB, GUARD_INSTALL) < 0)
		cannot("install guards");
}

/* Registers memory with userfaultfd(2); returns its descriptor, or -1. */
static int watch_faults(char *at, size_t size, uint64_t features, uint64_t mode)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = {.api = UFFD_API, .features = features};
	struct uffdio_register r = {.range = {(uintptr_t)at, size}, .mode = mode};

	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api) == 0 && ioctl(fd, UFFDIO_REGISTER, &r) == 0)
		return fd;
	cannot("watch page faults");
	return -1;
}

static void protect(int fd, char *at, size_t size)
{
	struct uffdio_writeprotect p = {.range = {(uintptr_t)at, size},
					.mode = UFFDIO_WRITEPROTECT_MODE_WP};

	if (fd >= 0 && ioctl(fd, UFFDIO_WRITEPROTECT, &p) < 0)
		cannot("protect");
}

static void protect_memory(int flags, uint64_t feature, bool swapped)
{
	char *at = map(64 * MIB, flags);

	fill(at, 8 * MIB);
	protect(watch_faults(at, 64 * MIB, UFFD_FEATURE_PAGEFAULT_FLAG_WP | feature,
			     UFFDIO_REGISTER_MODE_WP),
		at, 32 * MIB);
	if (swapped)
		swap_out(at, 4 * MIB);
}

static void protected(void)
{
	protect_memory(ANON, FEATURE_WP_UNPOPULATED, false);
}

static void protected_swapped(void)
{
	protect_memory(ANON, FEATURE_WP_UNPOPULATED, true);
}

static void protected_shared(void)
{
	protect_memory(MAP_SHARED | MAP_ANONYMOUS, FEATURE_WP_SHMEM, false);
}

static void poison(char *at, size_t size, char *poisoned, size_t length)
{
	struct poison p = {.range = {(uintptr_t)poisoned, length}};
	int fd = watch_faults(at, size, FEATURE_POISON, UFFDIO_REGISTER_MODE_MISSING);

	if (fd >= 0 && ioctl(fd, POISON, &p) < 0)
		cannot("poison");
}

static void poisoned(void)
{
	char *at = map(64 * MIB, ANON);

	fill(at, 4 * MIB);
	poison(at, 64 * MIB, at + 8 * MIB, 8 * MIB);
}

static void poisoned_swapped(void)
{
	char *at = map(64 * MIB, ANON);

	fill(at, 4 * MIB);
	poison(at, 64 * MIB, at + 8 * MIB, 8 * MIB);
	swap_out(at, 2 * MIB);
}

/* One mapping with two names: 32 MiB with guards and 4 MiB swapped, 32 MiB with 16 swapped. */
static void named_guards(void)
{
	char *at = map(64 * MIB, ANON);

	if (anonmem_name(at, 32 * MIB, "guards") < 0 ||
	    anonmem_name(at + 32 * MIB, 32 * MIB, "swapped") < 0)
		cannot("name");
	fill(at + 24 * MIB, 8 * MIB);
	fill(at + 32 * MIB, 16 * MIB);
	if (madvise(at, 24 * MIB, GUARD_INSTALL) < 0)
		cannot("install guards");
	swap_out(at + 24 * MIB, 4 * MIB);
	swap_out(at + 32 * MIB, 16 * MIB);
}

static void named_protected(void)
{
	char *at = map(64 * MIB, ANON);

	if (anonmem_name(at, 32 * MIB, "protected") < 0 ||
	    anonmem_name(at + 32 * MIB, 32 * MIB, "swapped") < 0)
		cannot("name");
	fill(at, 4 * MIB);
	fill(at + 32 * MIB, 16 * MIB);
	protect(watch_faults(at, 64 * MIB, UFFD_FEATURE_PAGEFAULT_FLAG_WP | FEATURE_WP_UNPOPULATED,
			     UFFDIO_REGISTER_MODE_WP),
		at, 32 * MIB);
	swap_out(at + 32 * MIB, 16 * MIB);
}

static void perf_ring(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = 1000000,
		.sample_type = PERF_SAMPLE_IP,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	char *at = mmap(NULL, 65 * 4096, WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		cannot("map a ring of perf");
	else
		read_all(at, 65 * 4096);
}

static void io_ring(void)
{
	struct io_uring_params p = {0};
	int fd = (int)syscall(SYS_io_uring_setup, 4096, &p);
	size_t size = p.sq_entries * sizeof(struct io_uring_sqe);
	char *at = mmap(NULL, size, WRITE, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQES);

	if (at == MAP_FAILED)
		cannot("map a ring of io_uring");
	else
		memset(at, 0, size);
}

static void packet_ring(void)
{
	struct tpacket_req r = {.tp_block_size = MIB,
				.tp_block_nr = 16,
				.tp_frame_size = 2048,
				.tp_frame_nr = 16 * 512};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_LOOPBACK));

	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &r, sizeof(r)) < 0 ||
	    mmap(NULL, 16 * MIB, WRITE, MAP_SHARED, fd, 0) == MAP_FAILED)
		cannot("map a ring of packets");
}

/* Mapped twice, so none of the pages is mapped exclusively. */
static void packet_ring_twice(void)
{
	struct tpacket_req r = {.tp_block_size = MIB,
				.tp_block_nr = 4,
				.tp_frame_size = 2048,
				.tp_frame_nr = 4 * 512};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_LOOPBACK));

	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &r, sizeof(r)) < 0 ||
	    mmap(NULL, 4 * MIB, WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ||
	    mmap(NULL, 4 * MIB, WRITE, MAP_SHARED, fd, 0) == MAP_FAILED)
		cannot("map a ring of packets");
}

static void zeros(void)
{
	char *small = map(16 * MIB, ANON), *huge = map(32 * MIB, ANON);

	madvise(small, 16 * MIB, MADV_NOHUGEPAGE);
	madvise(huge, 32 * MIB, MADV_HUGEPAGE);
	read_all(small, 16 * MIB);
	read_all(huge, 32 * MIB);
}

/* Huge pages, some of them mapped partly, and by a child. */
static void huge_pages(void)
{
	char *at = map(32 * MIB, ANON);

	madvise(at, 32 * MIB, MADV_HUGEPAGE);
	fill(at, 32 * MIB);
	munmap(at + 5 * MIB, 3 * 4096);
	mprotect(at + 9 * MIB, 5 * 4096, PROT_READ);
	if (in_child()) {
		munmap(at, 3 * MIB);
		stay();
	}
}

static void merged(void)
{
	char *at = map(32 * MIB, ANON);

	if (madvise(at, 32 * MIB, MADV_MERGEABLE) < 0)
		cannot("merge pages");
	for (size_t i = 0; i < 32 * MIB; i += 4096)
		memset(at + i, (int)(1 + i / 4096 % 3), 4096);
}

static void shared(void)
{
	char *at = map(32 * MIB, MAP_SHARED | MAP_ANONYMOUS);

	fill(at, 32 * MIB);
	for (size_t i = 1; i <= 3; i++) {
		if (in_child()) {
			read_all(at, i * 8 * MIB);
			stay();
		}
	}
}

static void shared_objects(void)
{
	int fd = memfd_create("odd name\n\033[31m", MFD_CLOEXEC);
	int id = shmget(IPC_PRIVATE, 16 * MIB, IPC_CREAT | 0600);
	char *all, *copied, *segment = id < 0 ? (char *)-1 : shmat(id, NULL, 0);

	if (fd < 0 || ftruncate(fd, 16 * MIB) < 0 || segment == (char *)-1) {
		cannot("make shared objects");
		return;
	}
	shmctl(id, IPC_RMID, NULL);
	fill(segment, 9 * MIB);
	all = mmap(NULL, 16 * MIB, WRITE, MAP_SHARED, fd, 0);
	copied = mmap(NULL, 16 * MIB, WRITE, MAP_PRIVATE, fd, 0);
	fill(all, 8 * MIB);
	fill(copied, 2 * MIB);
	read_all(copied, 16 * MIB);
}

static void locked(void)
{
	char *at = map(16 * MIB, ANON), *both = map(16 * MIB, MAP_SHARED | MAP_ANONYMOUS);

	if (mlock(at, 4 * MIB) < 0 || mlock(both, 2 * MIB) < 0)
		cannot("lock memory");
	if (in_child())
		stay();
}

static void secret(void)
{
	int fd = (int)syscall(SYS_memfd_secret, 0);
	char *at;

	if (fd < 0 || ftruncate(fd, 4 * MIB) < 0 ||
	    (at = mmap(NULL, 4 * MIB, WRITE, MAP_SHARED, fd, 0)) == MAP_FAILED)
		cannot("map secret memory");
	else
		fill(at, 2 * MIB);
}

static void freed_lazily(void)
{
	char *at = map(16 * MIB, ANON);

	fill(at, 16 * MIB);
	madvise(at, 8 * MIB, MADV_FREE);
}

static void device_of_zeros(void)
{
	int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);

	fill(mmap(NULL, 16 * MIB, WRITE, MAP_PRIVATE, fd, 0), 8 * MIB);
	fill(mmap(NULL, 16 * MIB, WRITE, MAP_SHARED, fd, 0), 4 * MIB);
}

static void swapped(void)
{
	char *at = map(32 * MIB, ANON), *other = map(8 * MIB, ANON);

	fill(at, 32 * MIB);
	fill(other, 8 * MIB);
	swap_out(at, 24 * MIB);
	if (in_child()) {
		read_all(at, 8 * MIB);
		stay();
	}
}

static void swapped_shared(void)
{
	char *at = map(16 * MIB, MAP_SHARED | MAP_ANONYMOUS);

	fill(at, 16 * MIB);
	swap_out(at, 8 * MIB);
}

/* The main thread ends; this one ends the process. */
static void *wait_for_input(void *arg)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	_exit(0);
	return arg;
}

static void without_first_thread(void)
{
	pthread_t thread;

	fill(map(16 * MIB, ANON), 16 * MIB);
	if (pthread_create(&thread, NULL, wait_for_input, NULL) != 0) {
		cannot("make a thread");
		return;
	}
	puts("ready");
	fflush(stdout);
	pthread_exit(NULL);
}

static void map_many(int count)
{
	for (int i = 0; i < count; i++) {
		char *at = mmap(NULL, 4096, i % 2 ? WRITE : PROT_READ, ANON, -1, 0);

		if (at == MAP_FAILED)
			return;
		if (i % 2)
			*at = 1;
	}
}

static void many_mappings(void)
{
	map_many(20000);
}

/* More than the kernel's default limit. */
static void too_many_mappings(void)
{
	map_many(150000);
}

/* Mappings that move upwards together without pause (possible with one call since Linux 6.17),
 * always ahead of the reader. */
static void *move_on(void *arg)
{
	enum { PAGES = 8192, SIZE = PAGES * 4096 };
	const uintptr_t begin = 0x100000000000, end = 0x600000000000;
	char *at = mmap((void *)begin, SIZE, WRITE, ANON | MAP_FIXED, -1, 0);

	(void)arg;
	for (size_t i = 0; i < PAGES; i += 2)
		mprotect(at + i * 4096, 4096, PROT_READ);
	for (;;) {
		uintptr_t next = (uintptr_t)at + 2 * SIZE;

		if (next >= end)
			next = begin;
		at = mremap(at, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)next);
		if (at == MAP_FAILED)
			break;
	}
	return NULL;
}

static void runaway(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, move_on, NULL) != 0)
		cannot("make a thread");
}

/* 8 MiB private, 4 MiB shared. */
static void hugetlb(void)
{
	char *own = mmap(NULL, 8 * MIB, WRITE, ANON | MAP_HUGETLB, -1, 0);
	char *both = mmap(NULL, 4 * MIB, WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (own == MAP_FAILED || both == MAP_FAILED) {
		cannot("map huge pages");
		return;
	}
	memset(own, 1, 8 * MIB);
	memset(both, 1, 4 * MIB);
	if (in_child()) {
		read_all(both, 4 * MIB);
		stay();
	}
}

const struct situation situations[] = {
	{"guards", guards},
	{"protected", protected},
	{"protected-swapped", protected_swapped},
	{"protected-shared", protected_shared},
	{"poisoned", poisoned},
	{"poisoned-swapped", poisoned_swapped},
	{"named-guards", named_guards},
	{"named-protected", named_protected},
	{"perf-ring", perf_ring},
	{"io-ring", io_ring},
	{"packet-ring", packet_ring},
	{"packet-ring-twice", packet_ring_twice},
	{"zeros", zeros},
	{"huge-pages", huge_pages},
	{"merged", merged},
	{"shared", shared},
	{"shared-objects", shared_objects},
	{"locked", locked},
	{"secret", secret},
	{"freed-lazily", freed_lazily},
	{"device-of-zeros", device_of_zeros},
	{"swapped", swapped},
	{"swapped-shared", swapped_shared},
	{"without-first-thread", without_first_thread},
	{"many-mappings", many_mappings},
	{"too-many-mappings", too_many_mappings},
	{"runaway", runaway},
	{"hugetlb", hugetlb},
	{NULL, NULL},
};
