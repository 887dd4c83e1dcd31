/* record: text is read back as it was written; nothing else is accepted. */
#include "support.h"

#include "model/record_text.h"
#include "model/translate.h"

enum { GROUPS_MAX = 64 };

static const struct grouping all_keys = {
	.keys = {KEY_LABEL, KEY_SUBSYSTEM, KEY_KIND, KEY_PROCESS, KEY_NAME, KEY_USER, KEY_CGROUP,
		 KEY_CONTAINER, KEY_POD, KEY_UNIT, KEY_COMMAND, KEY_FILE, KEY_MAPPING, KEY_SEGMENT},
	.count = KEY_COUNT,
};
static const struct grouping by_label = {.keys = {KEY_LABEL}, .count = 1};

/* A record in progress, and the symbol tables of writer and reader. */
static struct intern symbols, others;
static struct group groups[GROUPS_MAX];
static symbol keys[GROUPS_MAX * KEY_COUNT];
static struct record record;

static const struct process redis = {
	.known = PROCESS_PID | PROCESS_START | PROCESS_NAME | PROCESS_UID | PROCESS_EXE,
	.pid = 42,
	.start_time = 9001,
	.name = SLICE_INIT("redis-server"),
	.uid = 1000,
	.exe = SLICE_INIT("/usr/bin/redis-server"),
};

static int set_up(void **state)
{
	(void)state;
	intern_init(&symbols);
	intern_init(&others);
	for (int i = 0; i < 100; i++)
		intern(&others, (struct slice){(const char *)&i, sizeof(i)});
	record = (struct record){.target = 7, .process = redis, .groups = groups, .keys = keys};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	intern_free(&symbols);
	intern_free(&others);
	return 0;
}

/* Adds a group of three mappings without known counters; returns its key. */
static symbol *add_group(const struct grouping *by)
{
	symbol *key = record_key(&record, by, record.count);

	assert_true(record.count < GROUPS_MAX);
	groups[record.count++] = (struct group){.processes = 1, .mappings = 3};
	for (unsigned k = 0; k < by->count; k++)
		key[k] = SYMBOL_NONE;
	return key;
}

static void add_label(enum origin origin, struct slice label)
{
	add_group(&by_label)[0] = key_intern_label(&symbols, origin, label);
}

static void set_counter(enum counter counter, bool known, uint64_t bytes)
{
	struct counters *c = &groups[record.count - 1].counters;

	c->bytes[counter] = bytes;
	c->known |= known ? COUNTER_BIT(counter) : 0;
}

static char *write_text(const struct record *r, const struct grouping *by, const struct intern *of)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	record_write(r, by, of, out);
	assert_false(ferror(out));
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strlen(text), size);
	for (size_t i = 0; i < size; i++)
		assert_true(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
	return text;
}

/* Reads a copy of exactly these bytes, so that reading beyond them is detected. */
static struct record *read_bytes(struct slice bytes, const struct grouping *by, struct error *e)
{
	char *copy = malloc(bytes.len ? bytes.len : 1);
	struct slice text = {copy, bytes.len};
	struct record *r;

	assert_non_null(copy);
	memcpy(copy, bytes.ptr, bytes.len);
	r = record_read(&text, by, &others, e);
	assert_ptr_equal(text.ptr, r ? copy + bytes.len : copy);
	assert_int_equal(text.len, r ? 0 : bytes.len);
	free(copy);
	return r;
}

static void assert_same_slice(struct slice a, struct slice b)
{
	assert_int_equal(a.len, b.len);
	assert_true(slice_equals(a, b));
}

static void assert_same_process(const struct process *a, const struct process *b)
{
	assert_int_equal(a->known, b->known);
	if (a->known & PROCESS_PID)
		assert_int_equal(a->pid, b->pid);
	if (a->known & PROCESS_START)
		assert_true(a->start_time == b->start_time);
	if (a->known & PROCESS_NAME)
		assert_same_slice(a->name, b->name);
	if (a->known & PROCESS_UID)
		assert_int_equal(a->uid, b->uid);
	if (a->known & PROCESS_CGROUP)
		assert_same_slice(a->cgroup, b->cgroup);
	if (a->known & PROCESS_EXE)
		assert_same_slice(a->exe, b->exe);
	if (a->known & PROCESS_COMMAND)
		assert_same_slice(a->command, b->command);
}

