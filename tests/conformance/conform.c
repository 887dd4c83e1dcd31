/*
 * conform ANONMEM SEED SEQUENCES: does everything possible to memory and its names, and prints the
 * results: the error of each call, and then the mappings as `anonmem --by mapping` shows them. The
 * text is the same on every kernel that keeps names, and under `anonmem run` on others.
 *
 * First come fixed cases, then random sequences, many per process; at the end of each process, a
 * child continues with what it inherited. Every case and sequence has its own addresses, far from
 * all others. Pages are not touched, since that would influence whether mappings merge.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA	     0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

enum { PAGE = 4096, PAGES = 64, ARENA = 1 << 20, ARENAS = 200, RW = PROT_READ | PROT_WRITE };
#define BASE UINT64_C(0x4000000000)

static const char *anonmem;
static unsigned arena; /* the current one */

static char *at(unsigned page)
{
	return (char *)(uintptr_t)(BASE + (uint64_t)arena * ARENA + (uint64_t)page * PAGE);
}

/* Prints the mappings in the arenas by address. */
static void show(pid_t pid)
{
	char command[1024], line[1024];
	FILE *in;

	fflush(stdout);
	snprintf(command, sizeof(command),
		 "env -u LD_PRELOAD '%s' --pid %d --by mapping --sort start --csv -q -o size "
		 "--no-header",
		 anonmem, pid);
	in = popen(command, "re");
	if (!in)
		err(1, "popen");
	while (fgets(line, sizeof(line), in)) {
		uint64_t start = strtoull(line, NULL, 16);

		if (start >= BASE && start < BASE + (uint64_t)ARENAS * ARENA)
			fputs(line, stdout);
	}
	if (pclose(in) != 0)
		errx(1, "anonmem failed");
}

static int result(long value)
{
	int error = value == -1 ? errno : 0;

	printf("%d ", error);
	return error;
}

static int name(void *address, size_t len, const char *text)
{
	return result(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, address, len, text));
}

static int map(unsigned page, unsigned pages, int access, int flags, int fd)
{
	void *memory = mmap(at(page), (size_t)pages * PAGE, access, flags | MAP_FIXED, fd, 0);

	return result(memory == MAP_FAILED ? -1 : 0);
}

static int map_anonymous(unsigned page, unsigned pages)
{
	return map(page, pages, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* Fixed cases: names, ranges, kinds of memory, and what happens to names. */

static void case_names(void)
{
	char text[256] = "";
	unsigned page = 0;

	map_anonymous(0, PAGES);
	for (unsigned len = 77; len < 83; len++) {
		memset(text, 'x', len);
		text[len] = '\0';
		name(at(page++), PAGE, text);
	}
	for (unsigned byte = 1; byte < 256; byte++) {
		snprintf(text, sizeof(text), "<%c>", (int)byte);
		name(at(page++ % PAGES), PAGE, text);
	}
	name(at(10), PAGE, "");
	name(at(11), PAGE, " ");
	name(at(12), PAGE, " a  ");
	name(at(13), PAGE, "heap (deleted) /usr/lib/x.so");
	name(at(14), PAGE, "(a/b) c:d");
	name(at(15), PAGE, "\303\251");
	name(at(16), PAGE, (const char *)8);
	name(at(20), 9 * PAGE, NULL);
	memset(text, 'y', sizeof(text));
	name(at(17), PAGE, text);
	result(prctl(PR_SET_VMA, 1, at(0), PAGE, "sub-option"));
}

static void case_ranges(void)
{
	map_anonymous(0, 32);
	name(at(0), 32 * PAGE, "all");
	name(at(1) + 1, PAGE, "unaligned");
	name(at(1), 1, "rounded up");
	name(at(2), PAGE + 1, "two pages");
	name(at(5), 0, "nothing");
	name(at(5), SIZE_MAX, "wraps");
	name(at(5), SIZE_MAX - PAGE, "wraps too");
	name(at(5), (size_t)-1 - (uintptr_t)at(5), "to the top");
	name(at(5), 0, "bad $");
	result(munmap(at(10), PAGE));
	name(at(8), 5 * PAGE, "hole");
	name(at(10), PAGE, "only hole");
	name(at(30), 10 * PAGE, "behind the end");
	name(at(40), PAGE, "unmapped");
	name(at(40), PAGE, NULL);
}

static void case_kinds(void)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), zero = open("/dev/zero", O_RDWR);
	int memfd = memfd_create("conform", MFD_CLOEXEC);
	int sysv = shmget(IPC_PRIVATE, PAGE, 0600);

	if (ftruncate(memfd, 4 * PAGE) < 0)
		err(1, "memfd");
	map_anonymous(0, 3);
	map(1, 1, RW, MAP_PRIVATE, file);
	name(at(1), PAGE, "file");
	*at(1) = 1;
	name(at(1), PAGE, "copied on writing");
	name(at(0), 3 * PAGE, "as far as the file");
	map(4, 4, RW, MAP_SHARED | MAP_ANONYMOUS, -1);
	name(at(5), PAGE, "shared");
	map(10, 4, RW, MAP_SHARED, memfd);
	name(at(10), 2 * PAGE, "memfd");
	map(15, 4, RW, MAP_PRIVATE, memfd);
	name(at(15), 4 * PAGE, "private memfd");
	map(20, 2, RW, MAP_SHARED, zero);
	name(at(20), 2 * PAGE, "shared zero");
	map(23, 2, RW, MAP_PRIVATE, zero);
	name(at(23), 2 * PAGE, "private zero");
	result(shmat(sysv, at(26), 0) == at(26) ? 0 : -1);
	name(at(26), PAGE, "sysv");
	shmctl(sysv, IPC_RMID, NULL);
	map_anonymous(30, 2);
	name(at(30), 2 * PAGE, "under the segment");
	sysv = shmget(IPC_PRIVATE, PAGE, 0600);
	result(shmat(sysv, at(30), SHM_REMAP) == at(30) ? 0 : -1);
	shmctl(sysv, IPC_RMID, NULL);
	name(sbrk(0), 0, "heap");
	name((void *)((uintptr_t)&sysv / PAGE * PAGE), PAGE, "stack");
	name((void *)(uintptr_t)0xffffffffff600000, PAGE, "vsyscall");
	close(file);
	close(zero);
	close(memfd);
}

