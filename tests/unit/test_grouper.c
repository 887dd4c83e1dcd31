/* grouper: from mappings to keys, and what may be cached between mappings. */
#include "support.h"

#include "model/grouper.h"

static struct intern symbols;
static struct grouping by;
static struct selection selection;
static struct grouper grouper;
static struct rules *rules;

static void begin(unsigned count, enum key first, enum key second)
{
	struct error e;

	intern_init(&symbols);
	rules = rules_new();
	assert_int_equal(rules_add_builtin(rules, &e), 0);
	by = (struct grouping){.keys = {first, second}, .count = count};
	grouper_init(&grouper, &symbols, &by, &selection, rules, NULL, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	grouper_free(&grouper);
	rules_free(rules);
	intern_free(&symbols);
	selection = (struct selection){.kinds = 0};
	return 0;
}

static void process(void)
{
	const struct process p = {.known = PROCESS_PID | PROCESS_UID, .pid = 7, .uid = 123456};

	assert_true(grouper_process(&grouper, &p));
}

static struct mapping mapping(const char *name, uint64_t inode, const char *perms)
{
	struct mapping m = {.start = 1, .end = 2, .inode = inode, .name = slice_of(name)};

	memcpy(m.perms, perms, sizeof(m.perms));
	return m;
}

/* The key as the caller sees it: set now, or kept from the mapping before. */
static symbol last_key[KEY_COUNT];
static enum kind kind;

static enum key_result look(const char *name, uint64_t inode, const char *perms)
{
	struct mapping m = mapping(name, inode, perms);

	return grouper_mapping(&grouper, &m, GUESS_NONE, last_key, &kind);
}

static struct slice label(void)
{
	enum origin origin;

	return key_label(&symbols, last_key[0], &origin);
}

TEST(labels_of_neighbours)
{
	static const struct {
		const char *name;
		uint64_t inode;
		const char *perms, *label;
		enum kind kind;
	} rows[] = {
		{"", 0, "rw-p", "[anon]", KIND_ANON},
		{"", 0, "r--p", "[anon]", KIND_ANON},
		{"", 5, "rw-p", "[file]", KIND_FILE},
		{"[anon:a]", 0, "rw-p", "[anon:a]", KIND_ANON},
		{"[anon:a]", 0, "rw-p", "[anon:a]", KIND_ANON},
		{"[anon:a]", 5, "rw-p", "[anon:a]", KIND_SHMEM},
		{"[anon:ab]", 0, "rw-p", "[anon:ab]", KIND_ANON},
		{"/dev/zero", 5, "rw-p", "[anon]", KIND_ANON},
		{"/anon_hugepage (deleted)", 5, "rw-p", "[anon_hugepage]", KIND_ANON},
		{"/anon_hugepage (deleted)", 5, "rw-s", "[anon_hugepage]", KIND_SHMEM},
		{"/memfd:x (deleted)", 5, "rw-s", "[memfd:x]", KIND_SHMEM},
		{"/memfd:y (deleted)", 5, "rw-s", "[memfd:y]", KIND_SHMEM},
		{"/memfd: (deleted)", 5, "rw-s", "[memfd:]", KIND_SHMEM},
		{"/x", 5, "r--p", "[file]", KIND_FILE},
		{"/y", 5, "r--p", "[file]", KIND_FILE},
		{"", 0, "r--p", "[anon]", KIND_ANON},
	};

	begin(1, KEY_LABEL, KEY_LABEL);
	process();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		enum key_result keyed = look(rows[i].name, rows[i].inode, rows[i].perms);

		assert_true(keyed == KEY_MADE || keyed == KEY_SAME);
		assert_true(slice_equals(label(), slice_of(rows[i].label)));
		assert_int_equal(kind, rows[i].kind);
	}
}

