#include "source/fastbins.h"

#include "parse/number.h"

/* Offsets in struct malloc_state, on 64 bits from glibc 2.27 on, between lists, top and bins. */
enum { LISTS = 10, TOP = 80, BINS = 96, BIN_COUNT = 127, BINS_EMPTY = 8 };
enum { ALIGNMENT = 16 };

#define FLAGS	 UINT64_C(7)
#define DATA_MAX (UINT64_C(4) << 20)

static bool read_word(struct memory_window *w, uint64_t at, uint64_t *word)
{
	return window_read(w, at, word, sizeof(*word)) == WINDOW_DONE;
}

static bool is_chunk(struct memory_window *w, uint64_t at, uint64_t size)
{
	uint64_t word;

	return at % ALIGNMENT == 0 && read_word(w, at + 8, &word) && (word & ~FLAGS) == size;
}

/* The next chunk in the list; 0 if there is none. From glibc 2.32 on, the pointer is mixed with its
 * own address. */
static uint64_t next_of(struct memory_window *w, uint64_t at, uint64_t size)
{
	uint64_t word, place = at + 16, plain;

	if (!read_word(w, place, &word))
		return 0;
	plain = word ^ place >> 12;
	if (plain == 0 || is_chunk(w, plain, size))
		return plain;
	return is_chunk(w, word, size) ? word : 0;
}

uint64_t fastbins_count(struct memory_window *w, uint64_t lists, uint64_t start, uint64_t end,
			uint64_t *links)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < LISTS; i++) {
		uint64_t size = (i + 2) * ALIGNMENT, at;

		if (!read_word(w, lists + i * sizeof(at), &at) || !is_chunk(w, at, size))
			continue;
		for (; at != 0 && *links > 0; --*links) {
			if (at >= start && at < end)
				sum += window_count(w, at, at + size);
			at = next_of(w, at, size);
		}
	}
	return sum;
}

/* The main arena. */

static bool is_state(struct memory_window *w, uint64_t lists)
{
	unsigned empty = 0;

	for (uint64_t i = 0; i < BIN_COUNT; i++) {
		uint64_t at = lists + BINS + 16 * i, first, last;

		if (!read_word(w, at, &first) || !read_word(w, at + 8, &last))
			return false;
		if (first == 0 || first % ALIGNMENT != 0)
			return false;
		empty += first == at - 16 && last == at - 16;
	}
	return empty >= BINS_EMPTY;
}

/* Searches [from, to) of the data of a file. */
static uint64_t search(struct memory_window *w, uint64_t from, uint64_t to, uint64_t start,
		       uint64_t end)
{
	uint64_t word;

	for (uint64_t at = from + TOP; at < to; at += sizeof(word)) {
		if (read_word(w, at, &word) && word >= start && word < end &&
		    word % ALIGNMENT == 0 && is_state(w, at - TOP))
			return at - TOP;
	}
	return 0;
}

static bool is_c_library(struct slice path)
{
	const struct slice base = slice_base_name(path);

	return slice_begins(base, SLICE("libc.so")) || slice_begins(base, SLICE("libc-2."));
}

/* Parses a line of maps: false unless it is private data of a file. */
static bool take_data(struct slice line, uint64_t *from, uint64_t *to, struct slice *path)
{
	struct slice perms;

	if (take_hex(&line, from) == 0 || !take_byte(&line, '-') || take_hex(&line, to) == 0)
		return false;
	skip_blanks(&line);
	perms = take_word(&line);
	take_word(&line);
	take_word(&line);
	take_word(&line);
	*path = line;
	return slice_equals(perms, SLICE("rw-p")) && slice_begins(line, SLICE("/")) &&
	       *to - *from <= DATA_MAX;
}

uint64_t fastbins_of_main(struct memory_window *w, uint64_t start, uint64_t end)
{
	struct slice maps = io_slurp(w->memory->io, w->memory->dir, "maps"), line, path;
	uint64_t from, to, found = 0;
	bool is_first = true;

	/* The first data in the address space is the program's. */
	while (found == 0 && take_line(&maps, &line)) {
		if (!take_data(line, &from, &to, &path))
			continue;
		if (is_first || is_c_library(path))
			found = search(w, from, to, start, end);
		is_first = false;
	}
	return found;
}
