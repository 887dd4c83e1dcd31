/* label: libanonmem by the words of its header, on the kernel that runs the test, whichever it is.
 */
#include "support.h"

#include "anonmem/anonmem.h"
#include "label/text.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define NAME_79 "0123456789012345678901234567890123456789012345678901234567890123456789012345678"

/* errno after naming that fails, 0 after naming that does not. */
#define failure(call) ((call) == 0 ? 0 : errno)

static char *page;
static size_t page_size;
static bool keeps;

static int set_up(void **state)
{
	(void)state;
	page_size = (size_t)sysconf(_SC_PAGESIZE);
	keeps = anonmem_kernel_keeps_names() == 1;
	page = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page == MAP_FAILED ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	return munmap(page, page_size);
}

/* "[anon:...]" of our own mapping at an address, or "". */
static const char *shown(const void *address)
{
	static char line[512], name[512];
	FILE *maps = fopen("/proc/self/maps", "re");

	assert_non_null(maps);
	name[0] = '\0';
	while (fgets(line, sizeof(line), maps)) {
		unsigned long start, end;
		const char *label = strchr(line, '[');

		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && start <= (uintptr_t)address &&
		    (uintptr_t)address < end && label)
			snprintf(name, sizeof(name), "%.*s", (int)strcspn(label, "\n"), label);
	}
	fclose(maps);
	return name;
}

TEST(the_bytes_of_a_name)
{
	unsigned allowed = 0;

	for (unsigned byte = 0; byte < 256; byte++)
		allowed += text_allows((unsigned char)byte);
	assert_int_equal(allowed, 0x7f - 0x20 - 5);
	assert_true(text_allows(' ') && text_allows('~') && text_allows(':') && text_allows('/'));
	assert_false(text_allows('\\') || text_allows('`') || text_allows('$') ||
		     text_allows('[') || text_allows(']') || text_allows(0x7f));
}

TEST(copying_a_name)
{
	char copy[ANONMEM_NAME_MAX + 1];

	errno = 42;
	assert_int_equal(text_copy(copy, NAME_79), 0);
	assert_string_equal(copy, NAME_79);
	assert_int_equal(text_copy(copy, " a  "), 0);
	assert_string_equal(copy, " a  ");
	assert_int_equal(text_copy(copy, ""), 0);
	assert_int_equal(copy[ANONMEM_NAME_MAX], '\0');
	assert_int_equal(errno, 42);
	assert_int_equal(failure(text_copy(copy, NAME_79 "9")), EINVAL);
	assert_int_equal(failure(text_copy(copy, "a\tb")), EINVAL);
	assert_int_equal(failure(text_copy(copy, "\303\251")), EINVAL);
}

/* The kernel looks no further than the NUL, and no further than 80 bytes. */
TEST(a_name_at_the_end_of_what_is_mapped)
{
	char copy[ANONMEM_NAME_MAX + 1], *two, *end;

	two = mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(two, MAP_FAILED);
	end = two + page_size;
	assert_int_equal(munmap(end, page_size), 0);
	memset(two, 'x', page_size);
	assert_int_equal(failure(text_copy(copy, end - 80)), EINVAL);
	assert_int_equal(failure(text_copy(copy, end - 79)), EFAULT);
	end[-1] = '\0';
	assert_int_equal(text_copy(copy, end - 5), 0);
	assert_string_equal(copy, "xxxx");
	assert_int_equal(failure(text_copy(copy, (const char *)8)), EFAULT);
	assert_int_equal(munmap(two, page_size), 0);
}

TEST(naming)
{
	int wanted = keeps ? 0 : EINVAL;

	assert_int_equal(failure(anonmem_name(page, page_size, "unit: a")), wanted);
	assert_string_equal(shown(page), keeps ? "[anon:unit: a]" : "");
	assert_int_equal(failure(anonmem_namef(page, 1, "unit: %s %d", "b", 7)), wanted);
	assert_string_equal(shown(page), keeps ? "[anon:unit: b 7]" : "");
	assert_int_equal(failure(anonmem_clear(page, page_size)), wanted);
	assert_string_equal(shown(page), "");
	assert_int_equal(failure(anonmem_name(page, page_size, "a$")), EINVAL);
	assert_int_equal(failure(anonmem_namef(page, page_size, "%s9", NAME_79)), EINVAL);
}

TEST(mapping)
{
	char *memory;

	errno = 42;
	memory = anonmem_map(page_size, "unit: mapped");
	assert_non_null(memory);
	assert_int_equal(errno, 42);
	memset(memory, 1, page_size);
	assert_string_equal(shown(memory), keeps ? "[anon:unit: mapped]" : "");
	assert_int_equal(munmap(memory, page_size), 0);
	memory = anonmem_map(page_size, NULL);
	assert_non_null(memory);
	assert_int_equal(munmap(memory, page_size), 0);

	assert_null(anonmem_map(page_size, "a\nb"));
	assert_int_equal(errno, EINVAL);
	assert_null(anonmem_map(page_size, (const char *)8));
	assert_int_equal(errno, EFAULT);
	assert_null(anonmem_map(0, "a"));
	assert_int_equal(errno, EINVAL);
	assert_null(anonmem_map(SIZE_MAX / 2, "a"));
	assert_int_equal(errno, ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_of_a_name),
		cmocka_unit_test(copying_a_name),
		cmocka_unit_test(a_name_at_the_end_of_what_is_mapped),
		cmocka_unit_test(naming),
		cmocka_unit_test(mapping),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