static void assert_same_heap(const struct heap_use *a, const struct heap_use *b)
{
	assert_int_equal(a->known, b->known);
	assert_int_equal(a->partial, b->partial);
	assert_true(a->used == b->used && a->free == b->free && a->trimmable == b->trimmable);
}

static void assert_same_group(const struct grouping *by, uint32_t i, const struct record *b)
{
	symbol key[KEY_COUNT];

	memcpy(key, record_key(&record, by, i), by->count * sizeof(*key));
	assert_true(translate_known_key(&symbols, &others, by, key));
	assert_memory_equal(key, record_key(b, by, i), by->count * sizeof(*key));
	assert_true(groups[i].processes == b->groups[i].processes);
	assert_true(groups[i].mappings == b->groups[i].mappings);
	assert_int_equal(groups[i].counters.known, b->groups[i].counters.known);
	assert_memory_equal(groups[i].counters.bytes, b->groups[i].counters.bytes,
			    sizeof(groups[i].counters.bytes));
	assert_same_heap(&groups[i].heap, &b->groups[i].heap);
}

static void assert_same_part(const struct swapped_part *a, const struct swapped_part *b)
{
	assert_memory_equal(&a->segment, &b->segment, sizeof(a->segment));
	assert_true(a->start == b->start);
	assert_true(a->end == b->end);
	assert_true(a->offset == b->offset);
	assert_true(a->swapped == b->swapped);
	assert_int_equal(a->group, b->group);
}

static void assert_same(const struct grouping *by, const struct record *b)
{
	assert_true(record.target == b->target);
	assert_same_process(&record.process, &b->process);
	assert_int_equal(record.match, b->match);
	assert_int_equal(record.outcome, b->outcome);
	assert_int_equal(record.how, b->how);
	assert_int_equal(record.swaps_shared, b->swaps_shared);
	assert_int_equal(record.shares_with, b->shares_with);
	assert_int_equal(record.resident_known, b->resident_known);
	assert_true(record.resident == b->resident);
	assert_int_equal(record.inexact, b->inexact);
	assert_int_equal(record.problem != NULL, b->problem != NULL);
	if (record.problem)
		assert_string_equal(record.problem, b->problem);
	assert_null(b->comparison);
	assert_int_equal(record.count, b->count);
	for (uint32_t i = 0; i < record.count; i++)
		assert_same_group(by, i, b);
	assert_int_equal(record.part_count, b->part_count);
	for (uint32_t i = 0; i < record.part_count; i++)
		assert_same_part(&record.parts[i], &b->parts[i]);
}

/* Writes the record and reads it back. */
static void check_round_trip(const struct grouping *by)
{
	char *text = write_text(&record, by, &symbols), *again;
	struct error e = {.code = ERROR_NONE};
	struct record *r = read_bytes(slice_of(text), by, &e);

	if (!r)
		fail_msg("%s in:\n%s", e.text, text);
	assert_same(by, r);
	again = write_text(r, by, &others);
	assert_string_equal(again, text);
	free(again);
	free(text);
	free(r);
}

static void check_malformed(struct slice text, const struct grouping *by, const char *beginning)
{
	struct error e = {.code = ERROR_NONE};

	assert_null(read_bytes(text, by, &e));
	assert_int_equal(e.code, ERROR_MALFORMED);
	if (strncmp(e.text, beginning, strlen(beginning)) != 0)
		fail_msg("\"%s\", not \"%s\", in:\n%.*s", e.text, beginning, (int)text.len,
			 text.ptr);
}

/* A record that uses every feature. */

static const struct grouping some_keys = {.keys = {KEY_PROCESS, KEY_LABEL, KEY_USER, KEY_MAPPING},
					  .count = 4};

static struct swapped_part parts[2];

