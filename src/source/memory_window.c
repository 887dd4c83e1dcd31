#include "source/memory_window.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* For a process: some gigabytes of small chunks, read at once where they follow each other. */
#define BYTES_MOST (UINT64_C(2) << 30)

void window_forget(struct memory_window *w)
{
	w->page_count = w->size = 0;
	w->stride = 1;
}

void window_begin(struct memory_window *w, struct process_memory *memory)
{
	w->memory = memory;
	w->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	w->page_bits = (unsigned)__builtin_ctzll(w->page_size);
	w->deadline_ns = clock_ns(CLOCK_MONOTONIC) + SECOND_NS;
	w->bytes_left = BYTES_MOST;
	w->spent = false;
	window_forget(w);
}

/* Pages. */

static void note_regions(struct memory_window *w, int count)
{
	for (int i = 0; i < count; i++) {
		uint64_t first = (w->regions[i].start >> w->page_bits) - w->first;
		uint64_t pages = (w->regions[i].end - w->regions[i].start) >> w->page_bits;
		bool away = !(w->regions[i].categories & PAGE_IS_PRESENT);

		memset(w->states + first, away ? STATE_SWAPPED : STATE_RESIDENT, pages);
	}
}

/* False with errno. */
static bool scan_pages(struct memory_window *w)
{
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = w->first << w->page_bits,
		.end = (w->first + WINDOW_PAGES) << w->page_bits,
		.vec = (uint64_t)(uintptr_t)w->regions,
		.vec_len = WINDOW_PAGES,
	};
	int n = pagescan(w->memory->map, &arg);

	if (n < 0)
		return false;
	memset(w->states, STATE_ABSENT, sizeof(w->states));
	note_regions(w, n);
	return true;
}

static bool read_pages(struct memory_window *w)
{
	uint64_t entries[WINDOW_PAGES];

	if (!process_memory_pages(w->memory, w->first, entries, WINDOW_PAGES))
		return false;
	for (size_t i = 0; i < WINDOW_PAGES; i++) {
		if (entries[i] & PAGE_PRESENT)
			w->states[i] = STATE_RESIDENT;
		else if (entries[i] & PAGE_SWAPPED && !(entries[i] & PAGE_GUARD))
			w->states[i] = STATE_SWAPPED;
		else
			w->states[i] = STATE_ABSENT;
	}
	return true;
}

static bool look_at_pages(struct memory_window *w, uint64_t page)
{
	w->first = page - page % WINDOW_PAGES;
	w->page_count = 0;
	w->spent = w->spent || clock_ns(CLOCK_MONOTONIC) > w->deadline_ns ||
		   !process_memory_open(w->memory);
	if (w->spent)
		return false;
	w->spent = !scan_pages(w) && (errno != ENOTTY || !read_pages(w));
	w->page_count = w->spent ? 0 : WINDOW_PAGES;
	return !w->spent;
}

enum page_state window_page(struct memory_window *w, uint64_t at)
{
	uint64_t page = at >> w->page_bits;

	if (page - w->first >= w->page_count && !look_at_pages(w, page))
		return STATE_ABSENT;
	return w->states[page - w->first];
}

/* Passes over what is not there, of which there may be terabytes. */
static uint64_t skip(struct memory_window *w, uint64_t at, uint64_t end)
{
	struct page_region region = {.start = end};
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = at,
		.end = end,
		.vec = (uint64_t)(uintptr_t)&region,
		.vec_len = 1,
		.max_pages = 1,
	};
	int n = pagescan(w->memory->map, &arg);

	if (n < 0)
		return at;
	return n > 0 ? region.start : end;
}

uint64_t window_next(struct memory_window *w, uint64_t page, uint64_t end)
{
	uint64_t window = (uint64_t)WINDOW_PAGES << w->page_bits;

	while (page < end && window_page(w, page) != STATE_RESIDENT && !w->spent) {
		page += w->page_size;
		if (page % window == 0 && page < end)
			page = skip(w, page, end);
	}
	return page < end ? page : end;
}

uint64_t window_count(struct memory_window *w, uint64_t start, uint64_t end)
{
	uint64_t sum = 0;

	while (start < end && !w->spent) {
		uint64_t next = ((start >> w->page_bits) + 1) << w->page_bits;

		next = next < end ? next : end;
		if (window_page(w, start) != STATE_ABSENT)
			sum += next - start;
		start = next;
	}
	return sum;
}

/* Bytes. */

/* As many resident pages from one on as may be read at once. */
static size_t extent(struct memory_window *w, uint64_t start)
{
	size_t pages = 1;

	while (pages < w->stride && (pages + 1) << w->page_bits <= WINDOW_BYTES &&
	       ((start >> w->page_bits) + pages) % WINDOW_PAGES != 0 &&
	       window_page(w, start + (pages << w->page_bits)) == STATE_RESIDENT)
		pages++;
	return pages << w->page_bits;
}

static enum window_status fill(struct memory_window *w, uint64_t at)
{
	uint64_t start = at - at % w->page_size;
	bool follows = w->size > 0 && start == w->at + w->size;
	enum page_state state = window_page(w, at);

	if (w->spent)
		return WINDOW_SPENT;
	if (state != STATE_RESIDENT)
		return state == STATE_SWAPPED ? WINDOW_SWAPPED : WINDOW_ABSENT;
	w->stride = follows ? 2 * w->stride : 1;
	w->size = extent(w, start);
	if (w->size > w->bytes_left)
		w->spent = true;
	w->stride = w->size >> w->page_bits;
	w->at = start;
	if (!w->spent && process_memory_read(w->memory, start, w->bytes, w->size)) {
		w->bytes_left -= w->size;
		return WINDOW_DONE;
	}
	/* It went away just now, as far as it was not time that ran out. */
	window_forget(w);
	return w->spent ? WINDOW_SPENT : WINDOW_ABSENT;
}

enum window_status window_read(struct memory_window *w, uint64_t at, void *to, size_t size)
{
	enum window_status status = WINDOW_DONE;

	if (at - w->at >= w->size || size > w->size - (at - w->at))
		status = fill(w, at);
	if (status == WINDOW_DONE)
		memcpy(to, w->bytes + (at - w->at), size);
	return status;
}
