#include "preload/caller.h"

#include "label/text.h"
#include "preload/demangle.h"
#include "preload/symbol.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* The bounds of the object that contains this code, set by the linker. */
extern const char own_start[] __asm__("__ehdr_start") __attribute__((visibility("hidden")));
extern const char own_end[] __asm__("_end") __attribute__((visibility("hidden")));

/* The dynamic linker has no name for the program itself. */
static char program[ANONMEM_NAME_MAX + 1];

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void append(char name[ANONMEM_NAME_MAX + 1], const char *text)
{
	size_t len = strlen(name);

	for (; *text && len < ANONMEM_NAME_MAX; text++)
		name[len++] = text_allows((unsigned char)*text) ? *text : '_';
	name[len] = '\0';
}

void caller_prepare(void)
{
	static const char deleted[] = " (deleted)";
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (len <= 0)
		return;
	path[len] = '\0';
	if ((size_t)len > strlen(deleted) && strcmp(path + len - strlen(deleted), deleted) == 0)
		path[len - (ssize_t)strlen(deleted)] = '\0';
	append(program, base_name(path));
}

/* A cache of functions, since lookup is slow. Entries are filled once and then stay; a thread that
 * finds one being filled does not use it. */
enum { EMPTY, FILLING, FILLED };

static struct entry {
	_Atomic uintptr_t address;
	atomic_int state;
	char name[ANONMEM_NAME_MAX + 1];
} cache[1024];

static struct entry *find_entry(uintptr_t address)
{
	enum { ENTRIES = sizeof(cache) / sizeof(*cache), TRIES = 8 };

	for (unsigned i = 0; i < TRIES; i++) {
		struct entry *e = &cache[(address / 4 + i) % ENTRIES];
		uintptr_t there = atomic_load(&e->address);

		if (there == address ||
		    (!there && atomic_compare_exchange_strong(&e->address, &there, address)))
			return e;
	}
	return NULL;
}

/* An entry is stale if its library was closed and another was loaded at the same address. */
static bool is_of(const struct entry *e, const char *object)
{
	size_t len = strlen(object);

	return strncmp(e->name, object, len) == 0 && (e->name[len] == ':' || !e->name[len]);
}

/* Only the first thread fills an entry. */
static void fill(struct entry *e, const char name[ANONMEM_NAME_MAX + 1])
{
	int empty = EMPTY;

	if (!atomic_compare_exchange_strong(&e->state, &empty, FILLING))
		return;
	memcpy(e->name, name, sizeof(e->name));
	atomic_store(&e->state, FILLED);
}

/* Longer symbols are cut, and stay mangled. */
enum { SYMBOL_MAX = 768 };

/* `name` already begins with the object's name. */
static void append_function(const struct dl_find_object *object, uintptr_t address,
			    char name[ANONMEM_NAME_MAX + 1])
{
	struct entry *e = find_entry(address);
	char function[SYMBOL_MAX], readable[ANONMEM_NAME_MAX + 1];

	if (e && atomic_load(&e->state) == FILLED && is_of(e, name)) {
		memcpy(name, e->name, sizeof(e->name));
		return;
	}
	if (symbol_find(object, address, function, sizeof(function))) {
		append(name, ":");
		append(name, demangle(function, readable, sizeof(readable)) ? readable : function);
	}
	if (e)
		fill(e, name);
}

bool caller_name(uintptr_t address, bool function, char name[ANONMEM_NAME_MAX + 1])
{
	struct dl_find_object object;
	int before = errno;
	const char *path;

	if (address >= (uintptr_t)own_start && address < (uintptr_t)own_end)
		return false;
	/* The call instruction is before this address, and may be the last one of the object. */
	if (_dl_find_object((void *)(address - 1), &object) < 0)
		return false;
	path = object.dlfo_link_map->l_name;
	memset(name, 0, ANONMEM_NAME_MAX + 1);
	append(name, *path ? base_name(path) : program);
	if (!*name)
		return false;
	if (function)
		append_function(&object, address - 1, name);
	errno = before;
	return true;
}

bool caller_offset(uintptr_t address, uint64_t *offset)
{
	struct dl_find_object object;

	if (_dl_find_object((void *)address, &object) < 0)
		return false;
	*offset = address - object.dlfo_link_map->l_addr;
	return true;
}
