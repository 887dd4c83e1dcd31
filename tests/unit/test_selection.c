/* selection: what is wanted; the unknown is not. */
#include "support.h"

#include "model/selection.h"

#include <locale.h>

static const struct process bash = {
	.known = PROCESS_PID | PROCESS_NAME | PROCESS_UID | PROCESS_CGROUP | PROCESS_EXE,
	.pid = 7,
	.name = SLICE_INIT("bash"),
	.uid = 1000,
	.cgroup = SLICE_INIT("/user.slice/a/b"),
	.exe = SLICE_INIT("/usr/local/shells/bash-5.2"),
};

TEST(nothing_asked_wants_all)
{
	const struct selection s = {.kinds = 0};
	const struct process unknown = {.known = 0};

	assert_int_equal(selection_needs(&s), 0);
	assert_true(selection_wants_process(&s, &bash));
	assert_true(selection_wants_process(&s, &unknown));
	assert_true(selection_wants_label(&s, SLICE("[anon]")));
	for (int i = 0; i < KIND_COUNT; i++)
		assert_true(selection_wants_kind(&s, (enum kind)i));
}

static bool wants_name(const char *pattern, const struct process *p)
{
	regex_t regex;
	struct selection s = {.name = &regex};
	bool wants;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	assert_int_equal(selection_needs(&s), NEED_STAT | NEED_EXE);
	wants = selection_wants_process(&s, p);
	regfree(&regex);
	return wants;
}

TEST(by_name)
{
	assert_true(wants_name("bash", &bash));
	assert_true(wants_name("^ba", &bash));
	assert_true(wants_name("^bash$", &bash));
	assert_false(wants_name("^ash", &bash));
	assert_false(wants_name("zsh", &bash));
}

/* The kernel cuts comm off at 15 bytes; the program's name is complete. */
TEST(by_name_of_the_program)
{
	assert_true(wants_name("^bash-5\\.2$", &bash));
	assert_false(wants_name("shells", &bash)); /* only a directory */
}

TEST(by_name_where_it_is_unknown)
{
	struct process p = bash;

	p.known &= ~(unsigned)PROCESS_NAME;
	assert_false(wants_name("^bash$", &p));
	assert_true(wants_name("bash-5", &p));
	p.known &= ~(unsigned)PROCESS_EXE;
	assert_false(wants_name("bash", &p));
	assert_false(wants_name("", &p));
}

/* Names are not NUL-terminated. */
TEST(by_name_ends_where_the_name_ends)
{
	struct process p = {.known = PROCESS_NAME, .name = {"bashful", 4}};

	assert_true(wants_name("^bash$", &p));
	assert_false(wants_name("ful", &p));
}

TEST(by_user)
{
	struct selection s = {.by_user = true, .uid = 1000};
	struct process p = bash;

	assert_int_equal(selection_needs(&s), NEED_UID);
	assert_true(selection_wants_process(&s, &p));
	s.uid = 0;
	assert_false(selection_wants_process(&s, &p));
	p.uid = 0;
	assert_true(selection_wants_process(&s, &p));
	p.known &= ~(unsigned)PROCESS_UID;
	assert_false(selection_wants_process(&s, &p));
}

static bool wants_cgroup(const char *glob, const struct process *p)
{
	const struct selection s = {.cgroup = glob};

	assert_int_equal(selection_needs(&s), NEED_CGROUP);
	return selection_wants_process(&s, p);
}

TEST(by_cgroup)
{
	struct process p = bash;

	assert_true(wants_cgroup("/user.slice/*", &p)); /* the star matches slashes too */
	assert_true(wants_cgroup("/user.slice/a/b", &p));
	assert_false(wants_cgroup("/user.slice", &p));
	assert_false(wants_cgroup("user.slice/*", &p));
	p.known &= ~(unsigned)PROCESS_CGROUP;
	assert_false(wants_cgroup("*", &p));
}

