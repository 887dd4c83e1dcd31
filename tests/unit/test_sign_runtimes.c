/* Go and HotSpot, by what their runtimes keep of themselves; and structures that do not fit. */
#include "fake_process.h"
#include "support.h"

#define KIB  (UINT64_C(1) << 10)
#define MIB  (UINT64_C(1) << 20)
#define HEAP UINT64_C(0xc000000000)

static struct fake_process process;

static int set_up(void **state)
{
	(void)state;
	fake_process_init(&process);
	return 0;
}

static void expect(uint64_t start, uint64_t until, uint64_t from, uint64_t end, enum guess guess)
{
	fake_process_expect(&process, start, until, from, end, guess);
}

#define TABLE	 UINT64_C(0x7f3200000000)
#define ABOUT	 UINT64_C(0x7f3300100000)
#define SPAN	 UINT64_C(0x7f3300f00000)
#define PROGRAM	 UINT64_C(0x400000)
#define SLOT(at) (TABLE + ((at) + (UINT64_C(1) << 47)) / (64 * MIB) * 8)

static void put_go(uint64_t at, uint64_t spans)
{
	fake_process_map(&process, "program", PROGRAM, NULL, 0);
	PUT(&process, PROGRAM + FAKE_BSS + 0x1818, TABLE);
	PUT(&process, SLOT(at), ABOUT);
	PUT(&process, ABOUT + spans + at % (64 * MIB) / 8192 * 8, SPAN);
	PUT(&process, SPAN, 0, 0, 0, at, 1);
	PUT(&process, at, 0);
}

TEST(the_heap_of_go_by_its_spans)
{
	static const uint64_t spans[] = {0, 0x104000, 0x200000};

	for (size_t i = 0; i < sizeof(spans) / sizeof(*spans); i++) {
		set_up(NULL);
		put_go(HEAP, spans[i]);
		expect(HEAP, HEAP + 4 * MIB, HEAP, HEAP + 4 * MIB, GUESS_GO_HEAP);
	}
}

TEST(the_heap_of_go_at_another_address)
{
	const uint64_t at = UINT64_C(0x2d08ce000000);

	put_go(at + 0x3c8000, 0);
	expect(at, at + 20 * MIB, at, at + 20 * MIB, GUESS_GO_HEAP);
}

TEST(arenas_of_go_that_the_table_does_not_have)
{
	put_go(HEAP, 0);
	expect(HEAP, HEAP + 4 * MIB, HEAP, HEAP + 4 * MIB, GUESS_GO_HEAP);
	expect(HEAP + 64 * MIB, HEAP + 68 * MIB, 0, 0, GUESS_NONE);
}

TEST(the_description_of_an_arena_is_the_runtimes)
{
	put_go(HEAP, 0);
	expect(HEAP, HEAP + 4 * MIB, HEAP, HEAP + 4 * MIB, GUESS_GO_HEAP);
	expect(ABOUT - MIB, ABOUT + MIB, ABOUT, ABOUT + 64 * KIB, GUESS_GO_RUNTIME);
	expect(TABLE, TABLE + 64 * MIB, TABLE, TABLE + 32 * MIB, GUESS_GO_RUNTIME);
	expect(ABOUT + 64 * MIB, ABOUT + 65 * MIB, 0, 0, GUESS_NONE);
}

TEST(a_table_whose_spans_lie_elsewhere)
{
	put_go(HEAP, 0);
	PUT(&process, SPAN, 0, 0, 0, HEAP + 8192, 1);
	expect(HEAP, HEAP + 4 * MIB, 0, 0, GUESS_NONE);
}

TEST(the_address_of_go_alone)
{
	fake_process_map(&process, "program", PROGRAM, NULL, 0);
	PUT(&process, HEAP, 0);
	expect(HEAP, HEAP + 4 * MIB, 0, 0, GUESS_NONE);
}

