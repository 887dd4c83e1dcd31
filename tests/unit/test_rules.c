/* rules: from labels to subsystems; the built-in table row by row, and user tables. */
#include "support.h"

#include "classify/rules.h"

#include <fcntl.h>
#include <unistd.h>

static struct rules *builtin(void)
{
	struct rules *rules = rules_new();
	struct error e;

	assert_non_null(rules);
	assert_int_equal(rules_add_builtin(rules, &e), 0);
	return rules;
}

static char *apply(const struct rules *rules, struct slice label)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_true(rules_apply(rules, label, out));
	assert_int_equal(fclose(out), 0);
	return text;
}

static void check(const struct rules *rules, struct slice label, const char *wanted, int line)
{
	/* Of its exact size, so that reading beyond its end is detected. */
	char *exact = malloc(label.len ? label.len : 1), *got;

	memcpy(exact, label.ptr, label.len);
	got = apply(rules, (struct slice){exact, label.len});
	if (strcmp(got, wanted) != 0) {
		print_error("\"%.*s\" is of \"%s\", not \"%s\"\n", (int)label.len, label.ptr, got,
			    wanted);
		_fail(__FILE__, line);
	}
	free(got);
	free(exact);
}

#define assert_subsystem(rules, label, wanted) check((rules), SLICE(label), (wanted), __LINE__)

/* An example for each row, in order, and near misses. */
TEST(builtin_rows)
{
	static const char *const rows[][2] = {
		{" glibc: pthread stack: 1234", "glibc/stacks"},
		{" glibc: pthread user stack: 1234", "glibc/stacks"},
		{" glibc: pthread stack: x", "glibc/other"},
		{" glibc: pthread user  stack: 1", "glibc/other"},
		{" glibc: malloc", "glibc/malloc"},
		{" glibc: malloc arena", "glibc/malloc"},
		{" glibc: loader malloc", "glibc/other"},
		{" glibc: .bss /lib/x.so", "glibc/other"},
		{" glibc:malloc", "glibc"},
		{"xglibc: malloc", "xglibc"},
		{" Go: heap", "go/heap"},
		{" Go: heap reservation", "go/heap"},
		{" Go: heap index", "go/runtime"},
		{" Go: gc bits", "go/runtime"},
		{" Go:heap", "Go"},
		{"stack_and_tls:77", "bionic/stacks"},
		{"thread signal stack", "bionic/stacks"},
		{"thread stack", "bionic/stacks"},
		{"bionic TLS", "bionic/stacks"},
		{"stack_and_tls", "stack_and_tls"},
		{"libc_malloc", "bionic/malloc"},
		{"scudo:primary_reserve", "bionic/malloc"},
		{"GWP-ASan Metadata", "bionic/malloc"},
		{"scudo", "scudo"},
		{"linker_alloc_lob", "bionic/other"},
		{"bionic_alloc_small_objects", "bionic/other"},
		{".bss", "bionic/other"},
		{"atexit handlers", "bionic/other"},
		{"cfi shadow", "bionic/other"},
		{".bss2", ".bss*"},
		{"xbss", "xbss"},
		{"dalvik-main space", "art/heap"},
		{"dalvik-zygote space", "art/heap"},
		{"dalvik-jit-code-cache", "art/jit"},
		{"dalvik-LinearAlloc", "art/other"},
		{"dalvik", "dalvik"},
		{"tcmalloc_region_NORMAL", "tcmalloc/NORMAL"},
		{"tcmalloc_region_NORMAL_P1", "tcmalloc/NORMAL"},
		{"tcmalloc_region_COLD_page_3_lfr_2_nallocs_1", "tcmalloc/COLD"},
		{"tcmalloc_region_x", "tcmalloc_region_x"},
		{"jemalloc_pg", "jemalloc"},
		{"jemalloc_pg_overcommit", "jemalloc"},
		{"mimalloc", "mimalloc"},
		{"rpmalloc", "rpmalloc"},
		{"snmalloc", "snmalloc"},
		{"mmalloc", "mmalloc"},
		{"zend_alloc", "php"},
		{"zend_huge_code_pages", "php"},
		{"zend", "zend"},
		{"Ruby:GC:default:heap_page_body_allocate", "ruby/gc"},
		{"Ruby:Init_default_shapes:shape_list", "ruby/other"},
		{"Ruby", "Ruby"},
		{"cpython:jit", "python/jit"},
		{"cpython:", "python/"},
		{"mmtk:space:3", "mmtk"},
		{"mmtk", "mmtk"},
		{"v8", "chromium/v8"},
		{"blink_gc", "chromium/blink_gc"},
		{"partition_alloc", "chromium/partition_alloc"},
		{"chromium", "chromium/chromium"},
		{"xv8", "xv*"},
		{"js-gc-heap", "firefox"},
		{"js-executable-memory", "firefox"},
		{"wasm-reserved", "firefox"},
		{"jemalloc", "firefox"},
		{"jemalloc-decommitted", "firefox"},
		{"js", "js"},
		{"WKFastMalloc", "webkit"},
		{"JSGigacage", "webkit"},
		{"JSJITCode", "webkit"},
		{"JSx", "JSx"},
		{"nodejs Large Page", "node"},
		{"libjemalloc.so.2", "jemalloc"},
		{"libmimalloc.so.2.0", "mimalloc"},
		{"libc.so.6", "libc"},
		{"libpython3.11.so.1.0", "libpython3.11"},
		{"libshop.so:cache_grow", "libshop"},
		{"libshop.so", "libshop"},
		{"malloc: libxml2.so.2", "libxml2"},
		{"malloc: (allocator)", "malloc"},
		{"malloc: python3.11", "python3.11"},
		{"malloc: python3.11:PyObject_Malloc", "python3.11"},
		{"malloc: libxml2.so.2:xmlNewNode", "libxml2"},
		{"malloc: libxml2.so.2:0x1a2b0 (no symbol)", "libxml2"},
		{"malloc: libnew.so:shop::Cache::grow", "libnew"},
		{"libs.sound", "libs.sound"},
		{"nodejs", "nodejs"},
		{"OCaml: minor heap 0", "OCaml"},
		{"app:x", "app"},
		{"app:", "app:"},
		{"app: ", "app"},
		{":x", ":x"},
		{"a b: c: d", "a b"},
		{"12345678901234567890123456789012:x", "12345678901234567890123456789012"},
		{"123456789012345678901234567890123:x", "123456789012345678901234567890123:x"},
	};
	struct rules *rules = builtin();

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *label, *got;

		assert_true(asprintf(&label, "[anon:%s]", rows[i][0]) > 0);
		got = apply(rules, slice_of(label));
		if (strcmp(got, rows[i][1]) != 0) {
			print_error("%s is of \"%s\", not \"%s\"\n", label, got, rows[i][1]);
			fail();
		}
		free(got);
		free(label);
	}
	rules_free(rules);
}

