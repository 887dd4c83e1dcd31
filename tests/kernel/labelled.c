/*
 * Memory with labels that is known to the byte: see `regions`. Prints "ready" and waits for the end
 * of standard input. With a number, also touches that many MiB as [anon:test: big], to have more
 * than fits in memory.
 */
#include "anonmem/anonmem.h"

#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, MIB = 1024 * 1024 };

static const struct region {
	const char *name; /* NULL for none */
	size_t size, touched;
	bool shared;	 /* shared anonymous memory */
	bool with_child; /* also mapped by a child */
} regions[] = {
	{"test: cache", 256 * PAGE, 128 * PAGE, false, false},
	{" Test: leading blank", 16 * PAGE, 16 * PAGE, false, false},
	{"", 8 * PAGE, 8 * PAGE, false, false},
	{"a (deleted) /usr/lib/x.so", 8 * PAGE, 4 * PAGE, false, false},
	{"test: inherited", 64 * PAGE, 64 * PAGE, false, true},
	{"test: shared", 32 * PAGE, 32 * PAGE, true, true},
	{"test: untouched", 64 * PAGE, 0, false, false},
};

static char *map(size_t size, int sharing, int fd)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, sharing, fd, 0);

	if (memory == MAP_FAILED)
		err(1, "mmap");
	return memory;
}

static char *make(const struct region *r)
{
	char *memory = map(r->size, MAP_ANONYMOUS | (r->shared ? MAP_SHARED : MAP_PRIVATE), -1);

	if (anonmem_name(memory, r->size, r->name) < 0)
		err(1, "naming \"%s\"", r->name);
	memset(memory, 1, r->touched);
	return memory;
}

static void make_memfd(void)
{
	enum { SIZE = 24 * PAGE };
	int fd = memfd_create("test: a memfd", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, SIZE) < 0)
		err(1, "memfd_create");
	memset(map(SIZE, MAP_SHARED, fd), 1, SIZE);
}

int main(int argc, char **argv)
{
	enum { COUNT = sizeof(regions) / sizeof(*regions) };
	char *memory[COUNT], *big;
	size_t size = argc > 1 ? strtoul(argv[1], NULL, 10) * MIB : 0;
	sigset_t ready;
	pid_t child;
	int number;

	setvbuf(stdin, NULL, _IONBF, 0); /* otherwise waiting would allocate memory */
	sigemptyset(&ready);
	sigaddset(&ready, SIGUSR1);
	sigprocmask(SIG_BLOCK, &ready, NULL);
	for (size_t i = 0; i < COUNT; i++)
		memory[i] = make(&regions[i]);
	make_memfd();
	child = fork();
	if (child < 0)
		err(1, "fork");
	for (size_t i = 0; child == 0 && i < COUNT; i++) {
		if (!regions[i].with_child)
			munmap(memory[i], regions[i].size);
		for (size_t at = 0; regions[i].with_child && at < regions[i].touched; at += PAGE)
			(void)*(volatile char *)(memory[i] + at);
	}
	if (child == 0) {
		kill(getppid(), SIGUSR1);
		pause();
		_exit(0);
	}
	if (size) {
		big = map(size, MAP_ANONYMOUS | MAP_PRIVATE, -1);
		if (anonmem_name(big, size, "test: big") < 0)
			err(1, "naming");
		for (size_t at = 0; at < size; at += PAGE)
			big[at] = (char)at;
	}
	sigwait(&ready, &number);
	printf("ready %d\n", child);
	fflush(stdout);
	while (getchar() != EOF)
		;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return 0;
}
