/* class: what one line of smaps says of a mapping, and what only looks as if it said so. */
#include "support.h"

#include "classify/class.h"

/* A name on an ordinary file's device, or on none. */
static struct class of(struct slice name, bool file, const char *perms)
{
	struct mapping m = {.start = 0x1000, .end = 0x2000, .name = name};
	struct class c;

	memcpy(m.perms, perms, sizeof(m.perms));
	if (file) {
		m.dev_major = 8;
		m.dev_minor = 1;
		m.inode = 1234;
	}
	classify(&m, &c);
	assert_int_equal(c.origin, ORIGIN_KERNEL);
	return c;
}

/* The name, whether it has an inode, the access; kind, label and what is wrapped around it. */
static void check(struct slice name, bool file, const char *perms, enum kind kind,
		  struct slice wrap, struct slice label, int line)
{
	struct class c = of(name, file, perms);

	if (c.kind != kind) {
		print_error("%.*s is %s, not %s\n", (int)name.len, name.ptr, kind_names[c.kind],
			    kind_names[kind]);
		_fail(__FILE__, line);
	}
	_assert_slice(c.wrap, wrap, "wrap", __FILE__, line);
	_assert_slice(c.label, label, "label", __FILE__, line);
}

#define assert_class(name, file, perms, kind, wrap, label)                                         \
	check(SLICE(name), (file), (perms), (kind), SLICE(wrap), SLICE(label), __LINE__)
#define assert_same(name, kind)	   assert_class(name, false, "rw-p", kind, "", name)
#define assert_file(name)	   assert_class(name, true, "r--p", KIND_FILE, "", "[file]")
#define assert_is(name, kind, lab) assert_class(name, true, "rw-s", kind, "", lab)

TEST(no_name)
{
	assert_class("", false, "rw-p", KIND_ANON, "", "[anon]");
	assert_class("", true, "rw-p", KIND_FILE, "", "[file]");
}

TEST(names_of_private_memory)
{
	assert_same("[anon:zend_alloc]", KIND_ANON);
	assert_same("[anon: glibc: malloc]", KIND_ANON);
	assert_same("[anon:]", KIND_ANON);
	assert_same("[anon:a b ]", KIND_ANON);
	assert_same("[anon:heap (deleted) /usr/lib/x.so]", KIND_ANON);
	assert_same("[anon:/memfd:x (deleted)]", KIND_ANON);
	assert_same("[heap]", KIND_ANON);
	assert_same("[stack]", KIND_ANON);
	assert_same("[stack:123]", KIND_ANON);
}

TEST(names_of_shared_memory)
{
	assert_class("[anon_shmem:buf]", true, "rw-s", KIND_SHMEM, "", "[anon_shmem:buf]");
	assert_class("[anon_shmem:]", true, "rw-s", KIND_SHMEM, "", "[anon_shmem:]");
	assert_class("[anon_shmem:buf]", true, "rw-p", KIND_SHMEM, "", "[anon_shmem:buf]");
	/* Old kernels of Android name ashmem so. */
	assert_class("[anon:buf]", true, "rw-s", KIND_SHMEM, "", "[anon:buf]");
}

TEST(pages_of_the_kernel)
{
	assert_same("[vdso]", KIND_SPECIAL);
	assert_same("[vvar]", KIND_SPECIAL);
	assert_same("[vvar_vclock]", KIND_SPECIAL);
	assert_same("[vsyscall]", KIND_SPECIAL);
	assert_same("[uprobes]", KIND_SPECIAL);
	assert_same("[sigpage]", KIND_SPECIAL);
	assert_same("[vectors]", KIND_SPECIAL);
	assert_same("anon_inode:[perf_event]", KIND_SPECIAL);
	assert_same("anon_inode:[io_uring]", KIND_SPECIAL);
	assert_same("socket:[1234]", KIND_SPECIAL);
	assert_class("anon_inode:[io_uring]", true, "rw-s", KIND_SPECIAL, "",
		     "anon_inode:[io_uring]");
}

