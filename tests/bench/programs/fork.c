/*
 * fork MAPPINGS PAGES named|unnamed: a process with MAPPINGS mappings of ten pages each, PAGES of
 * them resident, with distinct names of 79 bytes or without names.
 *
 * Prints "ready"; then, for every line on stdin, the duration of a fork() in nanoseconds. Ends when
 * stdin closes.
 */
#include "anonmem/anonmem.h"
#include "common.h"

#include <sys/wait.h>

enum { MAPPING_PAGES = 10 };

static void name(char *at, size_t bytes, long number)
{
	if (anonmem_namef(at, bytes, "%079ld", number) < 0)
		fail("name");
}

/* Neighbours differ in a flag, so that they do not merge. */
static void make_mappings(long count, long pages, int named)
{
	size_t bytes = MAPPING_PAGES * page_bytes();
	char *memory = mmap(NULL, (size_t)count * bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		fail("memory");
	madvise(memory, (size_t)count * bytes, MADV_NOHUGEPAGE);
	for (long i = 0; i < count; i++) {
		char *at = memory + (size_t)i * bytes;

		if (i % 2 && madvise(at, bytes, MADV_DONTDUMP) < 0)
			fail("more mappings than vm.max_map_count");
		if (named)
			name(at, bytes, i);
		for (long page = 0; page < pages; page++)
			at[(size_t)page * page_bytes()] = 1;
	}
}

static long long time_fork(void)
{
	long long begin = now_ns(), ns;
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	ns = now_ns() - begin;
	if (child < 0 || waitpid(child, NULL, 0) < 0)
		fail("fork");
	return ns;
}

int main(int argc, char **argv)
{
	char line[16];

	if (argc != 4) {
		fputs("usage: fork MAPPINGS PAGES named|unnamed\n", stderr);
		return 2;
	}
	make_mappings(atol(argv[1]), atol(argv[2]), strcmp(argv[3], "named") == 0);
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		printf("%lld\n", time_fork());
		fflush(stdout);
	}
	return 0;
}
