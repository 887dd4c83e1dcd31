#include "fake_process.h"

#include "support.h"

#include <elf.h>

enum { FILE_BYTES = 8192, NAMES_AT = 1024, SYMBOLS_AT = 2048, HASH_AT = 4096, DYNAMIC_AT = 6144 };
enum { SECTIONS_AT = 7168, SECTION_NAMES_AT = 7680, IMAGES = 4 };

static unsigned char images[IMAGES][FILE_BYTES];
static size_t used;

void fake_process_init(struct fake_process *p)
{
	memset(p, 0, sizeof(*p));
	memset(images, 0, sizeof(images));
	used = 0;
	fake_memory_init(&p->memory);
}

void fake_process_put(struct fake_process *p, uint64_t at, const uint64_t *words, size_t count)
{
	fake_memory_put(&p->memory, at, words, count * sizeof(*words));
}

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

/* One bucket, whose chain has all symbols; the first is the one without a name. */
static void put_symbols(unsigned char *image, const struct fake_symbol *symbols, size_t count)
{
	uint32_t head[] = {1, 1, 0, 0, count ? 1 : 0};
	Elf64_Dyn dynamic[] = {
		{DT_SYMTAB, {SYMBOLS_AT}}, {DT_STRTAB, {NAMES_AT}}, {DT_GNU_HASH, {HASH_AT}}, {0}};
	size_t at = 1;

	memcpy(image + HASH_AT, head, sizeof(head));
	memcpy(image + DYNAMIC_AT, dynamic, sizeof(dynamic));
	for (size_t i = 0; i < count; i++) {
		Elf64_Sym symbol = {.st_name = (uint32_t)at, .st_shndx = 1};
		uint32_t hash = (hash_of(symbols[i].name) & ~1U) | (i + 1 == count);

		symbol.st_value = symbols[i].value;
		memcpy(image + SYMBOLS_AT + (i + 1) * sizeof(symbol), &symbol, sizeof(symbol));
		memcpy(image + HASH_AT + sizeof(head) + i * sizeof(hash), &hash, sizeof(hash));
		strcpy((char *)image + NAMES_AT + at, symbols[i].name);
		at += strlen(symbols[i].name) + 1;
	}
}

static void put_headers(unsigned char *image)
{
	static const char names[] = "\0.text\0.gopclntab";
	Elf64_Shdr section = {.sh_offset = SECTION_NAMES_AT, .sh_size = sizeof(names)};
	Elf64_Ehdr head = {.e_phoff = sizeof(head),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 3,
			   .e_shoff = SECTIONS_AT,
			   .e_shentsize = sizeof(section),
			   .e_shnum = 1};
	Elf64_Phdr segments[] = {
		{.p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = FILE_BYTES, .p_memsz = FILE_BYTES},
		{.p_type = PT_LOAD,
		 .p_flags = PF_R | PF_W,
		 .p_offset = FILE_BYTES,
		 .p_vaddr = FAKE_BSS,
		 .p_memsz = FAKE_BSS_END - FAKE_BSS},
		{.p_type = PT_DYNAMIC,
		 .p_offset = DYNAMIC_AT,
		 .p_vaddr = DYNAMIC_AT,
		 .p_filesz = 4 * sizeof(Elf64_Dyn)}};

	memcpy(head.e_ident, ELFMAG, SELFMAG);
	head.e_ident[EI_CLASS] = ELFCLASS64;
	memcpy(image, &head, sizeof(head));
	memcpy(image + sizeof(head), segments, sizeof(segments));
	memcpy(image + SECTIONS_AT, &section, sizeof(section));
	memcpy(image + SECTION_NAMES_AT, names, sizeof(names));
}

void fake_process_map(struct fake_process *p, const char *name, uint64_t start,
		      const struct fake_symbol *symbols, size_t count)
{
	unsigned char *image = images[used++];

	assert_true(used <= IMAGES);
	put_headers(image);
	put_symbols(image, symbols, count);
	fake_memory_map(&p->memory, name, start, image, FILE_BYTES);
}

unsigned char *fake_process_bytes(size_t file)
{
	return images[file];
}

void fake_process_look(struct fake_process *p, uint64_t start, uint64_t end, const char *perms)
{
	struct mapping m = {.start = start, .end = end};

	memcpy(m.perms, perms, sizeof(m.perms));
	m.counters.bytes[COUNTER_RSS] = end - start;
	p->count = signs.find(&m, &p->memory.memory, &p->facts, p->parts,
			      sizeof(p->parts) / sizeof(*p->parts));
}

void fake_process_expect(struct fake_process *p, uint64_t start, uint64_t until, uint64_t from,
			 uint64_t end, enum guess guess)
{
	fake_process_look(p, start, until, "rw-p");
	assert_int_equal(p->count, end != 0);
	if (end == 0)
		return;
	assert_int_equal(p->parts[0].start, from);
	assert_int_equal(p->parts[0].end, end);
	assert_int_equal(p->parts[0].guess, guess);
}
