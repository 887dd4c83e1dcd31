/* backing: which mapped files lie in memory, according to the mounts of their processes. */
#include "support.h"

#include "source/backing.h"
#include "source/handle.h"

#include <sys/sysmacros.h>

#define ENTRY(range, dev, name)                                                                    \
	range " rw-s 00000000 " dev " 77 " name "\nSize: 8 kB\nRss: 4 kB\nPss: 3 kB\n"

static char *root, *found;
static size_t size;
static FILE *out;

static int set_up(void **state)
{
	(void)state;
	root = tree_make();
	out = open_memstream(&found, &size);
	return out ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	fclose(out);
	free(found);
	tree_remove(root);
	return 0;
}

static bool on_begin(void *ctx, const struct process *process)
{
	(void)ctx;
	fprintf(out, "%d:", process->pid);
	return true;
}

static int on_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	static const char *const names[] = {[BACKING_UNKNOWN] = "?",
					    [BACKING_SHMEM] = "shmem",
					    [BACKING_DEVICES] = "devices",
					    [BACKING_OTHER] = "other"};

	(void)ctx;
	(void)e;
	fprintf(out, " %s", names[m->backing]);
	return 0;
}

static void on_end(void *ctx, const struct ending *ending)
{
	(void)ctx;
	assert_int_equal(ending->outcome, OUTCOME_READ);
	fputc('\n', out);
}

static const char *read_tree(bool is_live)
{
	const struct sink sink = {.begin = on_begin, .mapping = on_mapping, .end = on_end};
	const struct reading reading = {.needs = 0};
	struct error e = {.code = ERROR_NONE};
	struct source *s = source_open_proc(root, NULL, 0, &e);
	struct target_list list;
	struct reader *r;

	assert_non_null(s);
	s->is_live = is_live;
	assert_int_equal(source_targets(s, &list, &e), 0);
	r = reader_new(s, &reading, &sink);
	assert_non_null(r);
	for (size_t i = 0; i < list.count; i++)
		assert_int_equal(reader_read(r, list.targets[i], &e), 0);
	reader_free(r);
	free(list.targets);
	source_close(s);
	assert_int_equal(fflush(out), 0);
	return found;
}

#define MAPPINGS                                                                                   \
	ENTRY("1000-2000", "08:01", "/x")                                                          \
	ENTRY("2000-3000", "00:1a", "/tmp/x")                                                      \
	ENTRY("3000-4000", "00:05", "/dev/nvidia0")                                                \
	ENTRY("4000-5000", "00:30", "/mnt/x")                                                      \
	ENTRY("5000-6000", "00:31", "/lost (deleted)")                                             \
	ENTRY("6000-7000", "00:1a", "(unreachable)/x")                                             \
	ENTRY("7000-8000", "00:1a", "anon_inode:[x]")

TEST(nothing_is_known_without_mounts)
{
	tree_write(root, "7/smaps", SLICE(MAPPINGS));
	assert_string_equal(read_tree(false), "7: ? ? ? ? ? ? ?\n");
}

TEST(by_the_mounts_of_each_process)
{
	tree_write(root, "7/smaps", SLICE(MAPPINGS));
	tree_write(root, "7/mountinfo",
		   SLICE("1 1 8:1 / / rw - ext4 x rw\n"
			 "2 1 0:26 / /tmp rw - tmpfs x rw\n"
			 "3 1 0:5 / /dev rw - devtmpfs x rw\n"
			 "4 1 0:48 / /mnt rw - overlay x rw\n"));
	/* A container with a file system that the first process does not have. */
	tree_write(root, "8/smaps",
		   SLICE(MAPPINGS ENTRY("a000-b000", "00:32", "/data/x")
				 ENTRY("b000-c000", "00:33", "/dev/null")));
	tree_write(root, "8/mountinfo",
		   SLICE("9 9 0:49 / / rw - tmpfs x rw\n"
			 "2 1 0:50 / /data rw - tmpfs x rw\n"
			 "3 1 0:51 / /x/dev rw - tmpfs x rw\n"
			 "3 1 0:51 / /y rw - tmpfs x rw\n"));
	assert_string_equal(read_tree(false),
			    "7: ? shmem devices other ? shmem ?\n"
			    "8: ? shmem devices other shmem shmem ? shmem devices\n");
}

/* The file system of memfds is not mounted anywhere. */
TEST(the_kernels_own)
{
	char *text;
	dev_t device;

	assert_true(backing_of_memfds(&device));
	assert_true(asprintf(&text, "1000-2000 rw-s 0 %02x:%02x 5 /drm (deleted)\nSize: 8 kB\n",
			     major(device), minor(device)) > 0);
	tree_write(root, "7/smaps", slice_of(text));
	free(text);
	assert_string_equal(read_tree(true), "7: shmem\n");
	assert_string_equal(read_tree(false), "7: shmem\n7: ?\n");
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(nothing_is_known_without_mounts),
		TREE_TEST(by_the_mounts_of_each_process),
		TREE_TEST(the_kernels_own),
	};

	return RUN(tests);
}