static void make_some(void)
{
	const struct mapping m = {.start = 0x55d0c000, .end = 0x55d2d000, .perms = "rw-p"};
	symbol *key = add_group(&some_keys);

	key[0] = key_intern_process(&symbols, &redis);
	key[1] = key_intern_label(&symbols, ORIGIN_PROCESS, SLICE("[anon:\"caf\xc3\xa9\"]"));
	key[3] = key_intern_mapping(&symbols, &m, key[0],
				    key_intern_label(&symbols, ORIGIN_KERNEL, SLICE("[heap]")));
	set_counter(COUNTER_RSS, true, 8192);
	set_counter(COUNTER_PSS, true, 0);
	set_counter(COUNTER_SWAP, false, 4096);
	groups[0].heap = (struct heap_use){.known = true, .used = 6000, .free = 2192};
	key = add_group(&some_keys);
	groups[1].heap.partial = true;
	key[2] = intern(&symbols, SLICE("me"));
	record.how = HOW_BIT(HOW_SCANNED) | HOW_BIT(HOW_NAMES_KEPT);
	record.inexact = true;
	record.problem = "a \\ and a \n";
	parts[0] = (struct swapped_part){.segment = {.inode = 77, .dev_minor = 1},
					 .start = 0x7f00,
					 .end = 0x9f00,
					 .swapped = 4096};
	parts[1] = (struct swapped_part){
		.segment = {.inode = 0, .space = 4026531839, .dev_major = 7, .dev_minor = 1},
		.start = 0x8000,
		.end = 0x9000,
		.offset = 1024,
		.swapped = 1,
		.group = GROUP_NONE};
	record.parts = parts;
	record.part_count = 2;
}

#define SOME_PROCESS "process pid=42 start=9001 name=\"redis-server\""

static const char some_text[] =
	"anonmem-record 1\n"
	"by process label user mapping\n"
	"target 7\n" SOME_PROCESS " uid=1000 exe=\"/usr/bin/redis-server\"\n"
	"match yes\n"
	"outcome read\n"
	"how scanned names_kept\n"
	"swaps_shared no\n"
	"shares_with -\n"
	"resident -\n"
	"inexact yes\n"
	"problem \"a \\x5c and a \\x0a\"\n"
	"group processes=1 mappings=3\n" SOME_PROCESS "\n"
	"label process \"[anon:\\x22caf\\xc3\\xa9\\x22]\"\n"
	"user -\n"
	"mapping 55d0c000-55d2d000 \"rw-p\" kernel \"[heap]\" pid=42 start=9001 "
	"name=\"redis-server\"\n"
	"counters rss=8192 pss=0 swap>=4096\n"
	"heap used=6000 free=2192 trimmable=0\n"
	"group processes=1 mappings=3\n"
	"process -\n"
	"label -\n"
	"user \"me\"\n"
	"mapping -\n"
	"counters\n"
	"heap partial\n"
	"swapped group=0 device=0:1 inode=77 7f00-9f00 offset=0 bytes=4096\n"
	"swapped group=- device=7:1 inode=0 ipc=4026531839 8000-9000 offset=1024 bytes=1\n"
	"end\n";

TEST(the_form)
{
	char *text;

	make_some();
	text = write_text(&record, &some_keys, &symbols);
	assert_string_equal(text, some_text);
	free(text);
	check_round_trip(&some_keys);
}

TEST(labels_of_every_kind)
{
	static const char *const labels[] = {"[anon]",
					     "[heap]",
					     "[stack]",
					     "[vdso]",
					     "[file]",
					     "[anon:zend_alloc]",
					     "[anon_shmem:x]",
					     "[memfd:wayland-shm]",
					     "[memfd:[heap]]",
					     "[sysv]",
					     "[anon: x]",
					     "[anon:a \"b\" \\c]",
					     "~go heap",
					     "~thread stack",
					     "/usr/lib/libc.so.6 (deleted)",
					     "\\x41",
					     "-",
					     " ",
					     "",
					     "kernel \"x\"\nend\n"};

	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
		record.count = 0;
		for (int origin = 0; origin < ORIGIN_COUNT; origin++)
			add_label((enum origin)origin, slice_of(labels[i]));
		check_round_trip(&by_label);
	}
}