TEST(all_must_hold)
{
	regex_t regex;
	struct selection s = {.name = &regex, .by_user = true, .uid = 1000, .cgroup = "/user*"};

	assert_int_equal(regcomp(&regex, "bash", REG_EXTENDED | REG_NOSUB), 0);
	assert_int_equal(selection_needs(&s), NEED_STAT | NEED_EXE | NEED_UID | NEED_CGROUP);
	assert_true(selection_wants_process(&s, &bash));
	s.uid = 1;
	assert_false(selection_wants_process(&s, &bash));
	s.uid = 1000;
	s.cgroup = "/system*";
	assert_false(selection_wants_process(&s, &bash));
	regfree(&regex);
}

static bool wants_label(char *glob, struct slice label)
{
	char *const globs[] = {glob};
	const struct selection s = {.labels = globs, .label_count = 1};

	return selection_wants_label(&s, label);
}

#define L(literal) ((char[]){literal})

TEST(by_label)
{
	assert_true(wants_label(L("zend_alloc"), SLICE("[anon:zend_alloc]")));
	assert_true(wants_label(L("zend_*"), SLICE("[anon:zend_alloc]")));
	assert_true(wants_label(L("anon:zend_alloc"), SLICE("[anon:zend_alloc]")));
	assert_true(wants_label(L("anon:*"), SLICE("[anon:zend_alloc]")));
	assert_true(wants_label(L("[anon:zend_alloc]"), SLICE("[anon:zend_alloc]")));
	assert_true(wants_label(L("heap"), SLICE("[heap]")));
	assert_true(wants_label(L("glibc: *"), SLICE("[anon: glibc: malloc]")));
	assert_true(wants_label(L("a/*"), SLICE("[memfd:a/b/c]")));
	assert_true(wants_label(L("anon_inode*"), SLICE("anon_inode:[x]")));
	assert_false(wants_label(L("zend"), SLICE("[anon:zend_alloc]")));
	assert_false(wants_label(L("alloc"), SLICE("[anon:zend_alloc]")));
	assert_false(wants_label(L("anon"), SLICE("[anon:anonx]")));
	assert_false(wants_label(L("heap"), SLICE("[stack]")));
	assert_false(wants_label(L(""), SLICE("[anon:x]")));
	assert_true(wants_label(L(""), SLICE("[anon:]")));
}

TEST(by_label_of_any_bytes)
{
	setlocale(LC_ALL, "C.UTF-8");
	assert_true(wants_label(L("*"), SLICE("[memfd:\xff]")));
	assert_true(wants_label(L("memfd:*"), SLICE("[memfd:\xff]")));
	assert_true(wants_label(L("\xc3\xa9?"), SLICE("[memfd:\xc3\xa9\xc3\xa9]")));
	setlocale(LC_ALL, "C");
}

TEST(one_label_of_several_is_enough)
{
	char a[] = "a*", b[] = "b*";
	char *const globs[] = {a, b};
	const struct selection s = {.labels = globs, .label_count = 2};

	assert_true(selection_wants_label(&s, SLICE("[anon:axe]")));
	assert_true(selection_wants_label(&s, SLICE("[anon:bee]")));
	assert_false(selection_wants_label(&s, SLICE("[heap]")));
}

TEST(by_kind)
{
	const struct selection s = {.kinds = 1U << KIND_ANON | 1U << KIND_FILE};

	assert_true(selection_wants_kind(&s, KIND_ANON));
	assert_false(selection_wants_kind(&s, KIND_SHMEM));
	assert_true(selection_wants_kind(&s, KIND_FILE));
	assert_false(selection_wants_kind(&s, KIND_SPECIAL));
	assert_int_equal(selection_needs(&s), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_asked_wants_all),
		cmocka_unit_test(by_name),
		cmocka_unit_test(by_name_of_the_program),
		cmocka_unit_test(by_name_where_it_is_unknown),
		cmocka_unit_test(by_name_ends_where_the_name_ends),
		cmocka_unit_test(by_user),
		cmocka_unit_test(by_cgroup),
		cmocka_unit_test(all_must_hold),
		cmocka_unit_test(by_label),
		cmocka_unit_test(by_label_of_any_bytes),
		cmocka_unit_test(one_label_of_several_is_enough),
		cmocka_unit_test(by_kind),
	};

	return RUN(tests);
}
