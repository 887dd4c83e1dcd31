/* The mappings differ in size. The C library maps and grows the large malloc(). */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

void *shop_cache(unsigned long), *shop_pool(unsigned long); /* in libshop.c */

static void *sleeper(void *at)
{
	pause();
	return at;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	pthread_attr_t attributes;
	char *large = malloc(20 * MIB), *moved, *own;

	errno = 42;
	shop_cache(3 * MIB);
	shop_pool(2 * MIB);
	if (errno != 42)
		return 2;
	memset(large, 1, 20 * MIB);
	large = realloc(large, 30 * MIB);
	memset(large, 1, 30 * MIB);
	own = mmap(0, 5 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(own, 1, 5 * MIB);
	prctl(PR_SET_VMA, 0, own, MIB, "own name");
	moved = shop_cache(7 * MIB);
	if (munmap(moved, 3 * MIB) < 0)
		return 3;
	free(malloc(40 * MIB));
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, MIB);
	pthread_create(&thread, &attributes, sleeper, large);
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
