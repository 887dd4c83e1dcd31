/* A program that maps memory; with OWN_MMAP it uses its own mmap(), like some allocators and
 * sanitizers. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <sys/mman.h>

#ifdef OWN_MMAP
void *mmap(void *at, size_t size, int access, int flags, int fd, off_t offset)
{
	static void *(*next)(void *, size_t, int, int, int, off_t);

	if (!next)
		next = (void *(*)(void *, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, "mmap");
	return next(at, size, access, flags, fd, offset);
}
#endif

int main(void)
{
	char *at = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 1 << 20; i += 4096)
		at[i] = 1;
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