TEST(memory_under_a_path)
{
	assert_class("/memfd:buf (deleted)", true, "rw-s", KIND_SHMEM, "[memfd:", "buf");
	assert_class("/memfd:buf (deleted)", true, "rw-p", KIND_SHMEM, "[memfd:", "buf");
	assert_class("/memfd: (deleted)", true, "rw-s", KIND_SHMEM, "[memfd:", "");
	assert_class("/memfd:a (deleted) (deleted)", true, "rw-s", KIND_SHMEM,
		     "[memfd:", "a (deleted)");
	assert_class("/dev/ashmem/dalvik (deleted)", true, "rw-s", KIND_SHMEM,
		     "[ashmem:", "dalvik");
	assert_is("/SYSV00000000 (deleted)", KIND_SHMEM, "[sysv_shm]");
	assert_is("/SYSV1234abcd (deleted)", KIND_SHMEM, "[sysv_shm]");
	assert_is("/dev/zero (deleted)", KIND_SHMEM, "[anon_shmem]");
	assert_is("/anon_hugepage (deleted)", KIND_SHMEM, "[anon_hugepage]");
	assert_class("/anon_hugepage (deleted)", true, "rw-p", KIND_ANON, "", "[anon_hugepage]");
	assert_is("/secretmem (deleted)", KIND_SHMEM, "[secretmem]");
	assert_class("/dev/zero", true, "rw-p", KIND_ANON, "", "[anon]");
}

TEST(files)
{
	assert_file("/usr/lib/libc.so.6");
	assert_file("/usr/bin/a b");
	assert_file("/tmp/gone (deleted)");
	assert_file("(unreachable)/x");
	assert_file("(unreachable)/memfd:x (deleted)");
	assert_class("/dev/shm/x", true, "rw-s", KIND_FILE, "", "[file]");
	assert_class("/dev/nvidia0", true, "rw-s", KIND_FILE, "", "[file]");
}

TEST(files_that_look_like_something_else)
{
	assert_file("/x/[anon:fake]");
	assert_file("/[anon:fake]");
	assert_file("/[heap]");
	assert_file("/memfd:x");
	assert_file("/x/memfd:x (deleted)");
	assert_file("/SYSVfoo");
	assert_file("/SYSVfoo (deleted)");
	assert_file("/SYSV00000000");
	assert_file("/SYSV000000001 (deleted)");
	assert_file("/dev/zero2");
	assert_file("/dev/zero (deleted) (deleted)");
	assert_file("/x/dev/zero");
	assert_file("/secretmem");
	assert_file("/anon_hugepage");
	assert_file("/anon_hugepage2 (deleted)");
	assert_file("/dev/ashmem/x");
	assert_file("/");
	assert_file("/memfd:");
	assert_file("/ (deleted)");
}

TEST(labels_that_look_like_something_else)
{
	assert_same("[anon:x", KIND_SPECIAL);
	assert_same("[anon", KIND_SPECIAL);
	assert_same("[", KIND_SPECIAL);
	assert_same("[heap]x", KIND_SPECIAL);
	assert_same("[heap", KIND_SPECIAL);
	assert_same("[stack:", KIND_SPECIAL);
	assert_same("x[anon:y]", KIND_SPECIAL);
	assert_same("[anon:y] ", KIND_SPECIAL);
	assert_same("[anonymous]", KIND_SPECIAL);
}

TEST(text_of_a_label)
{
	assert_slice(label_text(SLICE("[anon:zend_alloc]")), "zend_alloc");
	assert_slice(label_text(SLICE("[anon: glibc: malloc]")), "glibc: malloc");
	assert_slice(label_text(SLICE("[anon:  a ]")), "a ");
	assert_slice(label_text(SLICE("[anon:]")), "");
	assert_slice(label_text(SLICE("[anon:   ]")), "");
	assert_slice(label_text(SLICE("[anon:a]]")), "a]");
	assert_slice(label_text(SLICE("[anon_shmem:buf]")), "buf");
	assert_slice(label_text(SLICE("[memfd:buf]")), "buf");
	assert_slice(label_text(SLICE("[ashmem:buf]")), "buf");
}

TEST(labels_without_a_text_of_their_own)
{
	assert_slice(label_text(SLICE("[heap]")), "[heap]");
	assert_slice(label_text(SLICE("[anon]")), "[anon]");
	assert_slice(label_text(SLICE("[stack:123]")), "[stack:123]");
	assert_slice(label_text(SLICE("[anon:x")), "[anon:x");
	assert_slice(label_text(SLICE("x[anon:y]")), "x[anon:y]");
	assert_slice(label_text(SLICE("anon_inode:[x]")), "anon_inode:[x]");
	assert_slice(label_text(SLICE("")), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_name),
		cmocka_unit_test(names_of_private_memory),
		cmocka_unit_test(names_of_shared_memory),
		cmocka_unit_test(pages_of_the_kernel),
		cmocka_unit_test(memory_under_a_path),
		cmocka_unit_test(files),
		cmocka_unit_test(files_that_look_like_something_else),
		cmocka_unit_test(labels_that_look_like_something_else),
		cmocka_unit_test(text_of_a_label),
		cmocka_unit_test(labels_without_a_text_of_their_own),
	};

	return RUN(tests);
}
