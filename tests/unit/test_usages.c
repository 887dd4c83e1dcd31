/* usages: what control groups use, of both versions; unknown is not 0. */
#include "support.h"

#include "model/usages.h"

static struct error e;

static struct source *open_tree(const char *root)
{
	struct source *s = source_open_proc(root, NULL, 0, &e);

	assert_non_null(s);
	return s;
}

#define MOUNT(type, options) "30 1 0:26 / /cg rw shared:9 - " type " " type " " options "\n"

static void write_text(const char *root, const char *path, const char *text)
{
	tree_write(root, path, slice_of(text));
}

TEST(version_1)
{
	char *root = tree_make();
	struct cgroup_mount *mount;
	struct cgroup_usage u;
	struct source *s;

	write_text(root, "1/comm", "init\n");
	write_text(root, "self/mountinfo", MOUNT("cgroup", "rw,memory"));
	write_text(root, "system/cg/docker/a/memory.limit_in_bytes", "1048576\n");
	write_text(root, "system/cg/docker/a/memory.usage_in_bytes", "4096\n");
	write_text(root, "system/cg/docker/a/memory.max_usage_in_bytes", "8192\n");
	/* What version 1 says where there is no limit. */
	write_text(root, "system/cg/docker/b/memory.limit_in_bytes", "9223372036854771712\n");
	write_text(root, "system/cg/docker/b/memory.usage_in_bytes", "0\n");
	s = open_tree(root);
	mount = cgroup_mount_open(s);
	assert_non_null(mount);
	cgroup_usage_read(mount, SLICE("/docker/a"), &u);
	assert_true(u.limit.known && u.current.known && u.peak.known);
	assert_int_equal(u.limit.bytes, 1048576);
	assert_int_equal(u.current.bytes, 4096);
	assert_int_equal(u.peak.bytes, 8192);
	cgroup_usage_read(mount, SLICE("/docker/b"), &u);
	assert_false(u.limit.known || u.peak.known);
	assert_true(u.current.known);
	assert_int_equal(u.current.bytes, 0);
	cgroup_usage_read(mount, SLICE("/docker/nowhere"), &u);
	assert_false(u.limit.known || u.current.known || u.peak.known);
	cgroup_mount_close(mount);
	source_close(s);
	tree_remove(root);
}

TEST(no_controller)
{
	char *root = tree_make();
	struct source *s;

	write_text(root, "1/comm", "init\n");
	s = open_tree(root);
	assert_null(cgroup_mount_open(s));
	source_close(s);
	tree_remove(root);
}

TEST(groups_of_keys)
{
	const struct slice kubernetes =
		SLICE("/kubepods/burstable/pod0ad8dc86-6b6c-4a10-8f5d-0f2f7d3e9a01/"
		      "0404040404040404040404040404040404040404040404040404040404040404/init");

	assert_slice(usages_group(KEY_POD, kubernetes),
		     "/kubepods/burstable/pod0ad8dc86-6b6c-4a10-8f5d-0f2f7d3e9a01");
	assert_slice(usages_group(KEY_CONTAINER, kubernetes),
		     "/kubepods/burstable/pod0ad8dc86-6b6c-4a10-8f5d-0f2f7d3e9a01/"
		     "0404040404040404040404040404040404040404040404040404040404040404");
	assert_true(slice_equals(usages_group(KEY_CGROUP, kubernetes), kubernetes));
	assert_slice(usages_group(KEY_UNIT, SLICE("/system.slice/ssh.service/session")),
		     "/system.slice/ssh.service");
	assert_slice(usages_group(KEY_CONTAINER, SLICE("/system.slice/ssh.service")), "");
	assert_slice(usages_group(KEY_POD, SLICE("/")), "");
}

static void add(struct usages *u, struct intern *symbols, const char *name, const char *cgroup)
{
	static const struct grouping by = {.keys = {KEY_CONTAINER}, .count = 1};
	symbol key = intern(symbols, slice_of(name));
	const struct record r = {.process = {.known = PROCESS_CGROUP, .cgroup = slice_of(cgroup)},
				 .count = 1,
				 .keys = &key};

	assert_true(usages_add(u, &by, &r));
}

#define ID   "0404040404040404040404040404040404040404040404040404040404040404"
#define ID_2 "0505050505050505050505050505050505050505050505050505050505050505"
#define ID_3 "0606060606060606060606060606060606060606060606060606060606060606"

/* Two containers of one name, one of them twice, and one that is gone. */
TEST(groups_of_one_name_are_summed)
{
	static const struct grouping by = {.keys = {KEY_LABEL, KEY_CONTAINER}, .count = 2};
	char *root = tree_make();
	const struct cgroup_usage *web;
	struct intern symbols;
	struct usages u;
	struct source *s;

	write_text(root, "1/comm", "init\n");
	write_text(root, "self/mountinfo", MOUNT("cgroup2", "rw"));
	write_text(root, "system/cg/docker/" ID "/memory.max", "max\n");
	write_text(root, "system/cg/docker/" ID "/memory.current", "4096\n");
	write_text(root, "system/cg/docker/" ID "/memory.peak", "5000\n");
	write_text(root, "system/cg/docker/" ID_2 "/memory.max", "10000\n");
	write_text(root, "system/cg/docker/" ID_2 "/memory.current", "100\n");
	s = open_tree(root);
	intern_init(&symbols);
	usages_init(&u, &by);
	assert_int_equal(u.key, KEY_CONTAINER);
	add(&u, &symbols, "web", "/docker/" ID);
	add(&u, &symbols, "gone", "/docker/" ID_3);
	add(&u, &symbols, "web", "/docker/" ID "/init");
	add(&u, &symbols, "web", "/docker/" ID_2);
	usages_read(&u, s);
	web = usages_find(&u, intern(&symbols, SLICE("web")));
	assert_non_null(web);
	assert_true(web->current.known);
	assert_int_equal(web->current.bytes, 4196);
	assert_false(web->limit.known || web->peak.known);
	assert_false(usages_find(&u, intern(&symbols, SLICE("gone")))->current.known);
	assert_null(usages_find(&u, intern(&symbols, SLICE("other"))));
	usages_free(&u);
	intern_free(&symbols);
	source_close(s);
	tree_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_1),
		cmocka_unit_test(no_controller),
		cmocka_unit_test(groups_of_keys),
		cmocka_unit_test(groups_of_one_name_are_summed),
	};

	return RUN(tests);
}