static void move(unsigned from, unsigned len, unsigned to, unsigned new_len, int flags)
{
	void *memory = mremap(at(from), (size_t)len * PAGE, (size_t)new_len * PAGE,
			      MREMAP_MAYMOVE | flags, at(to));

	result(memory == MAP_FAILED ? -1 : 0);
}

static void case_changes(void)
{
	map_anonymous(0, 10);
	name(at(0), 6 * PAGE, "A");
	name(at(6), 2 * PAGE, "B");
	name(at(2), PAGE, "C");
	name(at(2), PAGE, "A");
	result(mprotect(at(0), PAGE, PROT_READ));
	move(6, 2, 20, 4, MREMAP_FIXED);
	move(20, 4, 30, 2, MREMAP_FIXED);
	map_anonymous(40, 4);
	name(at(40), 4 * PAGE, "old");
	map_anonymous(40, 2);
	move(42, 1, 50, 1, MREMAP_FIXED | MREMAP_DONTUNMAP);
	result(munmap(at(3), PAGE));
	result(munmap(at(4) + 1, PAGE));
	result(munmap(at(4), 0));
	map_anonymous(3, 1);
	map(60, 2, RW, MAP_SHARED | MAP_ANONYMOUS, -1);
	name(at(60), 2 * PAGE, "twice");
	move(60, 0, 62, 2, MREMAP_FIXED);
}

static void (*const cases[])(void) = {case_names, case_ranges, case_kinds, case_changes};
enum { CASES = sizeof(cases) / sizeof(*cases) };

/* Random sequences. */

static uint64_t state;

static unsigned below(unsigned limit)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)((state >> 32) * limit >> 32);
}

/* The contents of a page, used to avoid what kernels themselves disagree about: moving several
 * mappings at once. */
struct content {
	int object; /* 0 none, 1 private, else the number of a shared object */
	int access, name, offset;
};
static struct content contents[ARENAS][PAGES];
static int objects = 1;

static void fill(unsigned page, unsigned pages, struct content c)
{
	for (unsigned i = 0; i < pages; i++) {
		contents[arena][page + i] = c;
		c.offset += c.object > 1;
	}
}

