/*
 * The heap of Go.
 *
 * The runtime divides the address space into arenas of 64 MiB. A variable points to a table with
 * the metadata of each arena. That contains the span of each page of 8 KiB, and a span contains its
 * first page. If this path leads from a variable to a page of the mapping, the mapping is the heap,
 * whether or not there are symbols. The metadata is in memory of the runtime too. Memory around
 * spans is likely the runtime's.
 */
#include "classify/elf.h"
#include "classify/sign.h"

#define ARENA	     (UINT64_C(64) << 20)
#define ARENA_OFFSET (UINT64_C(1) << 47) /* the lowest address, from which arenas are counted */
#define GO_PAGE	     UINT64_C(8192)
#define SPANS_BYTES  (ARENA / GO_PAGE * sizeof(uint64_t))
#define TABLE_BYTES  ((UINT64_C(1) << 48) / ARENA * sizeof(uint64_t))
#define SPAN_START   24 /* offset of the first page in a span */
#define PAGE_BYTES   UINT64_C(4096)
#define VARIABLES    (UINT64_C(256) << 10) /* bytes of variables that are searched */
#define PIECE	     (UINT64_C(256) << 10) /* by which the runtime allocates its own memory */

enum { UNKNOWN, FOUND, NONE, TRIES = 2, PROBES = 24, SPAN_PROBES = 8 };

/* Offsets of the spans in the metadata of an arena: 1.22 and later, 1.20 and 1.21, before. */
static const uint64_t spans_offsets[] = {0, 0x104000, 0x200000};

static bool read_word(const struct sign_place *p, uint64_t at, uint64_t *word)
{
	return memory_read(p->memory, at, word, sizeof(*word));
}

static bool is_address(uint64_t a)
{
	return a >= PAGE_BYTES && a % sizeof(uint64_t) == 0 && a < ARENA_OFFSET;
}

static bool find_description(const struct sign_place *p, uint64_t table, uint64_t at,
			     uint64_t *description)
{
	uint64_t slot = table + (at + ARENA_OFFSET) / ARENA * sizeof(uint64_t);

	return read_word(p, slot, description) && is_address(*description);
}

/* The span that begins at a page; 0 if there is none. */
static uint64_t span_of(const struct sign_place *p, uint64_t description, uint64_t spans,
			uint64_t at)
{
	uint64_t index = at % ARENA / GO_PAGE, span, start;

	return read_word(p, description + spans + index * sizeof(span), &span) &&
			       is_address(span) && read_word(p, span + SPAN_START, &start) &&
			       start == at
		       ? span
		       : 0;
}

static bool is_table(const struct sign_place *p, uint64_t table, const uint64_t *pages,
		     unsigned count)
{
	struct go_facts *go = &p->facts->go;
	uint64_t description, span;

	if (!find_description(p, table, pages[0], &description))
		return false;
	for (size_t i = 0; i < sizeof(spans_offsets) / sizeof(*spans_offsets); i++) {
		for (unsigned j = 0; j < count; j++) {
			span = span_of(p, description, spans_offsets[i], pages[j]);
			if (span == 0)
				continue;
			go->table = table;
			go->spans = spans_offsets[i];
			return true;
		}
	}
	return false;
}

/* Present pages of the mapping in one arena. */
static unsigned choose_pages(const struct sign_place *p, uint64_t *pages, unsigned most)
{
	uint64_t end = (p->at / ARENA + 1) * ARENA, at = p->at;
	unsigned count = 0;

	if (end > p->mapping->end)
		end = p->mapping->end;
	while (count < most && (at = memory_next(p->memory, at, end)) < end) {
		pages[count++] = at / GO_PAGE * GO_PAGE;
		at = (at / GO_PAGE + 1) * GO_PAGE;
	}
	return count;
}

/* Searches the variables for a pointer to the table. */
static bool find_table(const struct sign_place *p, uint64_t start, uint64_t end)
{
	uint64_t words[PAGE_BYTES / sizeof(uint64_t)], pages[PROBES];
	unsigned count = choose_pages(p, pages, PROBES);

	start -= start % PAGE_BYTES;
	if (end - start > VARIABLES)
		end = start + VARIABLES;
	for (uint64_t at = start; count && at < end; at += PAGE_BYTES) {
		if (!memory_read(p->memory, at, words, sizeof(words)))
			continue;
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
			if (words[i] != 0 && words[i] % PAGE_BYTES == 0 && is_address(words[i]) &&
			    is_table(p, words[i], pages, count))
				return true;
		}
	}
	return false;
}

