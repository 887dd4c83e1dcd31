/*
 * The only file that includes libproc2. The program is not linked with it: on Debian it brings
 * libsystemd and seven more libraries along, which cost every `anonmem run` a millisecond.
 */
#include "source/meminfo.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include <libproc2/meminfo.h>

const struct meminfo_names meminfo_names[MEMINFO_COUNT] = {
	[MEMINFO_TOTAL] = {"MemTotal", "mem_total"},
	[MEMINFO_FREE] = {"MemFree", "mem_free"},
	[MEMINFO_AVAILABLE] = {"MemAvailable", "mem_available"},
	[MEMINFO_CACHE] = {"Cached", "cached"},
	[MEMINFO_ANON_PAGES] = {"AnonPages", "anon_pages"},
	[MEMINFO_SHARED_MEMORY] = {"Shmem", "shmem"},
	[MEMINFO_MAPPED_FILES] = {"Mapped", "mapped"},
	[MEMINFO_SWAP] = {"SwapTotal", "swap_total"},
	[MEMINFO_SWAP_UNUSED] = {"SwapFree", "swap_free"},
};

static struct {
	__typeof__(procps_meminfo_new) *create;
	__typeof__(procps_meminfo_get) *get;
	__typeof__(procps_meminfo_unref) *unref;
} proc;

/* What dlsym() finds is no pointer to a function, for C. */
static bool find(void *handle, const char *name, void *to)
{
	void *function = dlsym(handle, name);

	memcpy(to, &function, sizeof(function));
	return function != NULL;
}

static bool load(void)
{
	void *handle = dlopen(ANONMEM_LIBPROC2, RTLD_NOW | RTLD_LOCAL);

	return handle && find(handle, "procps_meminfo_new", &proc.create) &&
	       find(handle, "procps_meminfo_get", &proc.get) &&
	       find(handle, "procps_meminfo_unref", &proc.unref);
}

int meminfo_load(struct error *e)
{
	static bool loaded;

	loaded = loaded || load();
	return loaded ? 0 : error_set(e, ERROR_SYSTEM, "cannot load libproc2: %s", dlerror());
}

int meminfo_live(struct meminfo *m, struct error *e)
{
	static const enum meminfo_item items[MEMINFO_COUNT] = {
		[MEMINFO_TOTAL] = MEMINFO_MEM_TOTAL,
		[MEMINFO_FREE] = MEMINFO_MEM_FREE,
		[MEMINFO_AVAILABLE] = MEMINFO_MEM_AVAILABLE,
		[MEMINFO_CACHE] = MEMINFO_MEM_CACHED,
		[MEMINFO_ANON_PAGES] = MEMINFO_MEM_ANON,
		[MEMINFO_SHARED_MEMORY] = MEMINFO_MEM_SHARED,
		[MEMINFO_MAPPED_FILES] = MEMINFO_MEM_MAPPED,
		[MEMINFO_SWAP] = MEMINFO_SWAP_TOTAL,
		[MEMINFO_SWAP_UNUSED] = MEMINFO_SWAP_FREE,
	};
	struct meminfo_info *info = NULL;
	int status;

	if (meminfo_load(e) < 0)
		return -1;
	status = proc.create(&info);
	if (status < 0) {
		errno = -status;
		return error_errno(e, "cannot read /proc/meminfo");
	}
	for (int i = 0; i < MEMINFO_COUNT; i++) {
		struct meminfo_result *result = proc.get(info, items[i]);

		m->known[i] = result != NULL;
		m->bytes[i] = result ? (uint64_t)result->result.ul_int * 1024 : 0;
	}
	proc.unref(&info);
	return 0;
}
