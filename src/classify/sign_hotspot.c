/*
 * HotSpot, the virtual machine of Java.
 *
 * It exports a description of its structures for debuggers: gHotSpotVMStructs is a table of fields
 * with their type names and offsets. With it, the address ranges are read from the machine's own
 * variables: the heap, the metadata of the collector, code, and classes.
 */
#include "classify/elf.h"
#include "classify/sign.h"

#define PAGE_BYTES UINT64_C(4096)

enum { UNKNOWN, FOUND, NONE };

/* A row of the table; it ends with one without names. */
struct row {
	uint64_t type, field, text;
	int32_t is_static, unused;
	uint64_t offset, address;
};

enum {
	ROWS = 2048,
	ROWS_AT_ONCE = 64,
	NAME = 40,
	SEGMENTS = 8,
	CLASSES = 192,
	OF_LOADER = 48,
	WORDS = 48
};

/* Wanted rows: the address of a static variable, or the offset of a field. */
enum want {
	HEAP,
	RESERVED,
	REGIONS,
	CODE_HEAPS,
	ARRAY_DATA,
	CODE_MEMORY,
	CODE_MAP,
	BARRIERS,
	CARDS,
	CARDS_MAP,
	CARDS_SIZE,
	LOADERS,
	LOADER_CLASSES,
	LOADER_NEXT,
	CLASS_NEXT,
	CLASS_CONSTANTS,
	WANTS
};

static const struct {
	struct slice type, field;
} wanted[WANTS] = {
	[HEAP] = {SLICE_INIT("Universe"), SLICE_INIT("_collectedHeap")},
	[RESERVED] = {SLICE_INIT("CollectedHeap"), SLICE_INIT("_reserved")},
	[REGIONS] = {SLICE_INIT("G1CollectedHeap"), SLICE_INIT("_hrm")},
	[CODE_HEAPS] = {SLICE_INIT("CodeCache"), SLICE_INIT("_heaps")},
	[ARRAY_DATA] = {SLICE_INIT("GrowableArray<int>"), SLICE_INIT("_data")},
	[CODE_MEMORY] = {SLICE_INIT("CodeHeap"), SLICE_INIT("_memory")},
	[CODE_MAP] = {SLICE_INIT("CodeHeap"), SLICE_INIT("_segmap")},
	[BARRIERS] = {SLICE_INIT("BarrierSet"), SLICE_INIT("_barrier_set")},
	[CARDS] = {SLICE_INIT("CardTableBarrierSet"), SLICE_INIT("_card_table")},
	[CARDS_MAP] = {SLICE_INIT("CardTable"), SLICE_INIT("_byte_map")},
	[CARDS_SIZE] = {SLICE_INIT("CardTable"), SLICE_INIT("_byte_map_size")},
	[LOADERS] = {SLICE_INIT("ClassLoaderDataGraph"), SLICE_INIT("_head")},
	[LOADER_CLASSES] = {SLICE_INIT("ClassLoaderData"), SLICE_INIT("_klasses")},
	[LOADER_NEXT] = {SLICE_INIT("ClassLoaderData"), SLICE_INIT("_next")},
	[CLASS_NEXT] = {SLICE_INIT("Klass"), SLICE_INIT("_next_link")},
	[CLASS_CONSTANTS] = {SLICE_INIT("InstanceKlass"), SLICE_INIT("_constants")},
};

struct machine {
	const struct sign_place *p;
	struct elf elf;
	uint64_t at[WANTS]; /* an address or an offset */
	bool known[WANTS];
};

static bool read_word(const struct machine *m, uint64_t at, uint64_t *word)
{
	return memory_read(m->p->memory, at, word, sizeof(*word));
}

/* Follows a pointer to a structure and reads a field of it. */
static bool follow(const struct machine *m, uint64_t structure, enum want field, uint64_t *word)
{
	return m->known[field] && structure >= PAGE_BYTES &&
	       read_word(m, structure + m->at[field], word);
}

static bool read_static(const struct machine *m, enum want variable, uint64_t *word)
{
	return m->known[variable] && read_word(m, m->at[variable], word) && *word >= PAGE_BYTES;
}

