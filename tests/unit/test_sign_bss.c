/* Where .bss ends, by the headers of its object in memory. */
#include "fake_memory.h"
#include "support.h"

#include <elf.h>

#define AT   UINT64_C(0x7f5500000000)
#define DATA (AT + 0x4000)
#define BSS  (AT + 0x5000)

static struct fake_memory fake;

static int set_up(void **state)
{
	(void)state;
	fake_memory_init(&fake);
	return 0;
}

static void put_object(uint64_t first, uint64_t size)
{
	const Elf64_Ehdr head = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64},
		.e_phoff = sizeof(head),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 3,
	};
	const Elf64_Phdr segments[] = {
		{.p_type = PT_LOAD, .p_vaddr = first, .p_memsz = 0x3f00},
		{.p_type = PT_NOTE, .p_vaddr = first, .p_memsz = 0x90000},
		{.p_type = PT_LOAD, .p_vaddr = first + 0x4010, .p_memsz = size - 0x4010},
	};

	fake_memory_put(&fake, AT, &head, sizeof(head));
	fake_memory_put(&fake, AT + sizeof(head), segments, sizeof(segments));
}

static void map_object(struct sign_facts *facts, const char *perms)
{
	struct mapping m = {.start = AT, .end = DATA, .inode = 7, .perms = "r-xp"};

	sign_bss_pass(&m, facts);
	m = (struct mapping){.start = DATA, .end = BSS, .inode = 7, .offset = 0x4000};
	memcpy(m.perms, perms, sizeof(m.perms));
	sign_bss_pass(&m, facts);
}

static uint64_t find(uint64_t start, uint64_t end, struct sign_facts *facts)
{
	const struct mapping m = {.start = start, .end = end, .perms = "rw-p"};
	const struct sign_place place = {&m, start, &fake.memory, facts};
	struct sign_found found;

	if (!sign_bss(&place, &found))
		return 0;
	assert_int_equal(found.start, start);
	assert_int_equal(found.guess, GUESS_BSS);
	return found.end;
}

TEST(bss_is_as_long_as_its_object_says)
{
	struct sign_facts facts = {0};

	put_object(0, 0x25123);
	map_object(&facts, "rw-p");
	assert_int_equal(find(BSS, AT + 0x26000, &facts), AT + 0x26000);
	assert_int_equal(find(BSS, AT + 0x4000000, &facts), AT + 0x26000);
	assert_int_equal(find(BSS, AT + 0x20000, &facts), AT + 0x20000);
}

TEST(an_object_may_have_addresses_of_its_own)
{
	struct sign_facts facts = {0};

	put_object(0x400000, 0x25123);
	map_object(&facts, "rw-p");
	assert_int_equal(find(BSS, AT + 0x4000000, &facts), AT + 0x26000);
}

TEST(what_lies_behind_an_object_without_bss_is_none)
{
	struct sign_facts facts = {0};

	put_object(0, 0x4f00);
	map_object(&facts, "rw-p");
	assert_int_equal(find(BSS, AT + 0x26000, &facts), 0);
}

TEST(what_lies_elsewhere_is_none)
{
	struct sign_facts facts = {0};
	const struct mapping other = {.start = BSS, .end = BSS + 0x1000, .perms = "rw-p"};

	put_object(0, 0x25123);
	map_object(&facts, "rw-p");
	assert_int_equal(find(BSS + 0x1000, AT + 0x26000, &facts), 0);
	sign_bss_pass(&other, &facts);
	assert_int_equal(find(BSS, AT + 0x26000, &facts), 0);
	map_object(&facts, "r--p");
	assert_int_equal(find(BSS, AT + 0x26000, &facts), 0);
}

TEST(headers_that_are_not_there_or_wrong)
{
	struct sign_facts facts = {0};

	map_object(&facts, "rw-p");
	assert_int_equal(find(BSS, AT + 0x26000, &facts), 0);
	fake_memory_put(&fake, AT, "nothing of the kind", 19);
	assert_int_equal(find(BSS, AT + 0x26000, &facts), 0);
	put_object(0, UINT64_MAX);
	assert_int_equal(find(BSS, AT + 0x26000, &facts), 0);
}

/* Where nobody has read the first page. */
TEST(headers_in_the_file)
{
	static char page[4096];
	struct sign_facts facts = {0};
	struct mapping m = {.start = BSS, .end = AT + 0x26000, .perms = "rw-p"};
	const struct sign_place place = {&m, BSS, &fake.memory, &facts};
	struct sign_found found;

	put_object(0, 0x25123);
	memcpy(page, fake.pages[0].bytes, sizeof(page));
	fake_memory_init(&fake);
	fake_memory_map(&fake, "tool", AT, page, sizeof(page));
	map_object(&facts, "rw-p");
	facts.bss.name_length = 4;
	memcpy(facts.bss.name, "tool", 4);
	assert_false(sign_bss(&place, &found));
	m.counters.bytes[COUNTER_RSS] = SIGN_LARGE;
	assert_true(sign_bss(&place, &found));
	assert_int_equal(found.end, AT + 0x26000);
	fake.files[0].start += 4096;
	assert_false(sign_bss(&place, &found));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
		CASE(bss_is_as_long_as_its_object_says),
		CASE(an_object_may_have_addresses_of_its_own),
		CASE(what_lies_behind_an_object_without_bss_is_none),
		CASE(what_lies_elsewhere_is_none),
		CASE(headers_that_are_not_there_or_wrong),
		CASE(headers_in_the_file),
	};

	return RUN(tests);
}