TEST(builtin_rules_see_all_kinds_of_label)
{
	struct rules *rules = builtin();

	assert_subsystem(rules, "[anon_shmem:zend_alloc]", "php");
	assert_subsystem(rules, "[memfd:jemalloc_pg]", "jemalloc");
	assert_subsystem(rules, "[ashmem:dalvik-main space]", "art/heap");
	assert_subsystem(rules, "[heap]", "[heap]");
	assert_subsystem(rules, "[anon]", "[anon]");
	assert_subsystem(rules, "[anon:]", "[anon:]");
	assert_subsystem(rules, "[file]", "[file]");
	rules_free(rules);
}

/* A colon in the kernel's own labels does not end a subsystem. */
TEST(the_kernels_own_labels_stay_whole)
{
	struct rules *rules = builtin();

	assert_subsystem(rules, "[stack]", "[stack]");
	assert_subsystem(rules, "[stack:123]", "[stack]");
	assert_subsystem(rules, "~malloc arena", "~glibc/malloc");
	assert_subsystem(rules, "~go heap", "~go/heap");
	assert_subsystem(rules, "~spidermonkey heap", "~spidermonkey/heap");
	assert_subsystem(rules, "~python objects", "~python/objects");
	assert_subsystem(rules, "~.bss", "~.bss");
	assert_subsystem(rules, "anon_inode:[io_uring]", "anon_inode:[io_uring]");
	assert_subsystem(rules, "socket:[1234]", "socket:[1234]");
	rules_free(rules);
}