static bool is_text(const struct machine *m, uint64_t address, struct slice text)
{
	char bytes[NAME];

	return elf_read(&m->elf, address, bytes, text.len + 1) &&
	       memcmp(bytes, text.ptr, text.len) == 0 && bytes[text.len] == '\0';
}

/* Rows of one type are adjacent. */
static void note_row(struct machine *m, const struct row *row, uint64_t *type, unsigned *of_type)
{
	if (row->type != *type) {
		*type = row->type;
		*of_type = 0;
		for (unsigned i = 0; i < WANTS; i++)
			*of_type |= (unsigned)is_text(m, row->type, wanted[i].type) << i;
	}
	for (unsigned i = 0; i < WANTS; i++) {
		if (!(*of_type & 1U << i) || m->known[i] ||
		    !is_text(m, row->field, wanted[i].field))
			continue;
		m->at[i] = row->is_static ? row->address : row->offset;
		m->known[i] = true;
	}
}

static bool read_table(struct machine *m)
{
	uint64_t symbol, stride_at, table, stride, type = 0;
	struct row rows[ROWS_AT_ONCE];
	unsigned of_type = 0;

	if (!elf_open(&m->elf, m->p->memory, SLICE("libjvm.so")) ||
	    !elf_find_symbol(&m->elf, SLICE("gHotSpotVMStructs"), &symbol) ||
	    !elf_find_symbol(&m->elf, SLICE("gHotSpotVMStructEntryArrayStride"), &stride_at) ||
	    !read_word(m, symbol, &table) || !read_word(m, stride_at, &stride) ||
	    stride != sizeof(struct row))
		return false;
	for (unsigned i = 0; i < ROWS; i += ROWS_AT_ONCE, table += sizeof(rows)) {
		if (!memory_read(m->p->memory, table, rows, sizeof(rows)))
			return i > 0;
		for (unsigned j = 0; j < ROWS_AT_ONCE; j++) {
			if (rows[j].type == 0)
				return true;
			note_row(m, &rows[j], &type, &of_type);
		}
	}
	return true;
}

static void add_space(struct machine *m, uint64_t start, uint64_t end, enum guess guess)
{
	struct hotspot_facts *facts = &m->p->facts->hotspot;

	if (facts->count < HOTSPOT_SPACES && start >= PAGE_BYTES && start % PAGE_BYTES == 0 &&
	    start < end)
		facts->spaces[facts->count++] = (struct sign_found){start, end, guess};
}

/* The metadata of G1: a bit for each 8 bytes of the heap, a byte for each 512. The region manager
 * points to objects with its addresses. */
static void find_regions(struct machine *m, uint64_t manager, uint64_t heap_bytes)
{
	uint64_t words[WORDS], parts[4];

	if (!memory_read(m->p->memory, manager, words, sizeof(words)))
		return;
	for (unsigned i = 0; i < WORDS; i++) {
		if (words[i] < PAGE_BYTES || words[i] % 8 != 0 ||
		    !memory_read(m->p->memory, words[i], parts, sizeof(parts)) ||
		    parts[2] % PAGE_BYTES != 0 || parts[3] <= parts[2])
			continue;
		if (parts[3] - parts[2] == heap_bytes / 64 ||
		    parts[3] - parts[2] == heap_bytes / 512)
			add_space(m, parts[2], parts[3], GUESS_JAVA_GC);
	}
}

static void find_heap(struct machine *m)
{
	uint64_t heap, region[2], barriers, cards, map, size;

	if (read_static(m, HEAP, &heap) && m->known[RESERVED] &&
	    memory_read(m->p->memory, heap + m->at[RESERVED], region, sizeof(region)) &&
	    region[1] < UINT64_C(1) << 44) {
		add_space(m, region[0], region[0] + region[1] * 8, GUESS_JAVA_HEAP);
		if (m->known[REGIONS])
			find_regions(m, heap + m->at[REGIONS], region[1] * 8);
	}
	if (read_static(m, BARRIERS, &barriers) && follow(m, barriers, CARDS, &cards) &&
	    follow(m, cards, CARDS_MAP, &map) && follow(m, cards, CARDS_SIZE, &size) &&
	    size < UINT64_C(1) << 40)
		add_space(m, map, map + size, GUESS_JAVA_GC);
}

