#include "preload/symbol.h"

#include "label/syscalls.h"

#include <link.h>
#include <string.h>
#include <sys/stat.h>

/* A file mapped into memory; its contents may be anything. */
struct file {
	const char *bytes;
	size_t size;
};

/* Uses raw system calls, since the caller may be inside mmap(). */
static bool file_open(struct file *f, const char *path)
{
	int fd = sys_open(path);
	void *memory = MAP_FAILED;
	struct stat st;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && st.st_size > 0)
		memory = sys_mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	sys_close(fd);
	if (memory == MAP_FAILED)
		return false;
	*f = (struct file){memory, (size_t)st.st_size};
	return true;
}

static void file_close(const struct file *f)
{
	sys_munmap((void *)(uintptr_t)f->bytes, f->size);
}

/* `size` bytes at an offset; NULL if the file does not have them. */
static const void *at(const struct file *f, uint64_t offset, uint64_t size)
{
	return size <= f->size && offset <= f->size - size ? f->bytes + offset : NULL;
}

/* The same as a copy, since the data may not be aligned. */
static bool copy_at(const struct file *f, uint64_t offset, void *copy, size_t size)
{
	const void *bytes = at(f, offset, size);

	if (bytes)
		memcpy(copy, bytes, size);
	return bytes != NULL;
}

/* Whether the file is the one that was loaded: the first page has its headers and usually its build
 * id. */
static bool is_loaded(const struct file *f, const struct dl_find_object *object)
{
	enum { SMALLEST_PAGE = 4096 };

	return f->size >= SMALLEST_PAGE &&
	       memcmp(f->bytes, object->dlfo_map_start, SMALLEST_PAGE) == 0;
}

/* Finds the sections of symbols and of their names; with `all`, the full symbol table rather than
 * the dynamic one. */
static bool find_table(const struct file *f, bool all, ElfW(Shdr) * symbols, ElfW(Shdr) * names)
{
	ElfW(Ehdr) header;

	if (!copy_at(f, 0, &header, sizeof(header)) || header.e_shentsize != sizeof(*symbols))
		return false;
	for (unsigned i = 0; i < header.e_shnum; i++) {
		if (!copy_at(f, header.e_shoff + i * sizeof(*symbols), symbols, sizeof(*symbols)))
			return false;
		if (symbols->sh_type == (all ? SHT_SYMTAB : SHT_DYNSYM) &&
		    symbols->sh_link < header.e_shnum)
			return copy_at(f, header.e_shoff + symbols->sh_link * sizeof(*names), names,
				       sizeof(*names)) &&
			       at(f, symbols->sh_offset, symbols->sh_size) &&
			       at(f, names->sh_offset, names->sh_size);
	}
	return false;
}

static bool copy_name(const struct file *f, const ElfW(Shdr) * names, uint32_t offset, char *name,
		      size_t size)
{
	const char *text = at(f, names->sh_offset, names->sh_size);
	size_t len;

	if (offset >= names->sh_size || !memchr(text + offset, '\0', names->sh_size - offset))
		return false;
	len = strcspn(text + offset, ".");
	len = len < size ? len : size - 1;
	memcpy(name, text + offset, len);
	name[len] = '\0';
	return len > 0;
}

static bool find(const struct file *f, bool all, uintptr_t address, char *name, size_t size)
{
	ElfW(Shdr) table, names;
	ElfW(Sym) s;

	if (!find_table(f, all, &table, &names))
		return false;
	for (uint64_t i = 0; i < table.sh_size / sizeof(s); i++) {
		if (copy_at(f, table.sh_offset + i * sizeof(s), &s, sizeof(s)) &&
		    (s.st_info & 0xf) == STT_FUNC && address >= s.st_value &&
		    address - s.st_value < s.st_size && copy_name(f, &names, s.st_name, name, size))
			return true;
	}
	return false;
}

bool symbol_find(const struct dl_find_object *object, uintptr_t address, char *name, size_t size)
{
	const struct link_map *map = object->dlfo_link_map;
	struct file f;
	bool found;

	if (!file_open(&f, *map->l_name ? map->l_name : "/proc/self/exe"))
		return false;
	address -= map->l_addr;
	found = is_loaded(&f, object) &&
		(find(&f, true, address, name, size) || find(&f, false, address, name, size));
	file_close(&f);
	return found;
}