TEST(numbers_at_the_end)
{
	struct rules *rules = rules_new();

	assert_subsystem(rules, "[anon:worker_12]", "worker*");
	assert_subsystem(rules, "[anon:worker_7]", "worker*");
	assert_subsystem(rules, "[anon:worker-7]", "worker*");
	assert_subsystem(rules, "[anon:worker:7]", "worker*");
	assert_subsystem(rules, "[anon:worker7]", "worker*");
	assert_subsystem(rules, "[anon:worker__7]", "worker_*");
	assert_subsystem(rules, "[anon:worker_7x]", "worker_7x");
	assert_subsystem(rules, "[anon:worker_]", "worker_");
	assert_subsystem(rules, "[anon:77]", "*");
	assert_subsystem(rules, "[anon:_7]", "*");
	assert_subsystem(rules, "[stack]", "[stack]");
	assert_subsystem(rules, "[anon:]", "[anon:]");
	assert_subsystem(rules, "", "");
	rules_free(rules);
}

/* Bytes that are not valid in the locale must not be an error. */
TEST(hostile_labels)
{
	struct rules *rules = builtin();

	assert_subsystem(rules, "[memfd:\xff\x1b]", "\xff\x1b");
	assert_subsystem(rules, "[memfd:zend_\xff]", "php");
	assert_subsystem(rules, "[memfd:app\xff_12]", "app\xff*");
	rules_free(rules);
}

static int read_rules(struct rules *rules, struct slice text, struct error *e)
{
	FILE *in = text.len ? fmemopen((void *)(uintptr_t)text.ptr, text.len, "r")
			    : fopen("/dev/null", "r");
	int status;

	assert_non_null(in);
	status = rules_read(rules, in, "my.conf", e);
	fclose(in);
	return status;
}

static struct rules *made_of(struct slice text)
{
	struct rules *rules = rules_new();
	struct error e = {.code = ERROR_NONE};

	if (read_rules(rules, text, &e) < 0) {
		print_error("%s\n", e.text);
		fail();
	}
	return rules;
}

TEST(the_first_match_wins)
{
	struct rules *rules = made_of(SLICE("^a -> one\n^ab -> two\nb$ -> three\n"));

	assert_subsystem(rules, "[anon:ab]", "one");
	assert_subsystem(rules, "[anon:xb]", "three");
	assert_subsystem(rules, "[anon:x]", "x");
	rules_free(rules);
}

TEST(rules_of_users_come_first)
{
	struct rules *rules = made_of(SLICE("^zend_alloc$ -> mine\n"));
	struct error e;

	assert_int_equal(rules_add_builtin(rules, &e), 0);
	assert_subsystem(rules, "[anon:zend_alloc]", "mine");
	assert_subsystem(rules, "[anon:zend_fiber_stack]", "php");
	rules_free(rules);
}

TEST(two_files_one_after_the_other)
{
	struct rules *rules = made_of(SLICE("^x -> first\n"));
	struct error e;

	assert_int_equal(read_rules(rules, SLICE("^x -> second\n^y -> second\n"), &e), 0);
	assert_subsystem(rules, "[anon:x]", "first");
	assert_subsystem(rules, "[anon:y]", "second");
	rules_free(rules);
}

TEST(what_a_line_may_look_like)
{
	struct rules *rules = made_of(SLICE("# comment -> no\n"
					    "\n"
					    "   \t\n"
					    "  # another\n"
					    "\t ^a  ->   the a's \t\r\n"
					    "^b -> -> b\n"
					    "^c->d -> c\n"
					    "^e -> # no comment"));

	assert_subsystem(rules, "[anon:a]", "the a's");
	assert_subsystem(rules, "[anon:b]", "b");
	assert_subsystem(rules, "[anon:b ->]", "b");
	assert_subsystem(rules, "[anon:c->d]", "c");
	assert_subsystem(rules, "[anon:e]", "# no comment");
	assert_subsystem(rules, "[anon:comment]", "comment");
	rules_free(rules);
}

TEST(an_arrow_in_the_pattern)
{
	struct rules *rules = made_of(SLICE("^a -> b$ -> ab\n"));

	assert_subsystem(rules, "[anon:a -> b]", "ab");
	assert_subsystem(rules, "[anon:a]", "a");
	rules_free(rules);
}

TEST(groups)
{
	struct rules *rules =
		made_of(SLICE("^n(.)(.)(.)(.)(.)(.)(.)(.)(.) -> \\9\\8\\7\\6\\5\\4\\3\\2\\1|\\0\n"
			      "^o(x)?(y) -> <\\1\\2>\n"
			      "^p(.*)$ -> a\\\\1\\1\n"
			      "q+ -> [\\0]\n"
			      "^(r)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.) -> \\1\\0\n"));

	assert_subsystem(rules, "[anon:n123456789tail]", "987654321|n123456789");
	assert_subsystem(rules, "[anon:oy]", "<y>");
	assert_subsystem(rules, "[anon:oxy]", "<xy>");
	assert_subsystem(rules, "[anon:pz]", "a\\1z");
	assert_subsystem(rules, "[anon:p]", "a\\1");
	assert_subsystem(rules, "[anon:aqqb]", "[qq]");
	assert_subsystem(rules, "[anon:r0123456789]", "rr0123456789");
	rules_free(rules);
}