/* A device alone makes it a file, just as an inode does. */
TEST(neighbours_without_a_name)
{
	struct mapping m = mapping("", 0, "rw-p");

	begin(1, KEY_KIND, KEY_KIND);
	process();
	m.dev_minor = 5;
	assert_int_equal(grouper_mapping(&grouper, &m, GUESS_NONE, last_key, &kind), KEY_MADE);
	assert_int_equal(kind, KIND_FILE);
	m.inode = 7;
	assert_int_equal(grouper_mapping(&grouper, &m, GUESS_NONE, last_key, &kind), KEY_SAME);
	assert_int_equal(kind, KIND_FILE);
	m.dev_minor = 0;
	m.inode = 0;
	assert_int_equal(grouper_mapping(&grouper, &m, GUESS_NONE, last_key, &kind), KEY_MADE);
	assert_int_equal(kind, KIND_ANON);
}

static struct slice last_file(void)
{
	enum origin origin;

	return key_label(&symbols, last_key[1], &origin);
}

/* A path alone does not tell what it is, either. */
TEST(neighbours_of_one_name_on_two_file_systems)
{
	struct mapping m = mapping("/dev/shm/x", 5, "rw-s");

	begin(2, KEY_KIND, KEY_FILE);
	process();
	m.dev_major = 8;
	assert_int_equal(grouper_mapping(&grouper, &m, GUESS_NONE, last_key, &kind), KEY_MADE);
	assert_int_equal(kind, KIND_FILE);
	m.dev_major = 0;
	assert_int_equal(grouper_mapping(&grouper, &m, GUESS_NONE, last_key, &kind), KEY_MADE);
	assert_int_equal(kind, KIND_SHMEM);
	m.backing = BACKING_OTHER;
	assert_int_equal(grouper_mapping(&grouper, &m, GUESS_NONE, last_key, &kind), KEY_MADE);
	assert_int_equal(kind, KIND_FILE);
	m.name = SLICE("/tmp/x");
	m.backing = BACKING_SHMEM;
	assert_int_equal(grouper_mapping(&grouper, &m, GUESS_NONE, last_key, &kind), KEY_MADE);
	assert_int_equal(kind, KIND_SHMEM);
	assert_slice(last_file(), "/tmp/x");
}

/* Device and inode identify the object; the name omits what may change. */
TEST(neighbours_of_one_name_in_two_segments)
{
	struct mapping m = mapping("/SYSV0052e2c1 (deleted)", 5, "rw-s");
	symbol before;

	begin(1, KEY_SEGMENT, KEY_SEGMENT);
	process();
	m.space = 9;
	assert_int_equal(grouper_mapping(&grouper, &m, GUESS_NONE, last_key, &kind), KEY_MADE);
	assert_slice(key_segment(&symbols, last_key[0]).name, "[sysv_shm:0052e2c1]");
	assert_true(key_segment(&symbols, last_key[0]).id.space == 9);
	before = last_key[0];
	m.inode = 6;
	assert_int_equal(grouper_mapping(&grouper, &m, GUESS_NONE, last_key, &kind), KEY_MADE);
	assert_int_not_equal(last_key[0], before);
	m.space = SPACE_NONE;
	assert_int_equal(grouper_mapping(&grouper, &m, GUESS_NONE, last_key, &kind), KEY_MADE);
	assert_true(key_segment(&symbols, last_key[0]).id.space == SPACE_UNKNOWN);
	look("/SYSV", 7, "rw-s");
	look("/SYSV1 (deleted)", 7, "rw-s");
	assert_int_equal(last_key[0], SYMBOL_NONE);
	look("/memfd:a (deleted)", 7, "rw-s");
	assert_slice(key_segment(&symbols, last_key[0]).name, "[memfd:a]");
	look("/dev/shm/x", 8, "rw-s");
	before = last_key[0];
	look("/dev/shm/x (deleted)", 8, "rw-s");
	assert_int_equal(last_key[0], before);
	assert_slice(key_segment(&symbols, before).name, "/dev/shm/x");
	look("/usr/lib/x", 8, "rw-s");
	look("", 0, "rw-p");
	assert_int_equal(last_key[0], SYMBOL_NONE);
}

