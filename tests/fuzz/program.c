/* The file of a program to run, and of a library with a function: both are ELF, or claim to be. */
#include "cli/program.h"
#include "preload/symbol.h"

#include "fuzz.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LEAST = 4096, MOST = 1 << 16 };

/* The same bytes as the file and as its loaded image. */
static void find_symbol(const uint8_t *data, char *path, uintptr_t address)
{
	struct link_map map = {.l_name = path};
	const struct dl_find_object object = {.dlfo_map_start = (void *)(uintptr_t)data,
					      .dlfo_link_map = &map};
	char name[80];

	if (symbol_find(&object, address, name, sizeof(name)))
		CHECK(strlen(name) > 0 && strlen(name) < sizeof(name) && !strchr(name, '.'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = calloc(1, size < LEAST ? LEAST : size);
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	char path[64];

	CHECK(bytes && fd >= 0);
	if (size > MOST)
		size = MOST;
	if (size)
		memcpy(bytes, data, size);
	size = size < LEAST ? LEAST : size;
	CHECK(write(fd, bytes, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	find_symbol(bytes, path, 0x1000);
	find_symbol(bytes, path, data && size > 2000 ? bytes[2000] * 16u : 0);
	CHECK(program_preloading(path) <= PRELOAD_SECURE);
	close(fd);
	free(bytes);
	return 0;
}