/* A machine with a heap, a space of code, cards and a class. */
#define JVM	UINT64_C(0x7f1000000000)
#define ROWS	UINT64_C(0x7f1000200000)
#define TEXT	UINT64_C(0x1100) /* of names, in the file */
#define THINGS	UINT64_C(0x7f2000000000)
#define JAVA	UINT64_C(0x7e0000000)
#define CODE	UINT64_C(0x7f3000000000)
#define CARDS	UINT64_C(0x7f4000000000)
#define BITS	UINT64_C(0x7f4100000000)
#define CLASSES UINT64_C(0x7f5000000000)

static uint64_t text_end, rows_end;

static uint64_t put_text(const char *text)
{
	unsigned char *bytes = fake_process_bytes(0);
	uint64_t at = text_end;

	assert_true(at + strlen(text) < 6000);
	strcpy((char *)bytes + at, text);
	text_end += strlen(text) + 1;
	return JVM + at;
}

static void put_row(const char *type, const char *field, bool is_static, uint64_t where)
{
	PUT(&process, rows_end, put_text(type), put_text(field), 0, is_static,
	    is_static ? 0 : where, is_static ? where : 0);
	rows_end += 48;
}

static void put_fields(void)
{
	put_row("Universe", "_collectedHeap", true, THINGS);
	put_row("CollectedHeap", "_reserved", false, 32);
	put_row("G1CollectedHeap", "_hrm", false, 304);
	put_row("CodeCache", "_heaps", true, THINGS + 8);
	put_row("GrowableArray<int>", "_data", false, 8);
	put_row("CodeHeap", "_memory", false, 8);
	put_row("CodeHeap", "_segmap", false, 120);
	put_row("BarrierSet", "_barrier_set", true, THINGS + 16);
	put_row("CardTableBarrierSet", "_card_table", false, 64);
	put_row("CardTable", "_byte_map", false, 56);
	put_row("CardTable", "_byte_map_size", false, 48);
	put_row("ClassLoaderDataGraph", "_head", true, THINGS + 24);
	put_row("ClassLoaderData", "_klasses", false, 56);
	put_row("ClassLoaderData", "_next", false, 112);
	put_row("Klass", "_next_link", false, 144);
	put_row("InstanceKlass", "_constants", false, 232);
	PUT(&process, rows_end, 0, 0, 0, 0, 0, 0);
}

static void put_structures(void)
{
	const uint64_t heap = THINGS + 0x1000, codes = THINGS + 0x2000, barriers = THINGS + 0x3000,
		       loader = THINGS + 0x4000;

	PUT(&process, THINGS, heap, codes, barriers, loader);
	PUT(&process, heap + 32, JAVA, 512 * MIB / 8);
	PUT(&process, heap + 304, heap + 0x800);
	PUT(&process, heap + 0x800, 0, 0, BITS, BITS + 512 * MIB / 64);
	PUT(&process, codes, 1, codes + 64);
	PUT(&process, codes + 64, codes + 128);
	PUT(&process, codes + 128 + 8, CODE, CODE + 4 * MIB);
	PUT(&process, codes + 128 + 120, CODE + 8 * MIB, CODE + 9 * MIB);
	PUT(&process, barriers + 64, barriers + 128);
	PUT(&process, barriers + 128 + 48, MIB, CARDS);
	PUT(&process, loader + 56, CLASSES + 0x100);
	PUT(&process, loader + 112, 0);
	PUT(&process, CLASSES + 0x100 + 144, 0);
	PUT(&process, CLASSES + 0x100 + 232, 0);
}

static void put_machine(uint64_t stride)
{
	static const struct fake_symbol symbols[] = {
		{"gHotSpotVMStructs", FAKE_BSS},
		{"gHotSpotVMStructEntryArrayStride", FAKE_BSS + 8}};

	text_end = TEXT;
	rows_end = ROWS;
	fake_process_map(&process, "libjvm.so", JVM, symbols, 2);
	PUT(&process, JVM + FAKE_BSS, ROWS, stride);
	put_fields();
	put_structures();
}