static void fill_strings(struct slice s)
{
	const struct process process = {.known = PROCESS_NAME | PROCESS_CGROUP | PROCESS_EXE |
						 PROCESS_COMMAND,
					.name = s,
					.cgroup = s,
					.exe = s,
					.command = s};
	const struct mapping m = {.start = 1, .end = 2, .perms = "r-xs"};
	const struct segment_id segment = {.inode = s.len, .space = s.len % 3, .dev_minor = 1};
	symbol *key = add_group(&all_keys);

	record.process = process;
	for (unsigned k = 0; k < KEY_COUNT; k++)
		key[k] = intern(&symbols, s);
	key[KEY_LABEL] = key_intern_label(&symbols, ORIGIN_INFERRED, s);
	key[KEY_FILE] = key_intern_label(&symbols, ORIGIN_KERNEL, s);
	key[KEY_PROCESS] = key_intern_process(&symbols, &process);
	key[KEY_MAPPING] = key_intern_mapping(&symbols, &m, key[KEY_PROCESS], key[KEY_LABEL]);
	key[KEY_SEGMENT] = key_intern_segment(&symbols, &segment, s);
}

TEST(every_byte_in_every_string)
{
	char bytes[256], problem[256];

	for (int i = 0; i < 256; i++) {
		bytes[i] = (char)i;
		problem[i] = (char)(i + 1); /* ends with NUL */
		fill_strings((struct slice){&bytes[i], 1});
		check_round_trip(&all_keys);
		record.count = 0;
	}
	fill_strings((struct slice){bytes, sizeof(bytes)});
	fill_strings(SLICE(""));
	record.problem = problem;
	check_round_trip(&all_keys);
	record.problem = "";
	check_round_trip(&all_keys);
}

TEST(long_strings)
{
	static char text[300000];

	memset(text, '\x1b', sizeof(text));
	fill_strings((struct slice){text, sizeof(text)});
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	record.problem = text;
	check_round_trip(&all_keys);
}

TEST(no_value_for_a_key)
{
	fill_strings(SLICE("-"));
	for (unsigned k = 0; k < KEY_COUNT; k++) {
		symbol *key = add_group(&all_keys);

		memcpy(key, keys, KEY_COUNT * sizeof(*key));
		key[k] = SYMBOL_NONE;
	}
	add_group(&all_keys);
	check_round_trip(&all_keys);
}

TEST(each_grouping)
{
	for (unsigned first = 0; first < KEY_COUNT; first++) {
		struct grouping by = {
			.keys = {(enum key)first, (enum key)((first + 1) % KEY_COUNT)}};

		for (by.count = 0; by.count <= 2; by.count++) {
			record.count = 0;
			add_group(&by);
			check_round_trip(&by);
			record.count = 0;
			check_round_trip(&by);
		}
	}
}

/* Unknown fields may contain anything. */
TEST(unknown_fields_of_a_process)
{
	static const struct grouping by = {.keys = {KEY_PROCESS}, .count = 1};

	for (unsigned known = 0; known < 2 * PROCESS_COMMAND; known++) {
		record.count = 0;
		record.process = redis;
		record.process.cgroup = SLICE("0::/x");
		record.process.command = SLICE("x --password=y");
		record.process.known = known;
		add_group(&by)[0] = key_intern_process(&symbols, &record.process);
		check_round_trip(&by);
	}
}

TEST(counters_known_and_unknown)
{
	for (int i = 0; i < COUNTER_COUNT; i++) {
		for (int what = 0; what < 4; what++) {
			record.count = 0;
			add_label(ORIGIN_KERNEL, SLICE("[heap]"));
			set_counter((enum counter)i, what & 1, what & 2 ? 4096 : 0);
			check_round_trip(&by_label);
		}
	}
	add_label(ORIGIN_KERNEL, SLICE("[anon]"));
	groups[1].counters.known = COUNTERS_ALL_KNOWN;
	add_label(ORIGIN_KERNEL, SLICE("[stack]"));
	for (int i = 0; i < COUNTER_COUNT; i++)
		set_counter((enum counter)i, false, 1 + (uint64_t)i);
	check_round_trip(&by_label);
}

