#include "fake_memory.h"

#include "support.h"

#include <stdlib.h>

static struct fake_page *find_page(struct fake_memory *f, uint64_t at)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->pages[i].at == at / FAKE_PAGE * FAKE_PAGE)
			return &f->pages[i];
	}
	return NULL;
}

static bool read_bytes(struct memory *m, uint64_t at, void *to, size_t size)
{
	struct fake_memory *f = (struct fake_memory *)m;
	unsigned char *out = to;

	f->reads++;
	f->bytes += size;
	for (size_t i = 0; i < size; i++) {
		const struct fake_page *page = find_page(f, at + i);

		if (!page)
			return false;
		out[i] = page->bytes[(at + i) % FAKE_PAGE];
	}
	return true;
}

static uint64_t next_page(struct memory *m, uint64_t from, uint64_t end)
{
	struct fake_memory *f = (struct fake_memory *)m;
	uint64_t least = end;

	for (size_t i = 0; i < f->count; i++) {
		uint64_t at = f->pages[i].at > from ? f->pages[i].at : from;

		if (f->pages[i].at + FAKE_PAGE > from && at < least)
			least = at;
	}
	return least;
}

static bool find_object(struct memory *m, struct slice name, struct memory_object *object)
{
	struct fake_memory *f = (struct fake_memory *)m;

	for (uint32_t i = 0; i < f->file_count; i++) {
		if (!slice_begins(f->files[i].name, name))
			continue;
		*object = (struct memory_object){.start = f->files[i].start, .number = i};
		return true;
	}
	return false;
}

static bool read_file(struct memory *m, const struct memory_object *object, uint64_t offset,
		      void *to, size_t size)
{
	struct fake_memory *f = (struct fake_memory *)m;
	const struct fake_file *file = &f->files[object->number];

	f->reads++;
	f->bytes += size;
	if (offset > file->size || size > file->size - offset)
		return false;
	memcpy(to, (const char *)file->bytes + offset, size);
	return true;
}

void fake_memory_init(struct fake_memory *f)
{
	memset(f, 0, sizeof(*f));
	f->memory = (struct memory){read_bytes, next_page, find_object, read_file};
}

void fake_memory_put(struct fake_memory *f, uint64_t at, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		struct fake_page *page = find_page(f, at + i);

		if (!page) {
			assert_true(f->count < FAKE_PAGES);
			page = &f->pages[f->count++];
			page->at = (at + i) / FAKE_PAGE * FAKE_PAGE;
		}
		page->bytes[(at + i) % FAKE_PAGE] = ((const unsigned char *)bytes)[i];
	}
}

void fake_memory_map(struct fake_memory *f, const char *name, uint64_t start, const void *bytes,
		     size_t size)
{
	assert_true(f->file_count < FAKE_FILES);
	f->files[f->file_count++] = (struct fake_file){slice_of(name), start, bytes, size};
}

const struct content_part *fake_memory_look(struct fake_memory *f, uint64_t start, uint64_t end,
					    size_t *count)
{
	static struct content_part parts[16];
	const struct mapping m = {.start = start, .end = end, .perms = "rw-p"};
	void *facts = calloc(1, signs.facts_size);

	assert_non_null(facts);
	*count = signs.find(&m, &f->memory, facts, parts, sizeof(parts) / sizeof(*parts));
	free(facts);
	return parts;
}
