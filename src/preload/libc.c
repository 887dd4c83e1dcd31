#include "preload/libc.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A symbol table with its hash table: a bucket has the number of the first of a row of symbols,
 * whose last one has an odd hash. */
struct symbols {
	const ElfW(Sym) * symbols;
	const char *names;
	const uint32_t *hashes;
};

static bool find_symbols(const struct link_map *map, struct symbols *s)
{
	memset(s, 0, sizeof(*s));
	for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) {
		uintptr_t at = d->d_un.d_ptr;

		/* If the dynamic linker may not write there, these are offsets, not addresses. */
		at += at < map->l_addr ? map->l_addr : 0;
		if (d->d_tag == DT_SYMTAB)
			s->symbols = (const void *)at;
		else if (d->d_tag == DT_STRTAB)
			s->names = (const void *)at;
		else if (d->d_tag == DT_GNU_HASH)
			s->hashes = (const void *)at;
	}
	return s->symbols && s->names && s->hashes;
}

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

static const ElfW(Sym) * find(const struct symbols *s, const char *name)
{
	uint32_t buckets = s->hashes[0], first = s->hashes[1], words = s->hashes[2];
	const uint32_t *bucket = s->hashes + 4 + words * sizeof(ElfW(Addr)) / sizeof(uint32_t);
	const uint32_t *row = bucket + buckets - first, hash = hash_of(name);
	uint32_t i = buckets ? bucket[hash % buckets] : 0;

	for (; i >= first && i > 0; i++) {
		if ((row[i] | 1) == (hash | 1) && s->symbols[i].st_shndx != SHN_UNDEF &&
		    strcmp(s->names + s->symbols[i].st_name, name) == 0)
			return &s->symbols[i];
		if (row[i] & 1)
			break;
	}
	return NULL;
}

char *libc_find(const char *function, size_t *size)
{
	const ElfW(Sym) * symbol;
	struct dl_find_object libc;
	struct symbols symbols;

	if (_dl_find_object((void *)(uintptr_t)gnu_get_libc_version, &libc) < 0 ||
	    !find_symbols(libc.dlfo_link_map, &symbols))
		return NULL;
	symbol = find(&symbols, function);
	if (!symbol || (symbol->st_info & 0xf) != STT_FUNC)
		return NULL;
	*size = symbol->st_size;
	return (char *)libc.dlfo_link_map->l_addr + symbol->st_value;
}
