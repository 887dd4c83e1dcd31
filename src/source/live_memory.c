#include "source/live_memory.h"

#include "source/pagescan.h"

#include <errno.h>
#include <unistd.h>

enum {
	MAPPING_BYTES = 256 * 1024,
	PROCESS_BYTES = 1024 * 1024,
	FILES_BYTES = 16 * 1024 * 1024, /* of the tables of symbols */
	FEW = 4,			/* pages, of which few are wanted */
	LOOK_BYTES = 64,		/* what each look counts for, at least */
};

static bool spend(struct live_memory *l, size_t bytes)
{
	size_t left = l->mapping_left < l->process_left ? l->mapping_left : l->process_left;

	bytes = bytes > LOOK_BYTES ? bytes : LOOK_BYTES;
	if (bytes > left) {
		l->mapping_left = 0;
		return false;
	}
	l->mapping_left -= bytes;
	l->process_left -= bytes;
	return true;
}

/* Every read of pagemap walks the page table up to the next 2 MiB, however little is wanted: so the
 * kernel is asked for the pages themselves, if it can be (Linux 6.7). */
static int scan_window(struct live_memory *l, uint64_t page, size_t count)
{
	struct page_region regions[LIVE_WINDOW / 2];
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = page * l->page_size,
		.end = (page + count) * l->page_size,
		.vec = (uint64_t)(uintptr_t)regions,
		.vec_len = LIVE_WINDOW / 2,
	};
	int n = pagescan(l->process->map, &arg);

	for (int i = 0; i < n; i++) {
		for (uint64_t at = regions[i].start; at < regions[i].end; at += l->page_size)
			l->there[at / l->page_size - page] =
				regions[i].categories & PAGE_IS_PRESENT;
	}
	return n;
}

static bool read_window(struct live_memory *l, uint64_t page, size_t count)
{
	uint64_t entries[LIVE_WINDOW];

	if (!process_memory_pages(l->process, page, entries, count))
		return false;
	for (size_t i = 0; i < count; i++)
		l->there[i] = entries[i] & PAGE_PRESENT;
	return true;
}

/* Some pages from one on: of the mapping at hand up to its end, of others only this one. */
static bool load_window(struct live_memory *l, uint64_t page, size_t most)
{
	uint64_t first = l->start / l->page_size, end = l->end / l->page_size;
	size_t count = 1;
	int scanned;

	if (page >= first && page < end)
		count = end - page < most ? (size_t)(end - page) : most;
	l->window_count = 0;
	if (!spend(l, count * sizeof(uint64_t)))
		return false;
	memset(l->there, 0, sizeof(l->there));
	scanned = scan_window(l, page, count);
	if (scanned < 0 && (errno != ENOTTY || !read_window(l, page, count)))
		return false;
	l->window = page;
	l->window_count = count;
	return true;
}

/* False if that cannot be known. */
static bool look_for_page(struct live_memory *l, uint64_t page, size_t most, bool *there)
{
	if ((page < l->window || page - l->window >= l->window_count) &&
	    !load_window(l, page, most))
		return false;
	*there = l->there[page - l->window];
	return true;
}

static bool read_bytes(struct memory *m, uint64_t at, void *to, size_t size)
{
	struct live_memory *l = (struct live_memory *)m;
	bool there;

	if (size == 0 || at > UINT64_MAX - size)
		return false;
	for (uint64_t page = at / l->page_size; page <= (at + size - 1) / l->page_size; page++) {
		if (!look_for_page(l, page, FEW, &there) || !there)
			return false;
	}
	return spend(l, size) && process_memory_read(l->process, at, to, size);
}

static uint64_t next_page(struct memory *m, uint64_t from, uint64_t end)
{
	struct live_memory *l = (struct live_memory *)m;
	bool there;

	for (uint64_t at = from; at < end; at = (at / l->page_size + 1) * l->page_size) {
		if (!look_for_page(l, at / l->page_size, LIVE_WINDOW, &there))
			break;
		if (there)
			return at;
	}
	return end;
}

static bool find_object(struct memory *m, struct slice name, struct memory_object *object)
{
	return mapped_files_find(((struct live_memory *)m)->files, name, object);
}

static bool read_file(struct memory *m, const struct memory_object *object, uint64_t offset,
		      void *to, size_t size)
{
	struct live_memory *l = (struct live_memory *)m;

	if (size > l->files_left)
		return false;
	l->files_left -= size;
	return mapped_files_read(l->files, object, offset, to, size);
}

void live_memory_init(struct live_memory *l, struct mapped_files *files)
{
	*l = (struct live_memory){
		.memory = {read_bytes, next_page, find_object, read_file},
		.files = files,
		.page_size = (uint64_t)sysconf(_SC_PAGESIZE),
	};
}

void live_memory_begin(struct live_memory *l, struct process_memory *process)
{
	l->process = process;
	l->process_left = PROCESS_BYTES;
	l->files_left = FILES_BYTES;
}

bool live_memory_mapping(struct live_memory *l, const struct mapping *m)
{
	l->mapping_left = MAPPING_BYTES;
	l->start = m->start;
	l->end = m->end;
	l->window_count = 0;
	return l->process_left >= LOOK_BYTES;
}
