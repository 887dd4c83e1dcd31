#include "source/live_memory.h"

#include "source/pagescan.h"

#include <errno.h>
#include <unistd.h>

enum {
	MAPPING_BYTES = 512 * 1024,
	PROCESS_BYTES = 2 * 1024 * 1024,
	FILES_BYTES = 16 * 1024 * 1024, /* of the tables of symbols */
	FEW = 16,			/* pages, of which few are wanted */
	MANY = LIVE_GROUP,
	LARGE = 1024 * 1024, /* of a mapping, that is there */
	LOOK_BYTES = 64,     /* what each look counts for, at least */
	REGIONS = LIVE_WINDOW / 2,
	PAGES_A_BYTE = 8, /* that are asked for, to count for as much as a byte that is read */
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
 * kernel is asked for the pages themselves, if it can be (Linux 6.7). Returns how many it told of,
 * or -1 with errno. */
static long scan_pages(struct live_memory *l, uint64_t page, bool *there, size_t count)
{
	struct page_region regions[REGIONS];
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = page * l->page_size,
		.end = (page + count) * l->page_size,
		.vec = (uint64_t)(uintptr_t)regions,
		.vec_len = REGIONS,
	};
	int n = pagescan(l->process->map, &arg);

	for (int i = 0; i < n; i++) {
		if (regions[i].categories & PAGE_IS_PRESENT)
			memset(&there[regions[i].start / l->page_size - page], true,
			       (regions[i].end - regions[i].start) / l->page_size);
	}
	return n < REGIONS ? n < 0 ? -1 : (long)count : (long)(arg.walk_end / l->page_size - page);
}

static bool read_pages(struct live_memory *l, uint64_t page, bool *there, size_t count)
{
	uint64_t entries[LIVE_WINDOW];

	if (!process_memory_pages(l->process, page, entries, count))
		return false;
	for (size_t i = 0; i < count; i++)
		there[i] = entries[i] & PAGE_PRESENT;
	return true;
}

/* Which pages are there. Returns of how many that is known now, 0 if of none. */
static size_t ask(struct live_memory *l, uint64_t page, bool *there, size_t count)
{
	long scanned = -1;

	if (!spend(l, count / PAGES_A_BYTE))
		return 0;
	memset(there, 0, count * sizeof(*there));
	if (!l->cannot_scan) {
		scanned = scan_pages(l, page, there, count);
		l->cannot_scan = scanned < 0 && errno == ENOTTY;
	}
	if (l->cannot_scan)
		return read_pages(l, page, there, count) ? count : 0;
	return scanned < 0 ? 0 : (size_t)scanned;
}

static uint64_t page_count(const struct live_memory *l)
{
	return (l->end - l->start) / l->page_size;
}

/* The first look at a mapping is often the only one, unless much of it is there. The second asks
 * for all of it, or as many as wanted if it is long. */
static bool load_window(struct live_memory *l, uint64_t page, size_t most)
{
	uint64_t end = l->end / l->page_size;

	if ((l->is_large || l->windows > 0) && page_count(l) <= LIVE_WINDOW) {
		page = l->start / l->page_size;
		most = LIVE_WINDOW;
	}
	l->windows++;
	l->window = page;
	l->window_count = ask(l, page, l->there, end - page < most ? end - page : most);
	return l->window_count > 0;
}

/* Others of the group are often asked for next. It may reach beyond the address space. */
static bool look_in_group(struct live_memory *l, uint64_t page, bool *there)
{
	uint64_t number = page / LIVE_GROUP;
	struct live_group *g = &l->groups[number % LIVE_GROUPS];

	if (g->count == 0 || g->first != number * LIVE_GROUP) {
		g->first = number * LIVE_GROUP;
		g->count = ask(l, g->first, g->there, LIVE_GROUP);
	}
	if (page - g->first >= g->count)
		return ask(l, page, there, 1) == 1;
	*there = g->there[page - g->first];
	return true;
}

static bool is_in_window(const struct live_memory *l, uint64_t page)
{
	return page >= l->window && page - l->window < l->window_count;
}

/* False if that cannot be known. A window may end early where pages are much in pieces. */
static bool look_for_page(struct live_memory *l, uint64_t page, size_t most, bool *there)
{
	if (page < l->start / l->page_size || page >= l->end / l->page_size)
		return look_in_group(l, page, there);
	*there = true;
	if (l->is_whole)
		return true;
	if (!is_in_window(l, page)) {
		if (l->windows > 0 && most == FEW && page_count(l) > LIVE_WINDOW)
			return look_in_group(l, page, there);
		if (!load_window(l, page, most))
			return false;
		if (!is_in_window(l, page))
			return look_in_group(l, page, there);
	}
	*there = l->there[page - l->window];
	return true;
}

static bool are_there(struct live_memory *l, uint64_t at, size_t size)
{
	bool there;

	for (uint64_t page = at / l->page_size; page <= (at + size - 1) / l->page_size; page++) {
		if (!look_for_page(l, page, FEW, &there) || !there)
			return false;
	}
	return true;
}

