/*
 * .bss of a program or library: memory directly after its data, as large as its program headers
 * say. The kernel may merge it with other memory that follows. After an object without .bss, other
 * memory may follow directly.
 */
#include "classify/sign.h"

#include <elf.h>

enum { HEAD_BYTES = 1024 };

#define PAGE_BYTES UINT64_C(4096)

static bool is_same(const struct bss_facts *b, const struct mapping *m)
{
	return b->end != 0 && b->inode == m->inode && b->dev_major == m->dev_major &&
	       b->dev_minor == m->dev_minor && m->offset != 0;
}

static void note_name(struct bss_facts *b, struct slice path)
{
	const struct slice name = slice_base_name(path);

	if (name.len == path.len || name.len == 0 || name.len > sizeof(b->name))
		return;
	memcpy(b->name, name.ptr, name.len);
	b->name_length = (uint8_t)name.len;
}

void sign_bss_pass(const struct mapping *m, struct sign_facts *facts)
{
	struct bss_facts *b = &facts->bss;

	if (!mapping_has_inode(m) || m->perms[3] != 'p' || (m->offset != 0 && !is_same(b, m))) {
		b->end = 0;
		return;
	}
	if (!is_same(b, m))
		*b = (struct bss_facts){.start = m->start,
					.inode = m->inode,
					.dev_major = m->dev_major,
					.dev_minor = m->dev_minor};
	if (b->name_length == 0)
		note_name(b, m->name);
	b->end = m->end;
	b->writable |= m->perms[1] == 'w';
}

/* The memory of a segment, relative to the start of the object's first segment. */
struct extent {
	uint64_t first, end;
	bool any;
};

static void add_segment(struct extent *x, uint32_t type, uint64_t address, uint64_t size)
{
	if (type != PT_LOAD || size > UINT64_MAX - address)
		return;
	if (!x->any)
		x->first = address / PAGE_BYTES * PAGE_BYTES;
	x->any = true;
	if (address + size > x->end)
		x->end = address + size;
}

static bool read_segments_64(const char *page, struct extent *x)
{
	Elf64_Phdr segment;
	Elf64_Ehdr head;

	memcpy(&head, page, sizeof(head));
	if (head.e_phentsize != sizeof(segment) || head.e_phoff > HEAD_BYTES ||
	    head.e_phnum > (HEAD_BYTES - head.e_phoff) / sizeof(segment))
		return false;
	for (unsigned i = 0; i < head.e_phnum; i++) {
		memcpy(&segment, page + head.e_phoff + i * sizeof(segment), sizeof(segment));
		add_segment(x, segment.p_type, segment.p_vaddr, segment.p_memsz);
	}
	return x->any;
}

static bool read_segments_32(const char *page, struct extent *x)
{
	Elf32_Phdr segment;
	Elf32_Ehdr head;

	memcpy(&head, page, sizeof(head));
	if (head.e_phentsize != sizeof(segment) || head.e_phoff > HEAD_BYTES ||
	    head.e_phnum > (HEAD_BYTES - head.e_phoff) / sizeof(segment))
		return false;
	for (unsigned i = 0; i < head.e_phnum; i++) {
		memcpy(&segment, page + head.e_phoff + i * sizeof(segment), sizeof(segment));
		add_segment(x, segment.p_type, segment.p_vaddr, segment.p_memsz);
	}
	return x->any;
}

/* A page of the program that was never touched is not in memory, only in the file. */
static bool read_head(const struct sign_place *p, char *page)
{
	const struct bss_facts *b = &p->facts->bss;
	struct memory_object object;

	return memory_read(p->memory, b->start, page, HEAD_BYTES) ||
	       (p->mapping->counters.bytes[COUNTER_RSS] >= SIGN_LARGE && b->name_length > 0 &&
		memory_find(p->memory, (struct slice){b->name, b->name_length}, &object) &&
		object.start == b->start &&
		memory_read_file(p->memory, &object, 0, page, HEAD_BYTES));
}

/* The program headers directly follow the file header. */
static bool read_segments(const struct sign_place *p, struct extent *x)
{
	char page[HEAD_BYTES];

	if (!read_head(p, page) || memcmp(page, ELFMAG, SELFMAG) != 0)
		return false;
	return page[EI_CLASS] == ELFCLASS64 ? read_segments_64(page, x) : read_segments_32(page, x);
}

/* Its place is one mark, the headers of the object are the other. */
bool sign_bss(const struct sign_place *p, struct sign_found *found)
{
	const struct bss_facts *b = &p->facts->bss;
	struct extent x = {.any = false};
	uint64_t end;

	if (p->at != p->mapping->start || p->at != b->end || !b->writable || !read_segments(p, &x))
		return false;
	end = (x.end - x.first + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	if (end > UINT64_MAX - b->start || b->start + end <= p->at)
		return false;
	end += b->start;
	*found = (struct sign_found){
		.start = p->at,
		.end = end < p->mapping->end ? end : p->mapping->end,
		.guess = GUESS_BSS,
	};
	return true;
}
