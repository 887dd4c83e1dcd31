#include "classify/signs.h"

#include "classify/runtime.h"
#include "classify/sign.h"

#include <string.h>

#define PAGE_BYTES   UINT64_C(4096)
#define POOL	     (UINT64_C(16) << 10)
#define RESUME_LEAST (UINT64_C(1) << 20) /* what is resident */

enum {
	VIEW = 256,
	RESUME_LOOKS = 2048, /* of a process */
	RESUME_OF_GAP = 512,
};

/* Cheap ones first. */
static sign_fn *const all[] = {
	sign_malloc_arena,
	sign_malloc_chunks,
	sign_bss,
	sign_python_arenas,
	sign_stack,
	sign_advised_chunk,
	sign_asan,
	sign_mimalloc_arena,
	sign_mimalloc_segment,
	sign_v8_pages,
	sign_php_chunk,
	sign_erlang_carriers,
	sign_python_frames,
	sign_ruby_pages,
	sign_ruby_transient,
	sign_ghc_heap,
	sign_luajit_heap,
	/* Before what only looks like Chromium; it reads files. */
	sign_hotspot_spaces,
	sign_partition_alloc,
	sign_oilpan,
	sign_v8_sandbox,
	sign_innodb_pool,
	/* From here on, files are read. */
	sign_valgrind,
	sign_sbcl_space,
	sign_libgc_heap,
	sign_go_heap,
	sign_jemalloc,
};

/* The words that all signs read first are read once. */
struct view {
	struct memory memory; /* first */
	struct memory *whole;
	uint64_t at;
	bool is_loaded;		  /* read on demand */
	bool is_whole, is_absent; /* it was read; its page is not present */
	unsigned char bytes[VIEW];
};

static void load_view(struct view *v)
{
	v->is_loaded = true;
	v->is_whole = memory_read(v->whole, v->at, v->bytes, VIEW);
	v->is_absent = !v->is_whole && memory_next(v->whole, v->at, v->at + 1) != v->at;
}

static bool read_view(struct memory *m, uint64_t at, void *to, size_t size)
{
	struct view *v = (struct view *)m;

	if (at < v->at || at - v->at >= VIEW)
		return memory_read(v->whole, at, to, size);
	if (!v->is_loaded)
		load_view(v);
	if (v->is_absent)
		return false;
	if (v->is_whole && size <= VIEW - (at - v->at)) {
		memcpy(to, v->bytes + (at - v->at), size);
		return true;
	}
	return memory_read(v->whole, at, to, size);
}

static uint64_t next_page(struct memory *m, uint64_t from, uint64_t end)
{
	return memory_next(((struct view *)m)->whole, from, end);
}

static bool find_object(struct memory *m, struct slice name, struct memory_object *object)
{
	return memory_find(((struct view *)m)->whole, name, object);
}

static bool read_file(struct memory *m, const struct memory_object *object, uint64_t offset,
		      void *to, size_t size)
{
	return memory_read_file(((struct view *)m)->whole, object, offset, to, size);
}

static void move_view(struct view *v, uint64_t at)
{
	v->at = at;
	v->is_loaded = false;
}

static bool fits(const struct sign_place *place, const struct sign_found *found)
{
	return found->start >= place->at && found->start < found->end &&
	       found->end <= place->mapping->end && found->guess != GUESS_NONE;
}

/* A runtime has many mappings of one kind: so the certain sign that recognized one is tried first
 * for the next, unless that may be .bss. */
static bool is_favorite(sign_fn *sign)
{
	return sign == sign_python_arenas || sign == sign_v8_pages;
}

static bool look_for_favorite(const struct sign_place *place, struct sign_found *found)
{
	unsigned favorite = place->facts->favorite;

	return favorite && place->at != place->facts->bss.end && all[favorite - 1](place, found) &&
	       fits(place, found) && found->start == place->at;
}

/* The part that begins first; of several, that of the first sign. */
static bool look(const struct sign_place *place, struct sign_found *found)
{
	struct sign_found one;
	bool any = false;

	if (look_for_favorite(place, found))
		return true;
	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (!all[i](place, &one) || !fits(place, &one) ||
		    (any && one.start >= found->start))
			continue;
		*found = one;
		any = true;
		if (one.start != place->at)
			continue;
		if (is_favorite(all[i]))
			place->facts->favorite = i + 1;
		break;
	}
	return any;
}

