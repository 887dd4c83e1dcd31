/* What a redacted capture keeps of names, and what becomes of the others. */
#include "support.h"

#include "base/textstream.h"
#include "classify/rules.h"
#include "collect/redact_files.h"

static struct redact *redact;

static int begin(void **state)
{
	struct error e;

	(void)state;
	redact = redact_new(&e);
	return redact ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	redact_free(redact);
	return 0;
}

/* A file of a process that runs `exe`, redacted. */
static char *file(const char *name, const char *text, const char *exe, const char *smaps)
{
	struct copy copy = {.count = 0};
	size_t size;
	char *out;
	FILE *stream = textstream_open(&out, &size);

	if (exe)
		copy.list[copy.count++] =
			(struct copied_file){"exe", true, strdup(exe), strlen(exe)};
	if (smaps)
		copy.list[copy.count++] =
			(struct copied_file){"smaps", false, strdup(smaps), strlen(smaps)};
	if (strcmp(name, "stat") == 0)
		copy.list[copy.count++] =
			(struct copied_file){"stat", false, strdup(text), strlen(text)};
	redact_process(redact, &copy);
	assert_true(redact_file(redact, name, slice_of(text), stream));
	assert_true(textstream_close(stream, &out));
	copy_clear(&copy);
	return out;
}

/* A mapping's name, redacted. */
static char *name(const char *text)
{
	char line[512], *out, *from;

	snprintf(line, sizeof(line), "1000-2000 rw-p 00000000 00:01 5    %s\nSize: 4 kB\n", text);
	out = file("smaps", line, "/usr/bin/x", "1000-2000 r-xp 0 00:01 5 /usr/lib/libz.so.1\n");
	from = strstr(out, "00:01 5    ");
	assert_non_null(from);
	assert_contains(out, "\nSize: 4 kB\n");
	memmove(out, from + 11, strlen(from + 11) + 1);
	*strchr(out, '\n') = '\0';
	return out;
}

TEST(keeps_what_is_the_kernels_or_known)
{
	static const char *const names[] = {"",
					    "[heap]",
					    "[stack]",
					    "[vdso]",
					    "[anon:zend_alloc]",
					    "[anon: Go: heap]",
					    "[anon:glibc: malloc]",
					    "/usr/lib/x86_64-linux-gnu/libc.so.6",
					    "/usr/bin/python3.11 (deleted)",
					    "/dev/zero (deleted)",
					    "/SYSV0000abcd (deleted)",
					    "anon_inode:[io_uring]",
					    "/opt",
					    "/usr/local/lib",
					    "[anon:libz.so.1]",
					    "[anon:libz.so.1:inflate]",
					    "/memfd:anonmem-names (deleted)"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *got = name(names[i]);

		assert_string_equal(got, names[i]);
		free(got);
	}
}

