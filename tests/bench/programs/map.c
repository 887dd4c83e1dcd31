/*
 * map COUNT: maps 64 KiB, writes to it and unmaps it, COUNT times; prints the average duration in
 * nanoseconds.
 */
#include "common.h"

int main(int argc, char **argv)
{
	const size_t size = 64 * 1024;
	long count = argc > 1 ? atol(argv[1]) : 0;
	long long begin = now_ns();

	if (count < 1) {
		fputs("usage: map COUNT\n", stderr);
		return 2;
	}
	for (long i = 0; i < count; i++) {
		char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
				0);

		if (at == MAP_FAILED)
			fail("mmap");
		memset(at, 1, size);
		munmap(at, size);
	}
	printf("%lld\n", (now_ns() - begin) / count);
	return 0;
}
