/* What a file says of where its parts lie in a process. */
#include "classify/elf.h"
#include "fake_process.h"
#include "support.h"

#include <elf.h>

#define START UINT64_C(0x7f0000000000)

static struct fake_process process;

static int set_up(void **state)
{
	static const struct fake_symbol symbols[] = {{"first", 0x20}, {"second", FAKE_BSS + 8}};

	(void)state;
	fake_process_init(&process);
	fake_process_map(&process, "program", 0x400000, NULL, 0);
	fake_process_map(&process, "libx.so.1", START, symbols, 2);
	return 0;
}

TEST(symbols_lie_where_the_library_does)
{
	struct elf elf;
	uint64_t at;

	assert_true(elf_open(&elf, &process.memory.memory, SLICE("libx.so")));
	assert_true(elf_find_symbol(&elf, SLICE("first"), &at));
	assert_int_equal(at, START + 0x20);
	assert_true(elf_find_symbol(&elf, SLICE("second"), &at));
	assert_int_equal(at, START + FAKE_BSS + 8);
	assert_false(elf_find_symbol(&elf, SLICE("firs"), &at));
	assert_false(elf_find_symbol(&elf, SLICE("third"), &at));
}

TEST(the_program_may_export_nothing)
{
	struct elf elf;
	uint64_t at;

	assert_true(elf_open(&elf, &process.memory.memory, SLICE("")));
	assert_int_equal(elf.object.start, 0x400000);
	assert_false(elf_find_symbol(&elf, SLICE("first"), &at));
	assert_false(elf_open(&elf, &process.memory.memory, SLICE("liby.so")));
}

TEST(variables_lie_behind_what_is_in_the_file)
{
	struct elf elf;
	uint64_t start, end;

	assert_true(elf_open(&elf, &process.memory.memory, SLICE("libx.so")));
	assert_true(elf_find_bss(&elf, &start, &end));
	assert_int_equal(start, START + FAKE_BSS);
	assert_int_equal(end, START + FAKE_BSS_END);
}

/* As lld links: the first writable segment, which the loader protects, is filled up to a page. */
TEST(a_gap_behind_protected_data_has_no_variables)
{
	unsigned char *header = fake_process_bytes(1) + sizeof(Elf64_Ehdr);
	Elf64_Phdr protected;
	uint64_t start, end;
	struct elf elf;

	memcpy(&protected, header, sizeof(protected));
	protected.p_flags = PF_R | PF_W;
	protected.p_memsz += 0x920;
	memcpy(header, &protected, sizeof(protected));
	assert_true(elf_open(&elf, &process.memory.memory, SLICE("libx.so")));
	assert_true(elf_find_bss(&elf, &start, &end));
	assert_int_equal(start, START + FAKE_BSS);
	assert_int_equal(end, START + FAKE_BSS_END);
}

TEST(sections_have_names)
{
	struct elf elf;

	assert_true(elf_open(&elf, &process.memory.memory, SLICE("libx.so")));
	assert_true(elf_has_section(&elf, SLICE(".gopclntab")));
	assert_true(elf_has_section(&elf, SLICE(".text")));
	assert_false(elf_has_section(&elf, SLICE(".gopcln")));
	assert_false(elf_has_section(&elf, SLICE("text")));
}

/* Every word of the file in turn is what it should not be: no answer matters, but none may lead
 * astray. */
TEST(a_hostile_file)
{
	struct fake_file *file = &process.memory.files[1];
	unsigned char *bytes = fake_process_bytes(1);

	for (size_t i = 0; i < file->size; i += 8) {
		uint64_t whole, start, end;
		struct elf elf;

		memcpy(&whole, bytes + i, sizeof(whole));
		for (unsigned fill = 0; fill <= 0xff; fill += 0x55) {
			memset(bytes + i, (int)fill, sizeof(whole));
			if (!elf_open(&elf, &process.memory.memory, SLICE("libx.so")))
				continue;
			elf_find_symbol(&elf, SLICE("second"), &start);
			elf_find_bss(&elf, &start, &end);
			elf_has_section(&elf, SLICE(".gopclntab"));
		}
		memcpy(bytes + i, &whole, sizeof(whole));
	}
}

TEST(a_file_that_cannot_be_read_is_read_where_it_is_mapped)
{
	struct fake_file *file = &process.memory.files[1];
	struct elf elf;
	uint64_t at;

	fake_memory_put(&process.memory, START, file->bytes, file->size);
	file->size = 0;
	assert_true(elf_open(&elf, &process.memory.memory, SLICE("libx.so")));
	assert_true(elf_find_symbol(&elf, SLICE("second"), &at));
	assert_int_equal(at, START + FAKE_BSS + 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(symbols_lie_where_the_library_does, set_up),
		cmocka_unit_test_setup(the_program_may_export_nothing, set_up),
		cmocka_unit_test_setup(variables_lie_behind_what_is_in_the_file, set_up),
		cmocka_unit_test_setup(a_gap_behind_protected_data_has_no_variables, set_up),
		cmocka_unit_test_setup(sections_have_names, set_up),
		cmocka_unit_test_setup(a_hostile_file, set_up),
		cmocka_unit_test_setup(a_file_that_cannot_be_read_is_read_where_it_is_mapped,
				       set_up),
	};

	return RUN(tests);
}
