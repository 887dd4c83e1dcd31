/* The files of an archive in memory: paths, links, folders. */
#include "support.h"

#include "source/members.h"

#include <errno.h>
#include <unistd.h>

/* A member with a text, if there is one. */
static void add(struct members *m, const char *path, enum member_type type, const char *text)
{
	struct error e;

	assert_int_equal(
		members_add(m, path, type, text ? strdup(text) : NULL, text ? strlen(text) : 0, &e),
		0);
}

static void assert_text(const struct members *m, const char *path, const char *wanted)
{
	char text[64] = "";
	int fd = members_open(m, path);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	assert_string_equal(text, wanted);
}

static void assert_refused(const struct members *m, const char *path, int error)
{
	errno = 0;
	assert_int_equal(members_open(m, path), -1);
	assert_int_equal(errno, error);
}

TEST(finds_files_by_cleaned_paths)
{
	struct members *m = members_new();

	add(m, "./12//smaps", MEMBER_FILE, "a");
	add(m, "/12/./stat", MEMBER_FILE, "b");
	add(m, "./", MEMBER_FOLDER, NULL);
	add(m, "meminfo", MEMBER_FILE, "");
	members_settle(m);
	assert_text(m, "12/smaps", "a");
	assert_text(m, "12/stat", "b");
	assert_text(m, "meminfo", "");
	assert_refused(m, "12", ENOENT);
	assert_refused(m, "13/smaps", ENOENT);
	assert_true(members_have(m, "12/stat"));
	assert_false(members_have(m, "12/comm"));
	members_free(m);
}

TEST(the_last_of_one_path_counts)
{
	struct members *m = members_new();

	add(m, "1/smaps", MEMBER_LINK, "/etc/passwd");
	add(m, "1/smaps", MEMBER_FILE, "first");
	add(m, "./1/smaps", MEMBER_FILE, "last");
	members_settle(m);
	assert_text(m, "1/smaps", "last");
	assert_int_equal(members_count(m), 1);
	members_free(m);
}

TEST(refuses_paths_that_climb_or_are_too_long)
{
	static const char *const paths[] = {"..", "../x", "a/../../x", "a/..", "/../x"};
	char path[5000];
	struct members *m = members_new();
	struct error e;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		assert_int_equal(members_add(m, paths[i], MEMBER_FILE, strdup("x"), 1, &e), -1);
		assert_contains(e.text, "leads out of the archive");
	}
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(members_add(m, path, MEMBER_FILE, NULL, 0, &e), -1);
	assert_contains(e.text, "is longer than");
	add(m, "a..b/...", MEMBER_FILE, "x");
	add(m, "c", MEMBER_FILE, "y");
	members_settle(m);
	assert_text(m, "a..b/...", "x");
	members_free(m);
}

TEST(links_lead_within_the_tree)
{
	char target[8];
	struct members *m = members_new();

	add(m, "tree/1/smaps", MEMBER_FILE, "one");
	add(m, "tree/2/smaps", MEMBER_LINK, "../1/smaps");
	add(m, "tree/3", MEMBER_LINK, "1");
	add(m, "tree/4/smaps", MEMBER_HARD_LINK, "tree/1/smaps");
	add(m, "tree/5/smaps", MEMBER_LINK, "/tree/1/smaps");
	add(m, "tree/6/smaps", MEMBER_LINK, "../../../1/smaps");
	add(m, "tree/7/smaps", MEMBER_LINK, "smaps");
	add(m, "tree/8/smaps", MEMBER_HARD_LINK, "other");
	add(m, "tree/9/smaps", MEMBER_LINK, "../../tree/1/smaps");
	add(m, "tree/9/exe", MEMBER_LINK, "/usr/bin/true");
	add(m, "tree/10/smaps", MEMBER_DEVICE, NULL);
	members_settle(m);
	assert_text(m, "1/smaps", "one");
	assert_text(m, "2/smaps", "one");
	assert_text(m, "3/smaps", "one");
	assert_text(m, "4/smaps", "one");
	assert_refused(m, "5/smaps", MEMBERS_OUT_OF_TREE);
	assert_refused(m, "6/smaps", MEMBERS_OUT_OF_TREE);
	assert_refused(m, "7/smaps", ELOOP);
	assert_refused(m, "8/smaps", MEMBERS_OUT_OF_TREE);
	assert_text(m, "9/smaps", "one");
	assert_refused(m, "10/smaps", MEMBERS_NO_FILE);
	assert_int_equal(members_readlink(m, "9/exe", target, sizeof(target)), 8);
	assert_memory_equal(target, "/usr/bin", 8);
	assert_int_equal(members_readlink(m, "1/smaps", target, sizeof(target)), -1);
	members_free(m);
}

static bool note(void *ctx, const char *name)
{
	char *all = ctx;

	strcat(strcat(all, name), " ");
	return true;
}

TEST(lists_folders)
{
	char names[64] = "", below[64] = "";
	struct members *m = members_new();

	add(m, "1/smaps", MEMBER_FILE, "");
	add(m, "1/task/5/stat", MEMBER_FILE, "");
	add(m, "20/smaps", MEMBER_FILE, "");
	add(m, "meminfo", MEMBER_FILE, "");
	members_settle(m);
	assert_true(members_list(m, "", note, names));
	assert_string_equal(names, "1 20 meminfo ");
	assert_true(members_list(m, "1/task", note, below));
	assert_string_equal(below, "5 ");
	assert_false(members_list(m, "3", note, below));
	members_free(m);
}

TEST(the_only_folder_is_the_tree_unless_it_is_a_process)
{
	static const struct {
		const char *path, *wanted;
	} cases[] = {
		{"1234/smaps", "1234/smaps"},
		{"tree/1234/smaps", "1234/smaps"},
		{"home/me/tree/1234/smaps", "1234/smaps"},
		{"2026/1234/smaps", "1234/smaps"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct members *m = members_new();

		add(m, cases[i].path, MEMBER_FILE, "x");
		members_settle(m);
		assert_text(m, cases[i].wanted, "x");
		members_free(m);
	}
}

TEST(knows_the_only_file)
{
	struct members *m = members_new();
	struct slice bytes;

	assert_false(members_only_file(m, &bytes));
	add(m, "a", MEMBER_FOLDER, NULL);
	add(m, "a/b", MEMBER_FILE, "text");
	assert_true(members_only_file(m, &bytes));
	assert_slice(bytes, "text");
	add(m, "a/c", MEMBER_LINK, "b");
	assert_false(members_only_file(m, &bytes));
	members_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_files_by_cleaned_paths),
		cmocka_unit_test(the_last_of_one_path_counts),
		cmocka_unit_test(refuses_paths_that_climb_or_are_too_long),
		cmocka_unit_test(links_lead_within_the_tree),
		cmocka_unit_test(lists_folders),
		cmocka_unit_test(the_only_folder_is_the_tree_unless_it_is_a_process),
		cmocka_unit_test(knows_the_only_file),
	};

	return RUN(tests);
}