static bool is_one(unsigned page, unsigned pages)
{
	const struct content *c = &contents[arena][page];

	for (unsigned i = 0; i < pages; i++) {
		if (c[i].object == 0 || c[i].object != c->object || c[i].access != c->access ||
		    c[i].name != c->name || c[i].offset != c->offset + (c->object > 1 ? (int)i : 0))
			return false;
	}
	return true;
}

static void random_map(unsigned page, unsigned pages)
{
	static const int accesses[] = {RW, RW, RW, PROT_READ, PROT_NONE};
	struct content c = {1, accesses[below(5)], 0, 0};
	bool shared = below(6) == 0;

	if (shared)
		c.object = ++objects;
	if (map(page, pages, c.access, MAP_ANONYMOUS | (shared ? MAP_SHARED : MAP_PRIVATE), -1) ==
	    0)
		fill(page, pages, c);
}

static void random_name(unsigned page, unsigned pages)
{
	static const char *const names[] = {NULL, "a", "b", "", "c (deleted)", "  "};
	int chosen = (int)below(6);

	name(at(page), (size_t)pages * PAGE, names[chosen]);
	for (unsigned i = 0; i < pages; i++)
		contents[arena][page + i].name = chosen;
}

static void random_move(unsigned page, unsigned pages)
{
	unsigned new_pages = 1 + below(8), to = below(PAGES - 8);
	struct content c = contents[arena][page];
	void *memory;

	if (!is_one(page, pages) || (to < page + pages && page < to + new_pages))
		return;
	if (c.object > 1 && new_pages > pages)
		new_pages = pages;
	memory = mremap(at(page), (size_t)pages * PAGE, (size_t)new_pages * PAGE,
			MREMAP_MAYMOVE | MREMAP_FIXED, at(to));
	if (result(memory == MAP_FAILED ? -1 : 0) != 0)
		return;
	fill(page, pages, (struct content){0});
	fill(to, new_pages, c);
}

static void random_access(unsigned page, unsigned pages)
{
	int access = below(2) ? RW : PROT_READ;

	if (!is_one(page, pages)) /* the call would stop at the first hole */
		return;
	result(mprotect(at(page), (size_t)pages * PAGE, access));
	for (unsigned i = 0; i < pages; i++)
		contents[arena][page + i].access = access;
}

static void random_sequence(unsigned length)
{
	for (unsigned i = 0; i < length; i++) {
		unsigned page = below(PAGES - 8), pages = 1 + below(8);

		switch (below(12)) {
		case 0:
		case 1:
		case 2:
			random_map(page, pages);
			break;
		case 3:
			if (result(munmap(at(page), (size_t)pages * PAGE)) == 0)
				fill(page, pages, (struct content){0});
			break;
		case 4:
		case 5:
			random_move(page, pages);
			break;
		case 6:
			random_access(page, pages);
			break;
		default:
			random_name(page, pages);
			break;
		}
	}
	putchar('\n');
}

/* A process with all its arenas, and a child that continues. */
static void run_batch(unsigned count, bool known)
{
	int ready[2];
	pid_t child;
	char byte;

	for (arena = 0; arena < count; arena++) {
		if (known)
			cases[arena]();
		else
			random_sequence(30);
	}
	putchar('\n');
	fflush(stdout);
	if (pipe(ready) < 0)
		err(1, "pipe");
	child = fork();
	if (child == 0) {
		for (arena = 0; arena < count; arena++)
			random_sequence(5);
		fflush(stdout);
		close(ready[1]);
		pause();
	}
	close(ready[1]);
	while (read(ready[0], &byte, 1) > 0)
		;
	puts("parent");
	show(getpid());
	puts("child");
	show(child);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	fflush(stdout);
}

/* Starts a process with empty arenas. */
static void start_batch(unsigned count, bool known)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		run_batch(count, known);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (status != 0)
		errx(1, "a batch ended with %d", status);
}

int main(int argc, char **argv)
{
	unsigned wanted;

	if (argc != 4)
		errx(2, "usage: conform ANONMEM SEED SEQUENCES");
	anonmem = argv[1];
	state = strtoull(argv[2], NULL, 10);
	wanted = (unsigned)strtoul(argv[3], NULL, 10);
	start_batch(CASES, true);
	for (unsigned done = 0; done < wanted; done += ARENAS) {
		state += done + 1;
		start_batch(ARENAS, false);
	}
	return 0;
}