/* Each guess has its own key, cached while others alternate with it. */
TEST(guesses_take_turns)
{
	struct mapping m = mapping("", 0, "rw-p");
	enum origin origin;

	begin(1, KEY_LABEL, KEY_LABEL);
	process();
	assert_int_equal(grouper_mapping(&grouper, &m, GUESS_NONE, last_key, &kind), KEY_MADE);
	assert_slice(label(), "[anon]");
	assert_int_equal(grouper_mapping(&grouper, &m, GUESS_RESERVED, last_key, &kind), KEY_MADE);
	assert_slice(key_label(&symbols, last_key[0], &origin), "~reserved");
	assert_int_equal(origin, ORIGIN_INFERRED);
	assert_int_equal(kind, KIND_ANON);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(grouper_mapping(&grouper, &m, GUESS_NONE, last_key, &kind),
				 KEY_SAME);
		assert_int_equal(grouper_mapping(&grouper, &m, GUESS_RESERVED, last_key, &kind),
				 KEY_SAME);
	}
	process();
	assert_int_equal(grouper_mapping(&grouper, &m, GUESS_RESERVED, last_key, &kind), KEY_MADE);
}

/* What a process calls its memory stays, and what it probably is stands behind. */
TEST(a_guess_stands_beside_a_kept_name)
{
	struct mapping m = mapping("[anon:libjvm.so]", 0, "rw-p");
	enum origin origin;

	m.by_process = true;
	begin(1, KEY_LABEL, KEY_LABEL);
	process();
	assert_int_equal(grouper_mapping(&grouper, &m, GUESS_JAVA_HEAP_LIKELY, last_key, &kind),
			 KEY_MADE);
	assert_slice(key_label(&symbols, last_key[0], &origin), "[anon:libjvm.so] ~java heap?");
	assert_int_equal(origin, ORIGIN_PROCESS);
	assert_int_equal(guess_in_label(label()), GUESS_JAVA_HEAP_LIKELY);
	assert_int_equal(guess_in_label(SLICE("[anon:x ~java heap]")), GUESS_NONE);
	assert_int_equal(guess_in_label(SLICE("[memfd:x] ~y]")), GUESS_NONE);
	assert_int_equal(grouper_mapping(&grouper, &m, GUESS_NONE, last_key, &kind), KEY_MADE);
	assert_slice(key_label(&symbols, last_key[0], &origin), "[anon:libjvm.so]");
}

TEST(a_new_process_has_keys_of_its_own)
{
	const struct process other = {.known = PROCESS_PID, .pid = 8};
	symbol first;

	begin(2, KEY_PROCESS, KEY_KIND);
	process();
	assert_int_equal(look("[heap]", 0, "rw-p"), KEY_MADE);
	first = last_key[0];
	assert_int_equal(look("[heap]", 0, "rw-p"), KEY_SAME);
	assert_true(grouper_process(&grouper, &other));
	assert_int_equal(look("[heap]", 0, "rw-p"), KEY_MADE);
	assert_int_not_equal(last_key[0], first);
}

TEST(mappings_are_never_alike)
{
	symbol first;

	begin(1, KEY_MAPPING, KEY_MAPPING);
	process();
	assert_int_equal(look("[heap]", 0, "rw-p"), KEY_MADE);
	first = last_key[0];
	assert_int_equal(look("[heap]", 0, "r--p"), KEY_MADE);
	assert_int_not_equal(last_key[0], first);
}

