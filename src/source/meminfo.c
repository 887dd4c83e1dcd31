/* The only file that includes libproc2. */
#include "source/meminfo.h"

#include <errno.h>

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
	int status = procps_meminfo_new(&info);

	if (status < 0) {
		errno = -status;
		return error_errno(e, "cannot read /proc/meminfo");
	}
	for (int i = 0; i < MEMINFO_COUNT; i++) {
		struct meminfo_result *result = procps_meminfo_get(info, items[i]);

		m->known[i] = result != NULL;
		m->bytes[i] = result ? (uint64_t)result->result.ul_int * 1024 : 0;
	}
	procps_meminfo_unref(&info);
	return 0;
}
