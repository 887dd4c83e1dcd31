/* key: records are read back as they went in, and are equal only if their identities are. */
#include "support.h"

#include "model/translate.h"

static struct intern symbols;

static int set_up(void **state)
{
	(void)state;
	intern_init(&symbols);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	intern_free(&symbols);
	return 0;
}

TEST(segments)
{
	struct segment_id id = {.inode = 7, .dev_minor = 1};
	symbol first, second;

	first = key_intern_segment(&symbols, &id, SLICE("[memfd:x]"));
	assert_int_equal(key_intern_segment(&symbols, &id, SLICE("[memfd:x]")), first);
	assert_int_not_equal(key_intern_segment(&symbols, &id, SLICE("")), first);
	id.space = 5;
	second = key_intern_segment(&symbols, &id, SLICE("[memfd:x]"));
	assert_int_not_equal(second, first);
	assert_true(key_segment(&symbols, second).id.space == 5);
	assert_true(key_segment(&symbols, first).id.inode == 7);
	assert_slice(key_segment(&symbols, first).name, "[memfd:x]");
}

TEST(labels)
{
	symbol a = key_intern_label(&symbols, ORIGIN_KERNEL, SLICE("[anon:x]"));
	symbol b = key_intern_label(&symbols, ORIGIN_INFERRED, SLICE("[anon:x]"));
	enum origin origin;

	assert_int_not_equal(a, b);
	assert_int_equal(key_intern_label(&symbols, ORIGIN_KERNEL, SLICE("[anon:x]")), a);
	assert_slice(key_label(&symbols, a, &origin), "[anon:x]");
	assert_int_equal(origin, ORIGIN_KERNEL);
	assert_slice(key_label(&symbols, b, &origin), "[anon:x]");
	assert_int_equal(origin, ORIGIN_INFERRED);
	a = key_intern_label(&symbols, ORIGIN_PROCESS, SLICE(""));
	assert_slice(key_label(&symbols, a, &origin), "");
	assert_int_equal(origin, ORIGIN_PROCESS);
}

TEST(a_long_label)
{
	char text[100000];
	enum origin origin;
	struct slice label = {text, sizeof(text)};
	symbol s;

	memset(text, 'x', sizeof(text));
	s = key_intern_label(&symbols, ORIGIN_KERNEL, label);
	assert_true(slice_equals(key_label(&symbols, s, &origin), label));
	assert_int_equal(key_intern_label(&symbols, ORIGIN_KERNEL, label), s);
	for (size_t len = 505; len < 520; len++) {
		label.len = len;
		s = key_intern_label(&symbols, ORIGIN_KERNEL, label);
		assert_true(slice_equals(key_label(&symbols, s, &origin), label));
	}
}

static const struct process process = {
	.known = PROCESS_PID | PROCESS_START | PROCESS_NAME | PROCESS_UID,
	.pid = 42,
	.start_time = UINT64_C(0x123456789a),
	.name = SLICE_INIT("a b\xff"),
	.uid = 7,
};

TEST(processes)
{
	symbol s = key_intern_process(&symbols, &process);
	struct process_identity p = key_process(&symbols, s);

	assert_int_equal(p.known, PROCESS_PID | PROCESS_START | PROCESS_NAME);
	assert_int_equal(p.pid, 42);
	assert_true(p.start_time == UINT64_C(0x123456789a));
	assert_slice(p.name, "a b\xff");
	assert_int_equal(key_intern_process(&symbols, &process), s);
}

TEST(a_pid_used_again_is_another_process)
{
	struct process next = process;
	symbol s = key_intern_process(&symbols, &process);

	next.start_time++;
	assert_int_not_equal(key_intern_process(&symbols, &next), s);
	next.start_time--;
	assert_int_equal(key_intern_process(&symbols, &next), s);
	next.pid++;
	assert_int_not_equal(key_intern_process(&symbols, &next), s);
}

/* Fields outside the identity do not distinguish processes. */
TEST(other_fields_do_not_matter)
{
	struct process other = process;
	symbol s = key_intern_process(&symbols, &process);

	other.uid = 8;
	other.known &= ~(unsigned)PROCESS_UID;
	other.known |= PROCESS_EXE;
	other.exe = SLICE("/x");
	assert_int_equal(key_intern_process(&symbols, &other), s);
}

TEST(unknown_fields_of_a_process)
{
	struct process p = {.known = PROCESS_NAME, .pid = 1, .start_time = 2};
	struct process_identity got;
	symbol s;

	p.name = SLICE("dump.txt");
	s = key_intern_process(&symbols, &p);
	got = key_process(&symbols, s);
	assert_int_equal(got.known, PROCESS_NAME);
	assert_int_equal(got.pid, 0);
	assert_int_equal(got.start_time, 0);
	assert_slice(got.name, "dump.txt");
	/* Unknown fields may contain anything. */
	p.pid = 3;
	p.start_time = 4;
	assert_int_equal(key_intern_process(&symbols, &p), s);
	/* No name is not the same as an empty one. */
	p.name = SLICE("");
	s = key_intern_process(&symbols, &p);
	p.known = 0;
	assert_int_not_equal(key_intern_process(&symbols, &p), s);
}