TEST(unwanted_neighbours)
{
	char glob[] = "ab*";
	char *const globs[] = {glob};

	selection = (struct selection){.labels = globs, .label_count = 1, .kinds = 1U << KIND_ANON};
	begin(1, KEY_LABEL, KEY_LABEL);
	process();
	assert_int_equal(look("[anon:abc]", 0, "rw-p"), KEY_MADE);
	assert_int_equal(look("[anon:bcd]", 0, "rw-p"), KEY_UNWANTED);
	assert_int_equal(look("[anon:bcd]", 0, "rw-p"), KEY_UNWANTED);
	assert_int_equal(kind, KIND_ANON);
	assert_int_equal(look("[anon:abc]", 0, "rw-p"), KEY_MADE);
	assert_slice(label(), "[anon:abc]");
	assert_int_equal(look("/memfd:abc (deleted)", 5, "rw-s"), KEY_UNWANTED); /* by kind */
	assert_int_equal(kind, KIND_SHMEM);
}

TEST(subsystems_and_files)
{
	begin(2, KEY_SUBSYSTEM, KEY_FILE);
	process();
	look("[anon:zend_alloc]", 0, "rw-p");
	assert_slice(intern_bytes(&symbols, last_key[0]), "php");
	assert_slice(last_file(), "[anon:zend_alloc]");
	look("/usr/lib/x.so", 5, "r-xp");
	assert_slice(intern_bytes(&symbols, last_key[0]), "[file]");
	assert_slice(last_file(), "/usr/lib/x.so");
	look("/memfd:jemalloc_pg (deleted)", 5, "rw-s");
	assert_slice(intern_bytes(&symbols, last_key[0]), "jemalloc");
	assert_slice(last_file(), "[memfd:jemalloc_pg]");
}

TEST(what_is_unknown_of_a_process)
{
	begin(2, KEY_USER, KEY_CGROUP);
	process();
	look("[heap]", 0, "rw-p");
	assert_slice(intern_bytes(&symbols, last_key[0]), "123456");
	assert_int_equal(last_key[1], SYMBOL_NONE);
}

static void assert_subsystem(const char *name, uint64_t inode, const char *wanted)
{
	begin(1, KEY_SUBSYSTEM, KEY_COUNT);
	process();
	assert_int_equal(look(name, inode, "rw-s"), KEY_MADE);
	assert_true(slice_equals(intern_bytes(&symbols, last_key[0]), slice_of(wanted)));
	grouper_free(&grouper);
	rules_free(rules);
	intern_free(&symbols);
}

/* Names that a process chose pass for neither the kernel's nor a guess. */
TEST(names_that_pretend)
{
	assert_subsystem("[anon:~go heap]", 0, "[anon:~go heap]");
	assert_subsystem("[anon: ~x: y]", 0, "[anon: ~x: y]");
	assert_subsystem("/memfd:[heap] (deleted)", 7, "[memfd:[heap]]");
	assert_subsystem("/memfd:[stack:12] (deleted)", 7, "[memfd:[stack:12]]");
	assert_subsystem("/memfd:~12 (deleted)", 7, "[memfd:~12]");
	assert_subsystem("[anon:heap]", 0, "heap");
	assert_subsystem("[stack:12]", 0, "[stack]");
	begin(1, KEY_SUBSYSTEM, KEY_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(labels_of_neighbours, tear_down),
		cmocka_unit_test_teardown(neighbours_without_a_name, tear_down),
		cmocka_unit_test_teardown(neighbours_of_one_name_on_two_file_systems, tear_down),
		cmocka_unit_test_teardown(neighbours_of_one_name_in_two_segments, tear_down),
		cmocka_unit_test_teardown(guesses_take_turns, tear_down),
		cmocka_unit_test_teardown(a_guess_stands_beside_a_kept_name, tear_down),
		cmocka_unit_test_teardown(a_new_process_has_keys_of_its_own, tear_down),
		cmocka_unit_test_teardown(mappings_are_never_alike, tear_down),
		cmocka_unit_test_teardown(unwanted_neighbours, tear_down),
		cmocka_unit_test_teardown(subsystems_and_files, tear_down),
		cmocka_unit_test_teardown(names_that_pretend, tear_down),
		cmocka_unit_test_teardown(what_is_unknown_of_a_process, tear_down),
	};

	return RUN(tests);
}