TEST(spaces_of_hotspot)
{
	put_machine(48);
	expect(JAVA, JAVA + 100 * MIB, JAVA, JAVA + 100 * MIB, GUESS_JAVA_HEAP);
	expect(CODE, CODE + 5 * MIB, CODE, CODE + 4 * MIB, GUESS_JAVA_CODE);
	expect(CODE + 7 * MIB, CODE + 10 * MIB, CODE + 8 * MIB, CODE + 9 * MIB, GUESS_JAVA_CODE);
	expect(CARDS, CARDS + MIB, CARDS, CARDS + MIB, GUESS_JAVA_GC);
	expect(BITS, BITS + MIB, BITS, BITS + MIB, GUESS_JAVA_GC);
	expect(CLASSES, CLASSES + 64 * KIB, CLASSES, CLASSES + 64 * KIB, GUESS_JAVA_CLASSES_LIKELY);
	expect(CLASSES + MIB, CLASSES + 2 * MIB, 0, 0, GUESS_NONE);
}

/* The begin of the heap looks like the header of a page of V8 in its sandbox, which is only likely:
 * what the machine exports is certain. */
TEST(a_heap_of_java_that_looks_like_v8)
{
	PUT(&process, JAVA, 1, 0x4e, 0x1fff800000565);
	PUT(&process, JAVA - JAVA % (UINT64_C(4) << 30), 7, 7);
	expect(JAVA, JAVA + 100 * MIB, JAVA, JAVA + 100 * MIB, GUESS_V8_HEAP_LIKELY);
	memset(&process.facts, 0, sizeof(process.facts));
	put_machine(48);
	expect(JAVA, JAVA + 100 * MIB, JAVA, JAVA + 100 * MIB, GUESS_JAVA_HEAP);
}

TEST(a_table_of_another_form)
{
	put_machine(56);
	expect(JAVA, JAVA + 100 * MIB, 0, 0, GUESS_NONE);
}

TEST(structures_that_lead_nowhere)
{
	put_machine(48);
	PUT(&process, THINGS, 0, 0, 0, 0);
	expect(JAVA, JAVA + 100 * MIB, 0, 0, GUESS_NONE);
}

TEST(a_library_of_that_name_without_the_table)
{
	fake_process_map(&process, "libjvm.so", JVM, NULL, 0);
	expect(JAVA, JAVA + 100 * MIB, 0, 0, GUESS_NONE);
}

TEST(around_spans_lies_what_may_be_the_runtimes)
{
	put_go(HEAP, 0);
	expect(SPAN - MIB, SPAN + MIB, 0, 0, GUESS_NONE);
	expect(HEAP, HEAP + 4 * MIB, HEAP, HEAP + 4 * MIB, GUESS_GO_HEAP);
	expect(SPAN - MIB, SPAN + MIB, SPAN - 256 * KIB, SPAN + MIB, GUESS_GO_RUNTIME_LIKELY);
	expect(SPAN - 4096, SPAN + MIB, SPAN - 4096, SPAN + MIB, GUESS_GO_RUNTIME_LIKELY);
	expect(SPAN + MIB, SPAN + 2 * MIB, 0, 0, GUESS_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_heap_of_go_by_its_spans, set_up),
		cmocka_unit_test_setup(the_heap_of_go_at_another_address, set_up),
		cmocka_unit_test_setup(arenas_of_go_that_the_table_does_not_have, set_up),
		cmocka_unit_test_setup(the_description_of_an_arena_is_the_runtimes, set_up),
		cmocka_unit_test_setup(a_table_whose_spans_lie_elsewhere, set_up),
		cmocka_unit_test_setup(the_address_of_go_alone, set_up),
		cmocka_unit_test_setup(spaces_of_hotspot, set_up),
		cmocka_unit_test_setup(a_heap_of_java_that_looks_like_v8, set_up),
		cmocka_unit_test_setup(a_table_of_another_form, set_up),
		cmocka_unit_test_setup(structures_that_lead_nowhere, set_up),
		cmocka_unit_test_setup(a_library_of_that_name_without_the_table, set_up),
		cmocka_unit_test_setup(around_spans_lies_what_may_be_the_runtimes, set_up),
	};

	return RUN(tests);
}