TEST(many_rules)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct rules *rules;

	for (int i = 0; i < 500; i++)
		fprintf(out, "^n%d$ -> s%dx\n", i, i);
	fclose(out);
	rules = made_of(slice_of(text));
	assert_subsystem(rules, "[anon:n0]", "s0x");
	assert_subsystem(rules, "[anon:n499]", "s499x");
	rules_free(rules);
	free(text);
}

static void check_error(struct slice text, const char *wanted, int line)
{
	struct rules *rules = rules_new();
	struct error e = {.code = ERROR_NONE};

	if (read_rules(rules, text, &e) != -1) {
		print_error("no error; wanted %s\n", wanted);
		_fail(__FILE__, line);
	}
	assert_int_equal(e.code, ERROR_MALFORMED);
	if (strncmp(e.text, wanted, strlen(wanted)) != 0) {
		print_error("got \"%s\", not \"%s\"\n", e.text, wanted);
		_fail(__FILE__, line);
	}
	rules_free(rules);
}

#define assert_error(text, wanted) check_error(SLICE(text), (wanted), __LINE__)

TEST(errors_say_file_and_line)
{
	assert_error("^a -> a\n\n^b(\n", "my.conf: line 3: expected \"PATTERN -> SUBSYSTEM\"");
	assert_error("^b( -> b\n", "my.conf: line 1: invalid regular expression \"^b(\": ");
	assert_error("# x\n[ -> b", "my.conf: line 2: invalid regular expression \"[\": ");
	assert_error("a->b\n", "my.conf: line 1: expected \"PATTERN -> SUBSYSTEM\"");
	assert_error("a ->\n", "my.conf: line 1: expected \"PATTERN -> SUBSYSTEM\"");
	assert_error("-> a\n", "my.conf: line 1: expected \"PATTERN -> SUBSYSTEM\"");
	assert_error(" -> \n", "my.conf: line 1: expected \"PATTERN -> SUBSYSTEM\"");
	assert_error("^a -> a\n^b\0 -> b\n", "my.conf: line 2: a NUL byte: expected text");
}

TEST(errors_in_groups)
{
	assert_error("^a -> \\1\n", "my.conf: line 1: \\1: the pattern has 0 groups");
	assert_error("^(a) -> \\1\\2\n", "my.conf: line 1: \\2: the pattern has 1 group");
	assert_error("^(a)(b) -> \\9\n", "my.conf: line 1: \\9: the pattern has 2 groups");
	assert_error("^a -> b\\\n",
		     "my.conf: line 1: a backslash must be followed by a digit or a backslash");
	assert_error("^a -> \\n\n",
		     "my.conf: line 1: a backslash must be followed by a digit or a backslash");
}

TEST(a_file_that_cannot_be_read)
{
	FILE *in = fopen("/", "r");
	struct rules *rules = rules_new();
	struct error e = {.code = ERROR_NONE};

	assert_non_null(in);
	assert_int_equal(rules_read(rules, in, "/", &e), -1);
	assert_int_equal(e.code, ERROR_SYSTEM);
	assert_contains(e.text, "cannot read the rules in /: ");
	fclose(in);
	rules_free(rules);
	rules_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builtin_rows),
		cmocka_unit_test(builtin_rules_see_all_kinds_of_label),
		cmocka_unit_test(the_kernels_own_labels_stay_whole),
		cmocka_unit_test(numbers_at_the_end),
		cmocka_unit_test(hostile_labels),
		cmocka_unit_test(the_first_match_wins),
		cmocka_unit_test(rules_of_users_come_first),
		cmocka_unit_test(two_files_one_after_the_other),
		cmocka_unit_test(what_a_line_may_look_like),
		cmocka_unit_test(an_arrow_in_the_pattern),
		cmocka_unit_test(groups),
		cmocka_unit_test(many_rules),
		cmocka_unit_test(errors_say_file_and_line),
		cmocka_unit_test(errors_in_groups),
		cmocka_unit_test(a_file_that_cannot_be_read),
	};

	return RUN(tests);
}
