#include "classify/elf.h"

#include <elf.h>

enum {
	HEADERS_MOST = 32,
	ENTRIES_MOST = 256,   /* entries of the dynamic section */
	CHAIN_MOST = 4096,    /* symbols in one bucket of the hash table */
	SYMBOL_MOST = 64,     /* bytes of a name */
	SECTIONS_MOST = 8192, /* bytes of the names of sections */
};

/* A file that may have been replaced on disk is read where it is mapped, as far as its pages are
 * present. */
static bool read_at(const struct elf *e, uint64_t offset, uint64_t address, void *to, size_t size)
{
	return memory_read_file(e->memory, &e->object, offset, to, size) ||
	       memory_read(e->memory, address, to, size);
}

static bool read_head(const struct elf *e, uint64_t offset, void *to, size_t size)
{
	return read_at(e, offset, e->object.start + offset, to, size);
}

static bool read_file(const struct elf *e, uint64_t offset, void *to, size_t size)
{
	return memory_read_file(e->memory, &e->object, offset, to, size);
}

static void note_segment(struct elf *e, const Elf64_Phdr *h)
{
	if (h->p_type == PT_DYNAMIC) {
		e->dynamic = h->p_vaddr;
		e->dynamic_size = h->p_filesz;
	}
	if (h->p_type != PT_LOAD || e->count == ELF_SEGMENTS)
		return;
	e->segments[e->count++] = (struct elf_segment){
		.address = h->p_vaddr,
		.offset = h->p_offset,
		.in_file = h->p_filesz,
		.in_memory = h->p_memsz,
		.writable = h->p_flags & PF_W,
	};
}

bool elf_open(struct elf *e, struct memory *memory, struct slice name)
{
	Elf64_Ehdr head;

	*e = (struct elf){.memory = memory};
	if (!memory_find(memory, name, &e->object) || !read_head(e, 0, &head, sizeof(head)) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_phentsize != sizeof(Elf64_Phdr) || head.e_phnum > HEADERS_MOST)
		return false;
	for (unsigned i = 0; i < head.e_phnum; i++) {
		Elf64_Phdr h;

		if (!read_head(e, head.e_phoff + i * sizeof(h), &h, sizeof(h)))
			return false;
		note_segment(e, &h);
	}
	if (e->count == 0 || e->segments[0].offset > e->segments[0].address)
		return false;
	e->bias = e->object.start - (e->segments[0].address - e->segments[0].offset);
	return true;
}

/* Of several, the largest: with lld, a segment that the loader protects ends in a gap. */
bool elf_find_bss(const struct elf *e, uint64_t *start, uint64_t *end)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < e->count; i++) {
		const struct elf_segment *s = &e->segments[i];

		if (!s->writable || s->in_memory <= s->in_file || s->in_memory - s->in_file <= most)
			continue;
		most = s->in_memory - s->in_file;
		*start = e->bias + s->address + s->in_file;
		*end = *start + most;
	}
	return most > 0 && *end > *start;
}

static bool read_static(const struct elf *e, uint64_t address, void *to, size_t size)
{
	for (unsigned i = 0; i < e->count; i++) {
		const struct elf_segment *s = &e->segments[i];

		if (address >= s->address && address - s->address < s->in_file &&
		    size <= s->in_file - (address - s->address))
			return read_at(e, s->offset + (address - s->address), e->bias + address, to,
				       size);
	}
	return false;
}

bool elf_read(const struct elf *e, uint64_t address, void *to, size_t size)
{
	return read_static(e, address - e->bias, to, size);
}

struct tables {
	uint64_t symbols, strings, hash;
};

/* In memory, the loader may have relocated it to an address in the process. */
static uint64_t address_of(const struct elf *e, const Elf64_Dyn *entry)
{
	uint64_t address = entry->d_un.d_ptr;

	return address < e->bias ? address : address - e->bias;
}

static bool find_tables(const struct elf *e, struct tables *t)
{
	Elf64_Dyn entry = {.d_tag = DT_NULL + 1};
	uint64_t most = e->dynamic_size / sizeof(entry);

	*t = (struct tables){0};
	for (uint64_t i = 0; i < most && i < ENTRIES_MOST && entry.d_tag != DT_NULL; i++) {
		if (!read_static(e, e->dynamic + i * sizeof(entry), &entry, sizeof(entry)))
			return false;
		if (entry.d_tag == DT_SYMTAB)
			t->symbols = address_of(e, &entry);
		if (entry.d_tag == DT_STRTAB)
			t->strings = address_of(e, &entry);
		if (entry.d_tag == DT_GNU_HASH)
			t->hash = address_of(e, &entry);
	}
	return t->symbols && t->strings && t->hash;
}

static uint32_t hash_of(struct slice name)
{
	uint32_t hash = 5381;

	for (size_t i = 0; i < name.len; i++)
		hash = hash * 33 + (unsigned char)name.ptr[i];
	return hash;
}

static bool is_symbol(const struct elf *e, const struct tables *t, uint64_t index,
		      struct slice name, uint64_t *address)
{
	char text[SYMBOL_MOST];
	Elf64_Sym symbol;

	if (!read_static(e, t->symbols + index * sizeof(symbol), &symbol, sizeof(symbol)) ||
	    symbol.st_shndx == SHN_UNDEF ||
	    !read_static(e, t->strings + symbol.st_name, text, name.len + 1) ||
	    memcmp(text, name.ptr, name.len) != 0 || text[name.len] != '\0')
		return false;
	*address = e->bias + symbol.st_value;
	return true;
}

/* The GNU hash table: a header, a Bloom filter, the first symbol of each bucket, and the hash of
 * each symbol, whose last bit marks the end of a bucket. */
bool elf_find_symbol(const struct elf *e, struct slice name, uint64_t *address)
{
	struct {
		uint32_t buckets, first, filter, shift;
	} head;
	uint32_t hash = hash_of(name), index, other = 0;
	uint64_t buckets, chains;
	struct tables t;

	if (name.len >= SYMBOL_MOST || !find_tables(e, &t) ||
	    !read_static(e, t.hash, &head, sizeof(head)) || head.buckets == 0)
		return false;
	buckets = t.hash + sizeof(head) + (uint64_t)head.filter * sizeof(uint64_t);
	chains = buckets + (uint64_t)head.buckets * sizeof(index);
	if (!read_static(e, buckets + hash % head.buckets * sizeof(index), &index, sizeof(index)) ||
	    index < head.first)
		return false;
	for (unsigned i = 0; i < CHAIN_MOST && !(other & 1); i++, index++) {
		if (!read_static(e, chains + (uint64_t)(index - head.first) * sizeof(other), &other,
				 sizeof(other)))
			return false;
		if ((other | 1) == (hash | 1) && is_symbol(e, &t, index, name, address))
			return true;
	}
	return false;
}

bool elf_has_section(const struct elf *e, struct slice name)
{
	char names[SECTIONS_MOST];
	Elf64_Ehdr head;
	Elf64_Shdr h;

	if (!read_file(e, 0, &head, sizeof(head)) || head.e_shentsize != sizeof(h) ||
	    !read_file(e, head.e_shoff + (uint64_t)head.e_shstrndx * sizeof(h), &h, sizeof(h)) ||
	    h.sh_size > sizeof(names) || !read_file(e, h.sh_offset, names, h.sh_size))
		return false;
	for (size_t i = 1; i + name.len < h.sh_size; i++) {
		if (names[i - 1] == '\0' && memcmp(names + i, name.ptr, name.len) == 0 &&
		    names[i + name.len] == '\0')
			return true;
	}
	return false;
}
