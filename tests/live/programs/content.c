/* content MODE: memory of one kind, of which the size is known; says "ready" and waits. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MIB	      ((size_t)1 << 20)
#define GUARD_INSTALL 102 /* MADV_GUARD_INSTALL, from Linux 6.13 on */

static char *map(size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	madvise(p, size, MADV_NOHUGEPAGE);
	return p;
}

/* Between memory that nobody may touch, so that the kernel merges it with nothing. */
static char *map_alone(size_t size)
{
	char *p = mmap(NULL, size + 2 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + MIB, size, PROT_READ | PROT_WRITE) < 0)
		exit(1);
	return memset(p + MIB, 1, size);
}

static void chunks(void)
{
	for (int i = 0; i < 20; i++)
		memset(malloc(MIB), 1, MIB);
}

/* Made by hand: the first words of a chunk that ends anywhere, and of one with another flag. */
static void lookalikes(void)
{
	const uint64_t chunk[] = {0, MIB | 2}, arena[] = {0, 8 * MIB | 6};

	memcpy(map_alone(4 * MIB), chunk, sizeof(chunk));
	memcpy(map_alone(8 * MIB), arena, sizeof(arena));
}

/* A whole chunk made by hand, where malloc(3) once had as much. */
static void imitation(void)
{
	const size_t size = 4 * MIB, chunk[] = {0, size | 2};
	void *volatile freed = malloc(size);

	memcpy(map_alone(size), chunk, sizeof(chunk));
	free(freed);
}

static void *use_stack(void *arg)
{
	char bytes[256 * 1024];

	memset(bytes, 1, sizeof(bytes));
	__asm__ volatile("" ::"r"(bytes) : "memory");
	pause();
	return arg;
}

static void stacks(void)
{
	pthread_t thread;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, use_stack, NULL);
}

/* As from glibc 2.42 on: guard pages are a part of the mapping, and other memory lies above. */
static void merged_stacks(void)
{
	char *all = map(40 * MIB);
	pthread_attr_t attributes;
	pthread_t thread;

	memset(all + 32 * MIB, 1, 8 * MIB);
	for (size_t i = 0; i < 4; i++) {
		madvise(all + i * 8 * MIB, 4096, GUARD_INSTALL);
		pthread_attr_init(&attributes);
		pthread_attr_setstack(&attributes, all + i * 8 * MIB, 8 * MIB);
		pthread_create(&thread, &attributes, use_stack, NULL);
	}
}

/* Behind a guard page and as large as a stack, but an allocator's. */
static void partition(void)
{
	char *p = mmap(NULL, 8 * MIB + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(p + 4096, 8 * MIB, PROT_READ | PROT_WRITE);
	memset(p + 4096, 1, MIB);
	memset(p + 8 * MIB, 1, 4096);
}

static void *wait_for_ever(void *arg)
{
	pause();
	return arg;
}

/* Too small to be known by their size alone, or too little used to be read. */
static void small_stacks(void)
{
	static const size_t sizes[] = {64 * 1024, 128 * 1024, MIB, 8 * MIB};
	pthread_attr_t attributes;
	pthread_t thread;

	for (size_t i = 0; i < 8; i++) {
		pthread_attr_init(&attributes);
		pthread_attr_setstacksize(&attributes, sizes[i % 4]);
		pthread_create(&thread, &attributes, wait_for_ever, NULL);
	}
}

/* Behind a guard page, with a thread's stack of 64 KiB in it. */
static void make_area(size_t size, size_t stack)
{
	char *p = mmap(NULL, size + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		       -1, 0);
	pthread_attr_t attributes;
	pthread_t thread;

	if (p == MAP_FAILED || mprotect(p + 4096, size, PROT_READ | PROT_WRITE) < 0)
		exit(1);
	p += 4096;
	madvise(p, size, MADV_NOHUGEPAGE);
	memset(p, 1, 16384);
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, p + stack, 65536);
	pthread_create(&thread, &attributes, wait_for_ever, NULL);
}

/* An allocator's areas, which are no stacks only because they contain one. */
static void areas(void)
{
	make_area(4 * MIB, MIB);
	make_area(1024 * MIB, 512 * MIB);
}

/* The same, with the stack at the end, where its thread shows. */
static void ends_of_areas(void)
{
	make_area(4 * MIB, 4 * MIB - 65536);
	make_area(1024 * MIB, 1024 * MIB - 65536);
}

static void handle(int number)
{
	wait_for_ever(&number);
}

/* A thread that handles a signal on another stack. */
static void *handle_apart(void *arg)
{
	stack_t stack = {.ss_sp = map_alone(32768), .ss_size = 32768};
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	pthread_kill(pthread_self(), SIGUSR1);
	return arg;
}

static void alternate(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, handle_apart, NULL);
}

__asm__(".section .text\n.balign 2097152\n.globl text\ntext:\n.fill 4194304,1,0x90\nret\n"
	".balign 4096\n");
extern char text[];

static void move_text(void)
{
	size_t size = 4 * MIB;
	char *copy = map(size);

	memcpy(copy, text, size);
	mmap(text, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memcpy(text, copy, size);
	munmap(copy, size);
	mprotect(text, size, PROT_READ | PROT_EXEC);
}

static void executable_heap(void)
{
	char *p = map(64 * MIB);

	memset(p, 1, 64 * MIB);
	mprotect(p, 64 * MIB, PROT_READ | PROT_WRITE | PROT_EXEC);
}

/* A chunk that somebody watches: what is not there of it, nobody brings. */
static void watched(void)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	char *p = malloc(8 * MIB) - 16;
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);

	memset(p + 16, 1, MIB);
	range.range.start = (uintptr_t)p;
	range.range.len = 8 * MIB;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0 || ioctl(fd, UFFDIO_REGISTER, &range) < 0) {
		puts("cannot");
		exit(0);
	}
}

static const struct {
	const char *name;
	void (*run)(void);
} modes[] = {
	{"chunks", chunks},	   {"lookalikes", lookalikes}, {"stacks", stacks},
	{"merged", merged_stacks}, {"partition", partition},   {"text", move_text},
	{"heap", executable_heap}, {"watched", watched},       {"imitation", imitation},
	{"small", small_stacks},   {"areas", areas},	       {"ends", ends_of_areas},
	{"alternate", alternate},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(*modes); i++) {
		if (strcmp(argv[1], modes[i].name) == 0)
			modes[i].run();
	}
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