static bool begins_chunk(const struct view *v, uint64_t at)
{
	uint64_t words[2];

	return memory_read(v->whole, at, words, sizeof(words)) && words[0] == 0 &&
	       words[1] % PAGE_BYTES == 2;
}

/* Whether runtimes have many adjacent pieces that begin at such a page. */
static bool begins_runtime(const struct sign_place *place, struct sign_found *found)
{
	return (place->at % POOL == 0 && sign_python_arenas(place, found)) ||
	       (place->at % SIGN_HUGE == 0 && sign_innodb_pool(place, found)) ||
	       (place->facts->erlang.count > 0 && sign_erlang_carriers(place, found));
}

/* Whether a block from malloc(3) begins at a page, arenas of Python, carriers of Erlang or a buffer
 * pool do. */
static bool begins_known(struct sign_place *place, struct view *view, uint64_t at,
			 struct sign_found *found)
{
	place->at = at;
	move_view(view, at);
	if (begins_chunk(view, at))
		return look(place, found) && found->start == at;
	return begins_runtime(place, found) && fits(place, found) && found->start == at;
}

/* If the kernel merged mappings, known ones may follow an unknown one. That is worth some reads. */
static bool resume(struct sign_place *place, struct view *view, struct sign_found *found)
{
	const struct mapping *m = place->mapping;
	unsigned *looks = &place->facts->resume.looks;
	uint64_t at = place->at;

	if (m->counters.bytes[COUNTER_RSS] < RESUME_LEAST)
		return false;
	for (unsigned i = 0; i < RESUME_OF_GAP && *looks < RESUME_LOOKS; i++, (*looks)++) {
		at = memory_next(view->whole, (at / PAGE_BYTES + 1) * PAGE_BYTES, m->end);
		if (at >= m->end)
			break;
		if (begins_known(place, view, at, found)) {
			found->guess = guess_doubt(found->guess);
			return true;
		}
	}
	return false;
}

static size_t find(const struct mapping *m, struct memory *memory, void *facts,
		   struct content_part *parts, size_t most)
{
	struct view view = {.memory = {read_view, next_page, find_object, read_file},
			    .whole = memory};
	struct sign_place place = {
		.mapping = m, .at = m->start, .memory = &view.memory, .facts = facts};
	struct sign_found found;
	size_t count = 0;

	while (count < most && place.at < m->end) {
		struct content_part *before = count ? &parts[count - 1] : NULL;

		move_view(&view, place.at);
		if (!look(&place, &found) && !resume(&place, &view, &found))
			break;
		if (before && before->end == found.start && before->guess == found.guess)
			before->end = found.end;
		else
			parts[count++] = (struct content_part){found.start, found.end, found.guess};
		place.at = found.end;
	}
	return count;
}

static void pass(const struct mapping *m, void *facts)
{
	runtime_pass(m, facts);
	sign_stack_pass(m, facts);
	sign_bss_pass(m, facts);
	sign_malloc_pass(m, facts);
}

static unsigned stack_of(const struct mapping *m, uint64_t pointer, const void *facts)
{
	return sign_stack_of(m, pointer, facts);
}

static unsigned settle(const struct content_part *part, void *facts)
{
	return sign_malloc_settle(part, facts);
}

static enum content_doubt check(struct memory *m, const void *facts)
{
	return sign_malloc_check(m, facts);
}

static void doubt(void *facts)
{
	((struct sign_facts *)facts)->malloc.doubted = true;
}

static enum content_malloc malloc_of(unsigned guess)
{
	enum guess kind = guess_kind((enum guess)guess);

	if (kind != GUESS_MALLOC && kind != GUESS_ARENA)
		return MALLOC_NOT;
	return guess_is_likely((enum guess)guess) ? MALLOC_MAYBE : MALLOC_SURELY;
}

const struct content_signs signs = {
	.facts_size = sizeof(struct sign_facts),
	.find = find,
	.pass = pass,
	.malloc_of = malloc_of,
	.stack_of = stack_of,
	.settle = settle,
	.check = check,
	.doubt = doubt,
};
