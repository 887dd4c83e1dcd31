/* mountinfo: mounts, and invalid lines. */
#include "support.h"

#include "parse/mountinfo.h"

TEST(lines_of_all_sorts)
{
	struct slice text = SLICE("24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw,mode=755\n"
				  "30 25 0:27 /a\\040b /dev/shm rw shared:2 master:1 - tmpfs x rw\n"
				  "25 1 253:16 / / rw propagate_from:1 - ext4 /dev/vda rw\n"
				  "31 25 0:45 / /mnt rw - fuse.sshfs");
	struct mount m;

	assert_true(take_mount(&text, &m));
	assert_int_equal(m.dev_major, 0);
	assert_int_equal(m.dev_minor, 6);
	assert_slice(m.point, "/dev");
	assert_slice(m.type, "devtmpfs");
	assert_slice(m.root, "/");
	assert_slice(m.options, "rw,mode=755");
	assert_true(take_mount(&text, &m));
	assert_int_equal(m.dev_minor, 27);
	assert_slice(m.point, "/dev/shm");
	assert_slice(m.type, "tmpfs");
	assert_true(take_mount(&text, &m));
	assert_int_equal(m.dev_major, 253);
	assert_int_equal(m.dev_minor, 16);
	assert_slice(m.type, "ext4");
	assert_true(take_mount(&text, &m));
	assert_slice(m.type, "fuse.sshfs");
	assert_int_equal(m.options.len, 0);
	assert_false(take_mount(&text, &m));
}

TEST(lines_that_are_none)
{
	struct slice text = SLICE("\n"
				  "24\n"
				  "24 27\n"
				  "24 27 0:6\n"
				  "24 27 0:6 /\n"
				  "24 27 0:6 / /dev\n"
				  "24 27 0:6 / /dev rw\n"
				  "24 27 0:6 / /dev rw -\n"
				  "24 27 0:6 / /dev rw  - tmpfs\n"
				  "24 27 x:6 / /dev rw - tmpfs\n"
				  "24 27 4294967296:6 / /dev rw - tmpfs\n"
				  "24 27 0:4294967296 / /dev rw - tmpfs\n"
				  "1 2 0:9 / /right rw - tmpfs\n"
				  "24 27 0:6");
	struct mount m;

	assert_true(take_mount(&text, &m));
	assert_int_equal(m.dev_minor, 9);
	assert_slice(m.point, "/right");
	assert_false(take_mount(&text, &m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_all_sorts),
		cmocka_unit_test(lines_that_are_none),
	};

	return RUN(tests);
}