static void find_runtime(const struct sign_place *p)
{
	struct go_facts *go = &p->facts->go;
	uint64_t start, end;
	struct elf elf;

	if (go->tries == 0 &&
	    (!elf_open(&elf, p->memory, SLICE("")) || !elf_has_section(&elf, SLICE(".gopclntab")) ||
	     !elf_find_bss(&elf, &go->start, &go->end)))
		go->state = NONE;
	start = go->start;
	end = go->end;
	if (go->state == NONE)
		return;
	if (find_table(p, start, end))
		go->state = FOUND;
	else if (++go->tries == TRIES)
		go->state = NONE;
}

/* A sample of the spans of an arena, evenly spread over its used part. */
static void note_spans(const struct sign_place *p, uint64_t description, uint64_t end)
{
	struct go_facts *go = &p->facts->go;
	uint64_t pages = (end - p->at) / GO_PAGE, first = p->at % ARENA / GO_PAGE, span;

	for (uint64_t i = 0; i < SPAN_PROBES; i++) {
		uint64_t word = first + i * pages / SPAN_PROBES;

		if (read_word(p, description + go->spans + word * sizeof(span), &span) &&
		    is_address(span))
			go->some_spans[go->span_count++ % GO_SPANS] = span;
	}
}

static bool find_heap(const struct sign_place *p, struct sign_found *found)
{
	uint64_t start = p->at, end = (start / ARENA + 1) * ARENA, description;

	if (!find_description(p, p->facts->go.table, start, &description))
		return false;
	p->facts->go.descriptions[p->facts->go.count++ % GO_DESCRIPTIONS] = description;
	*found = (struct sign_found){
		.start = start,
		.end = end < p->mapping->end ? end : p->mapping->end,
		.guess = GUESS_GO_HEAP,
	};
	note_spans(p, description, found->end);
	return true;
}

/* The first metadata of an arena from `at` on. */
static bool find_description_here(const struct sign_place *p, struct sign_found *found)
{
	const struct go_facts *go = &p->facts->go;
	bool any = false;

	for (unsigned i = 0; i < go->count && i < GO_DESCRIPTIONS; i++) {
		uint64_t start = go->descriptions[i], end = start + go->spans + SPANS_BYTES;

		start = start < p->at ? p->at : start - start % PAGE_BYTES;
		end = end / PAGE_BYTES * PAGE_BYTES;
		if (end > p->mapping->end)
			end = p->mapping->end;
		if (start >= end || (any && start >= found->start))
			continue;
		*found = (struct sign_found){start, end, GUESS_GO_RUNTIME};
		any = true;
	}
	return any;
}

/* The table has an entry for each arena of the address space. */
static bool find_table_here(const struct sign_place *p, struct sign_found *found)
{
	uint64_t start = p->facts->go.table, end = start + TABLE_BYTES;

	start = start < p->at ? p->at : start;
	end = end > p->mapping->end ? p->mapping->end : end;
	*found = (struct sign_found){start, end, GUESS_GO_RUNTIME};
	return start < end;
}

/* The first address of the mapping that spans may have been allocated from; or its end. */
static uint64_t first_span(const struct sign_place *p)
{
	const struct go_facts *go = &p->facts->go;
	uint64_t first = p->mapping->end;

	for (unsigned i = 0; i < go->span_count && i < GO_SPANS; i++) {
		if (go->some_spans[i] >= p->at && go->some_spans[i] < first)
			first = go->some_spans[i];
	}
	if (first == p->mapping->end)
		return first;
	return first - p->at > PIECE ? (first - PIECE) / PAGE_BYTES * PAGE_BYTES : p->at;
}

/* The runtime's own memory: its metadata, and the memory around spans. */
static bool find_runtime_here(const struct sign_place *p, struct sign_found *found)
{
	struct sign_found around = {first_span(p), p->mapping->end, GUESS_GO_RUNTIME_LIKELY};
	bool any = find_description_here(p, found) || find_table_here(p, found);

	if (any && found->start <= around.start)
		return true;
	if (around.start == p->mapping->end)
		return any;
	if (any)
		around.end = found->start;
	*found = around;
	return true;
}

bool sign_go_heap(const struct sign_place *p, struct sign_found *found)
{
	struct go_facts *go = &p->facts->go;

	if (go->state == UNKNOWN && p->at == p->mapping->start && p->at % SIGN_HUGE == 0 &&
	    p->at > UINT32_MAX)
		find_runtime(p);
	return go->state == FOUND && (find_heap(p, found) || find_runtime_here(p, found));
}