static void find_code(struct machine *m)
{
	uint64_t array, data, heap, count, space[2];

	if (!read_static(m, CODE_HEAPS, &array) || !read_word(m, array, &count) ||
	    !follow(m, array, ARRAY_DATA, &data))
		return;
	count &= UINT32_MAX;
	for (unsigned i = 0; i < count && i < SEGMENTS; i++) {
		if (!read_word(m, data + i * sizeof(heap), &heap))
			return;
		for (enum want w = CODE_MEMORY; w <= CODE_MAP; w++) {
			if (m->known[w] && heap >= PAGE_BYTES &&
			    memory_read(m->p->memory, heap + m->at[w], space, sizeof(space)))
				add_space(m, space[0], space[1], GUESS_JAVA_CODE);
		}
	}
}

static void note_class(struct machine *m, uint64_t address)
{
	struct hotspot_facts *facts = &m->p->facts->hotspot;

	if (address >= PAGE_BYTES && facts->class_count < HOTSPOT_CLASSES)
		facts->classes[facts->class_count++] = address;
}

/* Class metadata has memory of its own. The newest comes first. */
static void find_classes(struct machine *m)
{
	uint64_t loader, class, constants;
	unsigned left = CLASSES;

	if (!read_static(m, LOADERS, &loader))
		return;
	for (; loader >= PAGE_BYTES && left > 0; left--) {
		if (!follow(m, loader, LOADER_CLASSES, &class))
			return;
		for (unsigned i = 0; class >= PAGE_BYTES && i < OF_LOADER && left > 0;
		     i++, left--) {
			note_class(m, class);
			if (follow(m, class, CLASS_CONSTANTS, &constants))
				note_class(m, constants);
			if (!follow(m, class, CLASS_NEXT, &class))
				break;
		}
		if (!follow(m, loader, LOADER_NEXT, &loader))
			return;
	}
}

static void find_spaces(const struct sign_place *p)
{
	struct machine m = {.p = p};

	p->facts->hotspot.state = NONE;
	if (!read_table(&m))
		return;
	p->facts->hotspot.state = FOUND;
	find_heap(&m);
	find_code(&m);
	find_classes(&m);
}

/* The first space from `at` on. */
static bool find_space(const struct sign_place *p, struct sign_found *found)
{
	const struct hotspot_facts *facts = &p->facts->hotspot;
	bool any = false;

	for (unsigned i = 0; i < facts->count; i++) {
		struct sign_found space = facts->spaces[i];

		if (space.start < p->at)
			space.start = p->at;
		if (space.end > p->mapping->end)
			space.end = p->mapping->end;
		space.end -= space.end % PAGE_BYTES;
		if (space.start >= space.end || (any && space.start >= found->start))
			continue;
		*found = space;
		any = true;
	}
	return any;
}

/* A mapping with a class contains nothing else, unless the kernel merged it with a neighbour. */
static bool has_class(const struct sign_place *p)
{
	const struct hotspot_facts *facts = &p->facts->hotspot;

	for (unsigned i = 0; i < facts->class_count; i++) {
		if (facts->classes[i] >= p->at && facts->classes[i] < p->mapping->end)
			return true;
	}
	return false;
}

bool sign_hotspot_spaces(const struct sign_place *p, struct sign_found *found)
{
	struct hotspot_facts *facts = &p->facts->hotspot;

	if (facts->state == UNKNOWN && p->mapping->counters.bytes[COUNTER_RSS] >= SIGN_LARGE)
		find_spaces(p);
	if (facts->state != FOUND)
		return false;
	if (find_space(p, found))
		return true;
	*found = (struct sign_found){p->at, p->mapping->end, GUESS_JAVA_CLASSES_LIKELY};
	return has_class(p);
}
