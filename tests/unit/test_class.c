/* class: what a line of smaps tells about a mapping, and look-alikes. */
#include "support.h"

#include "classify/class.h"

/* A name on an ordinary file's device, or without a device. */
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

/* Name, whether it has an inode, access; expected kind, label and wrap. */
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
	/* Old Android kernels name ashmem like this. */
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
	assert_class("/dev/zero", true, "rw-p", KIND_ANON, "", "[anon]");
}

TEST(files)
{
	assert_file("/usr/lib/libc.so.6");
	assert_file("/usr/bin/a b");
	assert_file("/tmp/gone (deleted)");
	assert_file("(unreachable)/x");
	assert_file("(unreachable)/memfd:x (deleted)");
}

/* A path on a file system with or without a device, whose backing may be known. */
#define assert_path(name, major, backs, kind, lab)                                                 \
	check_path(SLICE(name), (major), (backs), (kind), SLICE(lab), __LINE__)
static void check_path(struct slice name, uint32_t major, enum backing backing, enum kind kind,
		       struct slice label, int line)
{
	const struct mapping m = {.name = name,
				  .perms = "rw-s",
				  .inode = 7,
				  .dev_major = major,
				  .dev_minor = 26,
				  .backing = backing};
	struct class c;

	classify(&m, &c);
	if (c.kind != kind || c.is_file != (kind == KIND_SHMEM || kind == KIND_FILE)) {
		print_error("%.*s is %s\n", (int)name.len, name.ptr, kind_names[c.kind]);
		_fail(__FILE__, line);
	}
	_assert_slice(c.label, label, "label", __FILE__, line);
}

TEST(files_in_memory)
{
	assert_path("/dev/shm/x", 0, BACKING_UNKNOWN, KIND_SHMEM, "[posix_shm]");
	assert_path("/dev/shm/x (deleted)", 0, BACKING_UNKNOWN, KIND_SHMEM, "[posix_shm]");
	assert_path("(unreachable)/dev/shm/x", 0, BACKING_UNKNOWN, KIND_SHMEM, "[posix_shm]");
	assert_path("/run/shm/x", 0, BACKING_UNKNOWN, KIND_SHMEM, "[posix_shm]");
	assert_path("/run/x", 0, BACKING_UNKNOWN, KIND_SHMEM, "[tmpfs]");
	assert_path("/run/media/stick/x", 0, BACKING_UNKNOWN, KIND_FILE, "[file]");
	assert_path("/tmp/x", 0, BACKING_UNKNOWN, KIND_FILE, "[file]");
	/* A tmpfs has no device. */
	assert_path("/dev/shm/x", 8, BACKING_UNKNOWN, KIND_FILE, "[file]");
	assert_path("/run/x", 8, BACKING_UNKNOWN, KIND_FILE, "[file]");
	/* If the backing is known, the path does not matter. */
	assert_path("/tmp/x", 0, BACKING_SHMEM, KIND_SHMEM, "[tmpfs]");
	assert_path("/dev/shm/x", 0, BACKING_SHMEM, KIND_SHMEM, "[posix_shm]");
	assert_path("/x/dev/y", 0, BACKING_SHMEM, KIND_SHMEM, "[tmpfs]");
	assert_path("/run/media/stick/x", 0, BACKING_SHMEM, KIND_SHMEM, "[tmpfs]");
	assert_path("/dev/shm/x", 0, BACKING_OTHER, KIND_FILE, "[file]");
	assert_path("/run/x", 0, BACKING_OTHER, KIND_FILE, "[file]");
	assert_path("/dev/hugepages/x", 0, BACKING_OTHER, KIND_FILE, "[file]");
}

TEST(objects_of_drivers_in_memory)
{
	assert_is("/drm mm object (deleted)", KIND_SHMEM, "[drm mm object]");
	assert_is("/i915 (deleted)", KIND_SHMEM, "[i915]");
	assert_is("/dev/ashmem (deleted)", KIND_SHMEM, "[ashmem]");
}

/* The kernel does not count these as shared memory. */
TEST(devices_and_rings)
{
	static const enum backing all[] = {BACKING_UNKNOWN, BACKING_DEVICES, BACKING_OTHER};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		assert_path("/dev/nvidia0", 0, all[i], KIND_SPECIAL, "/dev/nvidia0");
		assert_path("/dev/dri/card0", 8, all[i], KIND_SPECIAL, "/dev/dri/card0");
		assert_path("/sys/fs/selinux/status", 0, all[i], KIND_SPECIAL,
			    "/sys/fs/selinux/status");
		assert_path("/proc/bus/pci/00/02.0", 0, all[i], KIND_SPECIAL,
			    "/proc/bus/pci/00/02.0");
	}
	assert_path("/dev/shm/x", 0, BACKING_DEVICES, KIND_SHMEM, "[posix_shm]");
	assert_is("/secretmem (deleted)", KIND_SPECIAL, "[secretmem]");
	assert_is("/[aio] (deleted)", KIND_SPECIAL, "[aio]");
	assert_class("/dmabuf:", true, "rw-s", KIND_SPECIAL, "[dmabuf:", "");
	assert_class("/dmabuf:x", true, "rw-s", KIND_SPECIAL, "[dmabuf:", "x");
	assert_path("/dev/ashmem/x", 0, BACKING_UNKNOWN, KIND_SPECIAL, "/dev/ashmem/x");
	assert_path("/dev/zero2", 0, BACKING_UNKNOWN, KIND_SPECIAL, "/dev/zero2");
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
	assert_file("/x/dev/zero");
	assert_file("/secretmem");
	assert_file("/anon_hugepage");
	assert_file("/anon_hugepage2 (deleted)");
	assert_file("/[aio]");
	assert_file("/i915");
	assert_file("/dev");
	assert_file("/x/dev/shm/x");
	assert_file("/x/run/x");
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
	assert_slice(label_text(SLICE("[dmabuf:buf]")), "buf");
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
		cmocka_unit_test(files_in_memory),
		cmocka_unit_test(objects_of_drivers_in_memory),
		cmocka_unit_test(devices_and_rings),
		cmocka_unit_test(files_that_look_like_something_else),
		cmocka_unit_test(labels_that_look_like_something_else),
		cmocka_unit_test(text_of_a_label),
		cmocka_unit_test(labels_without_a_text_of_their_own),
	};

	return RUN(tests);
}