TEST(how_it_was_read)
{
	for (unsigned how = 0; how < HOW_BIT(HOW_COUNT); how++) {
		record.how = how;
		record.match = (enum match)(how % 3);
		record.outcome = (enum outcome)(how % OUTCOME_COUNT);
		record.swaps_shared = how % 2;
		record.shares_with = how % 3 ? (pid_t)how : 0;
		record.resident_known = how % 4 < 2;
		record.resident = record.resident_known ? 4096 * how : 0;
		record.inexact = how % 5 < 2;
		check_round_trip(&by_label);
	}
}

TEST(a_comparison_is_left_out)
{
	static const struct comparison comparison = {.made = true};

	record.comparison = &comparison;
	check_round_trip(&by_label);
}

/* For each maximum in the text, one more must be an error. */
static void check_one_more(const char *text)
{
	static const char *const greatest[] = {"=2147483647", "=4294967295", "=9223372036854775807",
					       "18446744073709551615", "ffffffffffffffff"};
	static const char *const more[] = {"=2147483648", "=4294967296", "=9223372036854775808",
					   "18446744073709551616", "10000000000000000"};

	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++) {
		const char *at = text;

		assert_non_null(strstr(text, greatest[i]));
		while ((at = strstr(at, greatest[i]))) {
			const char *rest = at + strlen(greatest[i]);
			char *changed;

			assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - text), text, more[i],
					     rest) > 0);
			check_malformed(slice_of(changed), &some_keys, "line ");
			free(changed);
			at = rest;
		}
	}
}

TEST(the_greatest_numbers)
{
	const struct mapping m = {.start = UINT64_MAX, .end = UINT64_MAX, .perms = "----"};
	symbol *key = add_group(&some_keys);
	char *text;

	record.target = SIZE_MAX;
	record.process.pid = INT32_MAX;
	record.process.start_time = UINT64_MAX;
	record.process.uid = UINT32_MAX;
	key[0] = key_intern_process(&symbols, &record.process);
	key[3] = key_intern_mapping(&symbols, &m, key[0],
				    key_intern_label(&symbols, ORIGIN_KERNEL, SLICE("")));
	groups[0] = (struct group){.processes = UINT64_MAX, .mappings = UINT64_MAX};
	for (int i = 0; i < COUNTER_COUNT; i++)
		set_counter((enum counter)i, i % 2, COUNTER_MAX);
	check_round_trip(&some_keys);
	text = write_text(&record, &some_keys, &symbols);
	check_one_more(text);
	free(text);
}

TEST(one_after_the_other)
{
	struct error e = {.code = ERROR_NONE};
	struct slice text;
	char *whole;

	assert_true(asprintf(&whole, "%s%sanonmem-record 2\n", some_text, some_text) > 0);
	make_some();
	text = slice_of(whole);
	for (int i = 0; i < 2; i++) {
		struct record *r = record_read(&text, &some_keys, &others, &e);

		assert_non_null(r);
		assert_same(&some_keys, r);
		free(r);
	}
	assert_slice(text, "anonmem-record 2\n");
	assert_null(record_read(&text, &some_keys, &others, &e));
	assert_slice(text, "anonmem-record 2\n");
	free(whole);
}

