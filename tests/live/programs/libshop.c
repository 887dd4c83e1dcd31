/* Maps memory in exported functions, and in one that only the full symbol table has. */
#include <sys/mman.h>

static __attribute__((noinline)) void *grow(unsigned long size)
{
	void *at = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	__builtin_memset(at, 1, size);
	return at;
}

void *shop_cache(unsigned long size)
{
	return grow(size);
}

void *shop_pool(unsigned long size)
{
	void *at = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	__builtin_memset(at, 1, size);
	return at;
}
