#include "serve/libraries.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#if MHD_VERSION < 0x00097000
#error "these headers may not be those of libmicrohttpd.so.12"
#endif

struct microhttpd mhd;
struct zlib zlib;

struct function {
	const char *name;
	size_t at; /* offset in the struct */
};

static const struct function of_microhttpd[] = {
#define ROW(function) {#function, offsetof(struct microhttpd, function)},
	MICROHTTPD_FUNCTIONS(ROW)
#undef ROW
};

static const struct function of_zlib[] = {
#define ROW(function) {#function, offsetof(struct zlib, function)},
	ZLIB_FUNCTIONS(ROW)
#undef ROW
};

static int load(const char *file, const char *name, const struct function *functions, size_t count,
		void *to, struct error *e)
{
	void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	bool loaded = handle != NULL;

	for (size_t i = 0; loaded && i < count; i++) {
		void *function = dlsym(handle, functions[i].name);

		loaded = function != NULL;
		memcpy((char *)to + functions[i].at, &function, sizeof(function));
	}
	if (loaded)
		return 0;
	return error_set(e, ERROR_SYSTEM, "cannot load %s: %s; install it", name, dlerror());
}

int libraries_load(struct error *e)
{
	if (load("libmicrohttpd.so.12", "libmicrohttpd", of_microhttpd,
		 sizeof(of_microhttpd) / sizeof(*of_microhttpd), &mhd, e) < 0)
		return -1;
	return load("libz.so.1", "zlib", of_zlib, sizeof(of_zlib) / sizeof(*of_zlib), &zlib, e);
}