/* A part of some_text, its replacement, and the line of the error. */
static const struct {
	const char *part, *instead;
	unsigned line;
} mistakes[] = {
	{"anonmem-record 1", "anonmem-record 2", 1},
	{"anonmem-record 1", " anonmem-record 1", 1},
	{"anonmem-record 1\n", "anonmem-record 1\r\n", 1},
	{"by process", "by name", 2},
	{"user mapping", "user", 2},
	{"user mapping", "mapping user", 2},
	{"user mapping", "user mapping file", 2},
	{"target 7", "target", 3},
	{"target 7", "target -7", 3},
	{"target 7", "target 07", 3},
	{"target 7", "target 7 ", 3},
	{"target 7", "target  7", 3},
	{"pid=42", "pid=", 4},
	{"pid=42", "pid=42 pid=42", 4},
	{"pid=42 start=9001", "start=9001 pid=42", 4},
	{"uid=1000", "uid=0x10", 4},
	{"uid=1000", "gid=1000", 4},
	{"match yes", "match maybe", 5},
	{"match yes", "match yes no", 5},
	{"outcome read", "outcome 0", 6},
	{"outcome read", "outcome denied", 13},
	{"scanned names_kept", "names_kept scanned", 7},
	{"scanned names_kept", "scanned scanned", 7},
	{"scanned names_kept", "scannednames_kept", 7},
	{"swaps_shared no", "swaps_shared 0", 8},
	{"shares_with -", "shares_with 0", 10},
	{"shares_with -", "shares_with", 9},
	{"shares_with -", "shares_with 2147483648", 9},
	{"resident -", "resident x", 10},
	{"resident -", "resident - 1", 10},
	{"inexact yes", "inexact", 11},
	{"problem \"a", "problem \"a\\x00", 12},
	{"problem \"a", "problem a", 12},
	{"problem \"a", "problem - \"a", 12},
	{"\\x5c", "\\\\", 12},
	{"\\x5c", "\\x5C", 12},
	{"\\x5c", "\\x5g", 12},
	{"\\x5c", "\\x41", 12},
	{"\\x0a\"", "\\x0a", 12},
	{"\\x0a\"", "\\x0\"", 12},
	{"\\x0a\"", "\x1b\"", 12},
	{"\\x0a\"", "\\", 12},
	{"group processes", "groups processes", 13},
	{"processes=1 mappings=3", "processes=1", 13},
	{"processes=1 mappings=3", "mappings=3 processes=1", 13},
	{"\nlabel process", " uid=1\nlabel process", 14},
	{"label process", "label nobody", 15},
	{"label process", "label", 15},
	{"label process", "file process", 15},
	{"label process", "label - process", 15},
	{"user -", "user", 16},
	{"user -", "user --", 16},
	{"user -", "user - ", 16},
	{"55d0c000-", "55D0C000-", 17},
	{"55d0c000-", "055d0c000-", 17},
	{"55d0c000-", "55d0c000 ", 17},
	{"\"rw-p\"", "\"rw-px\"", 17},
	{"\"rw-p\"", "\"rw\\x00p\"", 17},
	{"\"rw-p\"", "rw-p", 17},
	{"kernel \"[heap]\"", "-", 17},
	{"kernel \"[heap]\" pid=42", "kernel \"[heap]\" -", 17},
	{"rss=8192 pss=0", "pss=0 rss=8192", 18},
	{"rss=8192", "rss=8192 rss=8192", 18},
	{"rss=8192", "resident=8192", 18},
	{"rss=8192", "rss=8 kB", 18},
	{"rss=8192", "rss=-1", 18},
	{"swap>=4096", "swap>=0", 18},
	{"swap>=4096", "swap>4096", 18},
	{"heap used=6000", "heap", 19},
	{"heap used=6000 free=2192", "heap free=2192 used=6000", 19},
	{"heap used=6000 free=2192", "heap used=6000", 19},
	{"trimmable=0", "trimmable=0 partially", 19},
	{"heap partial", "heap", 26},
	{"counters\nheap", "heap", 25},
	{"group=0 device", "device", 27},
	{"group=0 device", "group=2 device", 27},
	{"group=0 device", "group=1 group=0 device", 27},
	{"device=0:1", "device=0", 27},
	{"device=0:1", "device=0:4294967296", 27},
	{"inode=77", "inode=-", 27},
	{"inode=77", "inode=77 ipc=0", 27},
	{"7f00-9f00", "7f00", 27},
	{"7f00-9f00", "7f00-9F00", 27},
	{"offset=0 bytes=4096", "bytes=4096 offset=0", 27},
	{"offset=0 bytes=4096", "offset=0", 27},
	{"group=-", "group=", 28},
	{"group=-", "group=1\nswapped group=0", 28},
	{"bytes=1\nend", "bytes=1\nfin", 30},
	{"bytes=1\nend", "bytes=1\nend of it", 30},
};

static void check_mistake(const char *part, const char *instead, unsigned line)
{
	const char *at = strstr(some_text, part);
	char *changed, *beginning;

	assert_non_null(at);
	assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - some_text), some_text, instead,
			     at + strlen(part)) > 0);
	assert_true(asprintf(&beginning, "line %u: ", line) > 0);
	check_malformed(slice_of(changed), &some_keys, beginning);
	free(beginning);
	free(changed);
}