TEST(mappings)
{
	struct mapping m = {.start = 0x7f0000000000, .end = 0xffffffffff601000, .perms = "rw-p"};
	symbol file = key_intern_label(&symbols, ORIGIN_KERNEL, SLICE("/lib/x.so"));
	symbol named = key_intern_label(&symbols, ORIGIN_PROCESS, SLICE("[anon:x]"));
	symbol one = key_intern_process(&symbols, &process);
	symbol other = key_intern_label(&symbols, ORIGIN_KERNEL, SLICE("another"));
	symbol s = key_intern_mapping(&symbols, &m, one, file);
	struct mapping_identity got = key_mapping(&symbols, s);

	assert_true(got.start == 0x7f0000000000);
	assert_true(got.end == 0xffffffffff601000);
	assert_slice(got.perms, "rw-p");
	assert_slice(got.name, "/lib/x.so");
	assert_int_equal(got.origin, ORIGIN_KERNEL);
	got = key_mapping(&symbols, key_intern_mapping(&symbols, &m, one, named));
	assert_slice(got.name, "[anon:x]");
	assert_int_equal(got.origin, ORIGIN_PROCESS);
	assert_int_equal(key_intern_mapping(&symbols, &m, one, file), s);
	assert_int_not_equal(key_intern_mapping(&symbols, &m, other, file), s);
	assert_int_not_equal(key_intern_mapping(&symbols, &m, one, other), s);
	m.perms[0] = '-';
	assert_int_not_equal(key_intern_mapping(&symbols, &m, one, file), s);
}

TEST(slices_live_as_long_as_the_symbols)
{
	symbol s = key_intern_process(&symbols, &process);
	struct slice name = key_process(&symbols, s).name;
	struct mapping m = {.start = 1, .end = 2, .perms = "r-xs"};
	symbol file = key_intern_label(&symbols, ORIGIN_KERNEL, SLICE("/x"));
	struct slice perms = key_mapping(&symbols, key_intern_mapping(&symbols, &m, s, file)).perms;

	for (int i = 0; i < 50000; i++)
		intern(&symbols, (struct slice){(const char *)&i, sizeof(i)});
	assert_slice(name, "a b\xff");
	assert_slice(perms, "r-xs");
}

TEST(symbols_of_another_table)
{
	const struct grouping by = {.keys = {KEY_MAPPING, KEY_PROCESS, KEY_USER}, .count = 3};
	struct mapping m = {.start = 1, .end = 2, .perms = "r-xs"};
	symbol file = key_intern_label(&symbols, ORIGIN_KERNEL, SLICE("/x"));
	symbol owner = key_intern_process(&symbols, &process);
	symbol key[] = {key_intern_mapping(&symbols, &m, owner, file), owner, SYMBOL_NONE};
	symbol again[] = {key[0], key[1], key[2]}, missing[] = {key[0], key[1], key[2]};
	struct mapping_identity got;
	struct translation t;
	struct intern to;

	intern_init(&to);
	for (int i = 0; i < 10; i++)
		intern(&to, (struct slice){(const char *)&i, sizeof(i)});
	assert_false(translate_known_key(&symbols, &to, &by, missing));
	assert_int_equal(to.count, 10);
	translation_init(&t, &symbols, &to);
	assert_true(translate_key(&t, &by, key));
	got = key_mapping(&to, key[0]);
	assert_true(got.start == 1 && got.end == 2);
	assert_slice(got.perms, "r-xs");
	assert_slice(got.name, "/x");
	assert_int_equal(key_process(&to, key[1]).pid, 42);
	assert_slice(key_process(&to, key[1]).name, "a b\xff");
	assert_int_equal(key[2], SYMBOL_NONE);
	assert_true(translate_known_key(&symbols, &to, &by, again));
	assert_memory_equal(key, again, sizeof(key));
	translation_free(&t);
	intern_free(&to);
}

TEST(groupings)
{
	const struct grouping by = {.keys = {KEY_LABEL, KEY_USER}, .count = 2};
	const struct grouping all = {.keys = {KEY_PROCESS, KEY_CGROUP, KEY_USER}, .count = 3};
	const struct grouping commands = {.keys = {KEY_COMMAND}, .count = 1};
	const struct grouping memory = {.keys = {KEY_LABEL, KEY_SUBSYSTEM, KEY_KIND, KEY_FILE},
					.count = 4};

	assert_true(grouping_has(&by, KEY_LABEL));
	assert_true(grouping_has(&by, KEY_USER));
	assert_false(grouping_has(&by, KEY_PROCESS));
	assert_int_equal(grouping_needs(&by), NEED_UID);
	assert_int_equal(grouping_needs(&all), NEED_STAT | NEED_UID | NEED_CGROUP);
	assert_int_equal(grouping_needs(&memory), 0);
	assert_int_equal(grouping_needs(&commands), NEED_STAT | NEED_COMMAND);
	for (int i = 0; i < KEY_COUNT; i++)
		assert_non_null(key_names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(segments, set_up, tear_down),
		cmocka_unit_test_setup_teardown(labels, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_long_label, set_up, tear_down),
		cmocka_unit_test_setup_teardown(processes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_pid_used_again_is_another_process, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(other_fields_do_not_matter, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unknown_fields_of_a_process, set_up, tear_down),
		cmocka_unit_test_setup_teardown(mappings, set_up, tear_down),
		cmocka_unit_test_setup_teardown(slices_live_as_long_as_the_symbols, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(symbols_of_another_table, set_up, tear_down),
		cmocka_unit_test(groupings),
	};

	return RUN(tests);
}