/* Whether a read needs no more of its page than the head. Pages of the mapping at hand are often
 * walked head by head; what lies elsewhere is often read again nearby. */
static bool is_head(const struct live_memory *l, uint64_t at, size_t size)
{
	return at >= l->start && at < l->end && size <= LIVE_HEAD &&
	       at % LIVE_BLOCK <= LIVE_HEAD - size;
}

static struct live_block *block_of(struct live_memory *l, uint64_t start)
{
	uint64_t hash = start / LIVE_BLOCK * UINT64_C(0x9e3779b97f4a7c15);

	return &l->blocks[(hash >> 32) % LIVE_BLOCKS];
}

static bool is_kept(struct live_memory *l, uint64_t at, size_t size)
{
	uint64_t start = at - at % LIVE_BLOCK;
	const struct live_block *b = block_of(l, start);

	return b->start == start && size <= b->size && at - start <= b->size - size;
}

/* Takes bytes of one block, which is read unless it is kept. */
static bool copy_block(struct live_memory *l, uint64_t at, char *to, size_t size)
{
	uint64_t start = at - at % LIVE_BLOCK;
	struct live_block *b = block_of(l, start);

	if (!is_kept(l, at, size)) {
		size_t wanted = is_head(l, at, size) ? LIVE_HEAD : LIVE_BLOCK;

		b->size = 0;
		if (!process_memory_read(l->process, start, b->bytes, wanted))
			return false;
		b->start = start;
		b->size = wanted;
	}
	memcpy(to, b->bytes + (at - start), size);
	return true;
}

static bool read_bytes(struct memory *m, uint64_t at, void *to, size_t size)
{
	struct live_memory *l = (struct live_memory *)m;
	size_t first = LIVE_BLOCK - at % LIVE_BLOCK;

	if (size == 0 || at < LIVE_BLOCK || at > UINT64_MAX - size)
		return false;
	if ((!is_kept(l, at, size) && !are_there(l, at, size)) || !spend(l, size))
		return false;
	if (size <= first)
		return copy_block(l, at, to, size);
	if (size - first > LIVE_BLOCK)
		return process_memory_read(l->process, at, to, size);
	return copy_block(l, at, to, first) &&
	       copy_block(l, at + first, (char *)to + first, size - first);
}

static uint64_t next_page(struct memory *m, uint64_t from, uint64_t end)
{
	struct live_memory *l = (struct live_memory *)m;
	bool there;

	for (uint64_t at = from; at < end; at = (at / l->page_size + 1) * l->page_size) {
		if (!look_for_page(l, at / l->page_size, MANY, &there))
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

/* Field by field, since most of it is touched only when memory is read. */
void live_memory_init(struct live_memory *l, struct mapped_files *files)
{
	l->memory.read = read_bytes;
	l->memory.next = next_page;
	l->memory.find = find_object;
	l->memory.read_file = read_file;
	l->files = files;
	l->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
}

void live_memory_begin(struct live_memory *l, struct process_memory *process)
{
	l->process = process;
	l->process_left = PROCESS_BYTES;
	l->files_left = FILES_BYTES;
	l->start = l->end = 0;
	for (size_t i = 0; i < LIVE_BLOCKS; i++)
		l->blocks[i].size = 0;
}

bool live_memory_mapping(struct live_memory *l, const struct mapping *m)
{
	l->mapping_left = MAPPING_BYTES;
	l->start = m->start;
	l->end = m->end;
	l->window_count = l->windows = 0;
	for (size_t i = 0; i < LIVE_GROUPS; i++)
		l->groups[i].count = 0;
	l->is_large = m->counters.bytes[COUNTER_RSS] >= LARGE;
	/* What is divided among parts of a mapping is not that exact. */
	l->is_whole = !m->by_process && m->counters.bytes[COUNTER_RSS] == m->end - m->start;
	return l->process_left >= LOOK_BYTES;
}

/* A mapping whose parts are remembered was not examined, so nothing is known of its pages. */
static bool knows_all(const struct live_memory *l, const struct mapping *m)
{
	return l->start == m->start && l->end == m->end &&
	       (l->is_whole ||
		(l->window == l->start / l->page_size && l->window_count == page_count(l)));
}

bool live_memory_count(const struct live_memory *l, const struct mapping *m, struct part *parts,
		       size_t count)
{
	uint64_t all = 0;

	if (!knows_all(l, m))
		return false;
	for (size_t i = 0; i < count; i++) {
		uint64_t first = (parts[i].start - l->start) / l->page_size;
		uint64_t end = (parts[i].end - l->start) / l->page_size;

		for (uint64_t page = first; page < end; page++)
			parts[i].resident += l->is_whole || l->there[page] ? l->page_size : 0;
		parts[i].exclusive = parts[i].resident;
		all += parts[i].resident;
	}
	if (all == m->counters.bytes[COUNTER_RSS])
		return true;
	for (size_t i = 0; i < count; i++)
		parts[i].resident = parts[i].exclusive = 0;
	return false;
}