TEST(mistakes_and_their_lines)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++)
		check_mistake(mistakes[i].part, mistakes[i].instead, mistakes[i].line);
}

TEST(what_is_wrong)
{
	check_malformed(SLICE(""), &by_label, "line 1: not a record that this version reads");
	check_malformed(SLICE("anonmem-record 1\nby"), &by_label,
			"line 3: the record does not end");
	check_malformed(slice_of(some_text), &by_label, "line 2: grouped by other keys");
	check_malformed(slice_of(some_text), &all_keys, "line 2: grouped by other keys");
}

TEST(the_same_group_twice)
{
	char *text;

	add_label(ORIGIN_KERNEL, SLICE("[heap]"));
	add_label(ORIGIN_INFERRED, SLICE("[heap]"));
	check_round_trip(&by_label);
	keys[1] = keys[0];
	text = write_text(&record, &by_label, &symbols);
	check_malformed(slice_of(text), &by_label, "line 19: ");
	free(text);
}

/* The text with the line at `at` repeated `times` times; returns the next line, or NULL. */
static const char *repeat_line(const char *at, int times, char **changed)
{
	const char *next = strchr(at, '\n') + 1;
	size_t size;
	FILE *out = open_memstream(changed, &size);

	assert_non_null(out);
	fwrite(some_text, 1, (size_t)(at - some_text), out);
	for (int i = 0; i < times; i++)
		fwrite(at, 1, (size_t)(next - at), out);
	fputs(next, out);
	assert_int_equal(fclose(out), 0);
	return *next ? next : NULL;
}

/* There may be any number of lines about swapped memory. */
TEST(a_line_missing_or_twice)
{
	static const char last[] = "end\n", any[] = "swapped ", optional[] = "heap ";

	for (int times = 0; times <= 2; times += 2) {
		for (const char *next, *at = some_text; at; at = next) {
			char *changed;

			next = repeat_line(at, times, &changed);
			if (strncmp(at, any, strlen(any)) != 0 &&
			    (times == 0 ? strncmp(at, optional, strlen(optional)) != 0
					: strcmp(at, last) != 0))
				check_malformed(slice_of(changed), &some_keys, "line ");
			free(changed);
		}
	}
}

TEST(every_prefix_is_an_error)
{
	for (size_t len = 0; len < sizeof(some_text) - 1; len++)
		check_malformed((struct slice){some_text, len}, &some_keys, "line ");
}

/* It must be an error, or the text of another record. */
static void check_changed(struct slice changed)
{
	struct error e = {.code = ERROR_NONE};
	struct record *r = read_bytes(changed, &some_keys, &e);

	if (r) {
		char *again = write_text(r, &some_keys, &others);

		assert_true(slice_equals(slice_of(again), changed));
		free(again);
		free(r);
	} else {
		assert_int_equal(e.code, ERROR_MALFORMED);
		assert_int_equal(strncmp(e.text, "line ", 5), 0);
	}
}

TEST(every_byte_changed)
{
	char text[sizeof(some_text)];
	struct slice changed = {text, sizeof(text) - 1};

	memcpy(text, some_text, sizeof(text));
	for (size_t i = 0; i < changed.len; i++) {
		for (int byte = 0; byte < 256; byte++) {
			text[i] = (char)byte;
			check_changed(changed);
		}
		text[i] = some_text[i];
		intern_reset(&others);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_form, set_up, tear_down),
		cmocka_unit_test_setup_teardown(labels_of_every_kind, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_byte_in_every_string, set_up, tear_down),
		cmocka_unit_test_setup_teardown(long_strings, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_value_for_a_key, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_grouping, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unknown_fields_of_a_process, set_up, tear_down),
		cmocka_unit_test_setup_teardown(counters_known_and_unknown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(how_it_was_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_comparison_is_left_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_greatest_numbers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_after_the_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(mistakes_and_their_lines, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_wrong, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_same_group_twice, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_line_missing_or_twice, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_prefix_is_an_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_byte_changed, set_up, tear_down),
	};

	return RUN(tests);
}
