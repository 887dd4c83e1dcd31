// What a user of libanonmem writes: every function of the header, in C++.
#include <anonmem/anonmem.h>

#include <cerrno>
#include <cstdio>

int main()
{
	const std::size_t size = 16384;
	void *memory = anonmem_map(size, "library: memory");

	if (!memory)
		return 1;
	const bool right = anonmem_kernel_keeps_names() >= 0 &&
			   anonmem_name(memory, size, "library: named") == 0 &&
			   anonmem_namef(memory, size, "library: %d", 1) == 0 &&
			   anonmem_clear(memory, size) == 0 &&
			   anonmem_name(memory, size, "]") == -1 && errno == EINVAL;
	std::puts(right ? "right" : "wrong");
	return right ? 0 : 1;
}