TEST(hashes_the_rest)
{
	static const struct {
		const char *name, *begins, *ends;
	} cases[] = {
		{"/home/secret/secret", "/home/", ""},
		{"/opt/secret/libsecret.so.1.2", "/opt/", ".so.1.2"},
		{"/opt/secret/python3.11", "/opt/", "/python3.11"},
		{"/opt/secret/redis-secret", "/opt/", ""},
		{"/memfd:secret (deleted)", "/memfd:", " (deleted)"},
		{"/dmabuf:secret", "/dmabuf:", ""},
		{"[anon:secret]", "[anon:", "]"},
		{"[anon:secret: secret cache]", "[anon:", "]"},
		{"[anon:libsecret.so.1:secret]", "[anon:lib", "]"},
		{"[anon_shmem:secret 12]", "[anon_shmem:", "]"},
		{"(unreachable)/secret", "(unreachable)/", ""},
		{"/dev/shm/secret", "/dev/shm/", ""},
		{"secret", "", ""},
		{"/usr/local/secret", "/usr/local/", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *got = name(cases[i].name), *again = name(cases[i].name);

		assert_null(strstr(got, "secret"));
		assert_true(slice_begins(slice_of(got), slice_of(cases[i].begins)));
		assert_true(slice_ends(slice_of(got), slice_of(cases[i].ends)));
		assert_string_equal(got, again);
		free(got);
		free(again);
	}
}

/* The subsystem of a label that redacting has changed. */
static char *subsystem(const char *label)
{
	struct rules *rules = rules_new();
	char *redacted = name(label), *out;
	size_t size;
	FILE *stream = textstream_open(&out, &size);
	struct error e;

	assert_int_equal(rules_add_builtin(rules, &e), 0);
	assert_true(rules_apply(rules, slice_of(redacted), stream));
	assert_true(textstream_close(stream, &out));
	rules_free(rules);
	free(redacted);
	return out;
}

TEST(keeps_apart_and_together_what_was_so)
{
	static const struct {
		const char *one, *other;
		bool together;
	} cases[] = {
		{"[anon:shop: prices]", "[anon:shop: carts]", true},
		{"[anon:shop: prices]", "[anon:mail: prices]", false},
		{"[anon:worker_1]", "[anon:worker_22]", true},
		{"[anon:worker1]", "[anon:worker22]", true},
		{"[anon:worker_1]", "[anon:waiter_1]", false},
		{"[anon:worker]", "[anon:waiter]", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *labels[] = {name(cases[i].one), name(cases[i].other)};
		char *subsystems[] = {subsystem(cases[i].one), subsystem(cases[i].other)};

		assert_string_not_equal(labels[0], labels[1]);
		assert_int_equal(strcmp(subsystems[0], subsystems[1]) == 0, cases[i].together);
		for (int k = 0; k < 2; k++) {
			free(labels[k]);
			free(subsystems[k]);
		}
	}
}

TEST(the_key_is_another_each_time)
{
	struct redact *first = redact;
	struct error e;
	char *one = name("/home/me"), *other;

	redact = redact_new(&e);
	other = name("/home/me");
	assert_string_not_equal(one, other);
	redact_free(redact);
	redact = first;
	free(one);
	free(other);
}

static void assert_file(const char *name, const char *text, const char *exe, const char *wanted)
{
	char *got = file(name, text, exe, NULL);

	assert_string_equal(got, wanted);
	free(got);
}

TEST(names_of_processes)
{
	char *got;

	assert_file("comm", "python3\n", "/usr/bin/python3.11", "python3\n");
	assert_file("stat", "5 (cat) S 1 1", "/usr/bin/cat", "5 (cat) S 1 1");
	assert_file("stat", "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0", NULL,
		    "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0");
	got = file("stat", "5 (se)c ret) S 1 1 1 0 -1 4194304 0", "/usr/bin/cat", NULL);
	assert_null(strstr(got, "ret"));
	assert_true(slice_ends(slice_of(got), SLICE(") S 1 1 1 0 -1 4194304 0")));
	free(got);
	got = file("comm", "cat\n", "/home/me/cat", NULL);
	assert_null(strstr(got, "cat"));
	free(got);
}

TEST(other_files)
{
	char *got;

	assert_file("status",
		    "Name:\tsecret\nUmask:\t0022\nPid:\t5\nUid:\t1 1 1 1\nVmRSS:\t 4 kB\n", NULL,
		    "Pid:\t5\nUid:\t1 1 1 1\nVmRSS:\t 4 kB\n");
	assert_file("sys/kernel/hostname", "secret\n", NULL, "redacted\n");
	assert_file("cgroup", "0::/\n", NULL, "0::/\n");
	got = file("cgroup", "4:memory:/system.slice/secret.service\n0::/docker/secret\n", NULL,
		   NULL);
	assert_null(strstr(got, "secret"));
	assert_contains(got, "4:memory:/system.slice/");
	assert_contains(got, ".service\n0::/docker/");
	free(got);
	got = file("mountinfo",
		   "24 27 0:6 /secret /dev/shm rw,secret shared:2 - tmpfs secret rw,secret\n"
		   "25 27 0:7 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
		   NULL, NULL);
	assert_null(strstr(got, "secret"));
	assert_contains(got, " /dev/shm rw - tmpfs none rw\n");
	assert_contains(got, "0:7 / /sys/fs/cgroup/memory rw - cgroup none rw,memory\n");
	free(got);
	got = file("slabinfo", "dentry(12:secret)  1 2 3\nkmalloc-64  1 2 3\n", NULL, NULL);
	assert_null(strstr(got, "secret"));
	assert_contains(got, ")  1 2 3\nkmalloc-64  1 2 3\n");
	free(got);
	assert_false(redact_file(redact, "cmdline", SLICE("secret"), stderr));
	assert_false(redact_file(redact, "environ", SLICE("secret"), stderr));
}

/* What a function writes of a text. */
static char *written(void (*write)(struct redact *r, struct slice text, FILE *out),
		     const char *text)
{
	size_t size;
	char *out;
	FILE *stream = textstream_open(&out, &size);

	write(redact, slice_of(text), stream);
	assert_true(textstream_close(stream, &out));
	return out;
}

TEST(labels_and_subsystems_of_reports)
{
	static const struct {
		void (*write)(struct redact *r, struct slice text, FILE *out);
		const char *text, *begins, *ends;
	} kept[] =
		{
			{redact_label, "[anon]", "", ""},
			{redact_label, "[file]", "", ""},
			{redact_label, "[anon_shmem]", "", ""},
			{redact_label, "[anon_hugepage]", "", ""},
			{redact_label, "~go heap", "", ""},
			{redact_label, "~thread stack?", "", ""},
			{redact_label, "[anon:zend_alloc]", "", ""},
			{redact_label, "/dev/dri", "", ""},
			{redact_subsystem, "~go/heap", "", ""},
			{redact_subsystem, "glibc/malloc", "", ""},
			{redact_subsystem, "[anon]", "", ""},
			{redact_user, "1000", "", ""},
			{redact_name, "python3.11", "", ""},
		},
	  hashed[] = {
		  {redact_label, "[anon:secret]", "[anon:", "]"},
		  {redact_label, "[memfd:secret]", "[memfd:", "]"},
		  {redact_label, "[ashmem:secret]", "[ashmem:", "]"},
		  {redact_label, "[dmabuf:secret]", "[dmabuf:", "]"},
		  {redact_label, "[anon:secret] ~jit", "[anon:", "] ~jit"},
		  {redact_label, "[anon:~secret]", "[anon:", "]"},
		  {redact_label, "[anonsecret]", "", ""},
		  {redact_label, "secret ~secret", "", ""},
		  {redact_label, "/dev/secret", "/dev/", ""},
		  {redact_subsystem, "secret", "", ""},
		  {redact_subsystem, "[anon:[secret]]", "[anon:", "]"},
		  {redact_user, "secret", "", ""},
		  {redact_user, "7secret", "", ""},
		  {redact_name, "secret", "", ""},
	  };

	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		char *got = written(kept[i].write, kept[i].text);

		assert_string_equal(got, kept[i].text);
		free(got);
	}
	for (size_t i = 0; i < sizeof(hashed) / sizeof(*hashed); i++) {
		char *got = written(hashed[i].write, hashed[i].text);

		assert_null(strstr(got, "secret"));
		assert_true(slice_begins(slice_of(got), slice_of(hashed[i].begins)));
		assert_true(slice_ends(slice_of(got), slice_of(hashed[i].ends)));
		free(got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_is_the_kernels_or_known),
		cmocka_unit_test(hashes_the_rest),
		cmocka_unit_test(keeps_apart_and_together_what_was_so),
		cmocka_unit_test(the_key_is_another_each_time),
		cmocka_unit_test(names_of_processes),
		cmocka_unit_test(other_files),
		cmocka_unit_test(labels_and_subsystems_of_reports),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
