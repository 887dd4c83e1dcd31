/*
 * Where the library that `anonmem run --heaps` preloads begins: before all other libraries,
 * including the C library (-z initfirst). So nothing may be called here that needs more of the C
 * library than the dynamic linker has set up.
 */
#include "heaps/asker.h"
#include "heaps/heap.h"
#include "heaps/malloc.h"
#include "heaps/published.h"
#include "heaps/thread.h"
#include "label/keep.h"
#include "label/name.h"
#include "preload/libc.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((visibility("default"))) int dlclose(void *library)
{
	static int (*real)(void *);
	int status;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "dlclose");
	status = real ? real(library) : -1;
	asker_forget();
	return status;
}

/* The C library does this too, but later. Where it has not, no other code has run, and nobody has
 * made a table of names. */
__attribute__((constructor(101))) static void begin_first(int argc, char **argv, char **env)
{
	(void)argc;
	(void)argv;
	if (environ)
		return;
	environ = env;
	if (name_kernel_keeps() != 1)
		keep_prepare_first();
}

/* A program with its own malloc() keeps it. In a program that is not position-independent, the
 * symbol may only be an entry of its procedure linkage table, which calls the C library's. */
static bool uses_the_c_library(void)
{
	size_t size = 0;
	void *found = dlsym(RTLD_DEFAULT, "malloc"), *wanted = libc_find("malloc", &size);
	const ElfW(Sym) *symbol = NULL;
	Dl_info info;

	if (found && found != wanted &&
	    dladdr1(found, &info, (void **)(void *)&symbol, RTLD_DL_SYMENT) && symbol &&
	    symbol->st_shndx == SHN_UNDEF)
		found = dlsym(RTLD_NEXT, "malloc");
	return found && found == wanted;
}

static bool is_set(const char *variable, const char *wanted)
{
	const char *value = getenv(variable);

	return value && strcmp(value, wanted) == 0;
}

__attribute__((constructor)) static void begin(void)
{
	asker_begin(is_set("ANONMEM_HEAPS", "caller"), is_set("ANONMEM_LABEL", "function"),
		    getenv("ANONMEM_THROUGH"));
	if (!uses_the_c_library() || !heap_begin() || !thread_begin())
		return;
	if (pthread_atfork(NULL, NULL, published_after_fork) != 0)
		return;
	published_begin();
	malloc_replace();
}
