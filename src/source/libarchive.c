#include "source/libarchive.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* All versions 3 have this name. */
static const char library[] = "libarchive.so.13";

#if ARCHIVE_VERSION_NUMBER < 3003003 || ARCHIVE_VERSION_NUMBER >= 4000000
#error "these headers may not be those of libarchive.so.13"
#endif

struct libarchive la;

static const struct {
	const char *name;
	size_t at; /* offset in la */
} functions[] = {
#define ROW(function) {#function, offsetof(struct libarchive, function)},
	LIBARCHIVE_FUNCTIONS(ROW)
#undef ROW
};

static bool load(void)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; handle && i < sizeof(functions) / sizeof(*functions); i++) {
		void *function = dlsym(handle, functions[i].name);

		if (!function)
			return false;
		memcpy((char *)&la + functions[i].at, &function, sizeof(function));
	}
	return handle != NULL;
}

int libarchive_load(struct error *e)
{
	static enum { NEW, LOADED, MISSING } state;
	static char why[512];

	if (state == NEW) {
		state = load() ? LOADED : MISSING;
		if (state == MISSING)
			snprintf(why, sizeof(why), "%s", dlerror());
	}
	if (state == LOADED)
		return 0;
	return error_set(e, ERROR_SYSTEM,
			 "cannot load libarchive: %s; install libarchive 3.3.3 or newer", why);
}
