/* smaps: the streaming parser, whose result must not depend on how reads split the input. */
#include "support.h"

#include "parse/smaps.h"

static const char capture[] =
	SMAPS_ENTRY("00400000-00421000 r-xp 00001000 fd:01 1234                       /usr/bin/x y")
		SMAPS_ENTRY("7f0000000000-7f0000021000 rw-p 00000000 00:00 0 ")
			SMAPS_ENTRY("7f0000100000-7f0000121000 rw-s 00000000 00:05 7 [anon:a: b]");

#define ALL_FIELDS                                                                                 \
	" 0=135168 1=122880 2=112640 3=111616 4=8192 5=12288 6=4096 7=98304 8=118784 9=110592"     \
	" 10=1024 11=2048 12=3072 13=5120 14=6144 15=7168 16=9216 17=20480 18=10240 19=11264"      \
	" 20=102400\n"

/* Parses in one piece, byte by byte and in random pieces, line by line and with templates; all
 * results must be the same. */
static char *parse_kind(struct slice text, enum smaps_kind kind)
{
	static const int pieces[] = {PIECE_ALL, 1, 3, PIECE_RANDOM, 4096};
	char *whole = parse_dump(text, kind, PIECE_ALL, false);

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		for (int learn = 0; learn <= 1; learn++) {
			char *cut = parse_dump(text, kind, pieces[i], learn);

			assert_string_equal(cut, whole);
			free(cut);
		}
	}
	return whole;
}

static char *parse(struct slice text)
{
	return parse_kind(text, SMAPS_MAPPINGS);
}

#define assert_parsed(literal, wanted) check_parsed(SLICE(literal), (wanted), __LINE__)

static void check_parsed(struct slice text, const char *wanted, int line)
{
	char *got = parse(text);

	if (strcmp(got, wanted) != 0) {
		print_error("got:\n%swanted:\n%s", got, wanted);
		_fail(__FILE__, line);
	}
	free(got);
}

TEST(three_mappings)
{
	assert_parsed(SMAPS_ENTRY("00400000-00421000 r-xp 00001000 fd:01 1234   /usr/bin/x y")
			      SMAPS_ENTRY("7f0000000000-7f0000021000 rw-p 00000000 00:00 0 ")
				      SMAPS_ENTRY("7f0000100000-7f0000121000 ---s 0 00:05 7 [z]"),
		      "400000-421000 r-xp 1000 fd:1 1234 </usr/bin/x y>" ALL_FIELDS
		      "7f0000000000-7f0000021000 rw-p 0 0:0 0 <>" ALL_FIELDS
		      "7f0000100000-7f0000121000 ---s 0 0:5 7 <[z]>" ALL_FIELDS "OK 3\n");
}

TEST(nothing_at_all)
{
	assert_parsed("", "OK 0\n");
}

/* "start-end perms offset dev inode" and what follows. */
#define ONE(behind)  "1000-2000 rw-p 00000000 00:00 0" behind "\nRss: 4 kB\n"
#define ONE_IS(name) "1000-2000 rw-p 0 0:0 0 <" name "> 1=4096\nOK 1\n"

TEST(names)
{
	assert_parsed(ONE(""), ONE_IS(""));
	assert_parsed(ONE(" "), ONE_IS(""));
	assert_parsed(ONE("          "), ONE_IS(""));
	assert_parsed(ONE(" [anon:]"), ONE_IS("[anon:]"));
	assert_parsed(ONE("    [anon: glibc: malloc]"), ONE_IS("[anon: glibc: malloc]"));
	assert_parsed(ONE(" [anon:a b  c]"), ONE_IS("[anon:a b  c]"));
	assert_parsed(ONE(" [anon:tail ]"), ONE_IS("[anon:tail ]"));
	assert_parsed(ONE(" /x y  "), ONE_IS("/x y  "));
	assert_parsed(ONE(" /a (deleted)"), ONE_IS("/a (deleted)"));
	assert_parsed(ONE(" [anon:a/b]"), ONE_IS("[anon:a/b]"));
	assert_parsed(ONE(" [anon:Rss: 5 kB]"), ONE_IS("[anon:Rss: 5 kB]"));
	assert_parsed(ONE(" /x\\012y"), ONE_IS("/x\\\\012y"));
	assert_parsed(ONE(" /t\tab\r\x1b\xff"), ONE_IS("/t\\tab\\r\\033\\377"));
	assert_parsed(ONE(" /nul\0byte"), ONE_IS("/nul\\0byte"));
}

TEST(headers_of_any_width)
{
	assert_parsed("08048000-08056000 r-xp 00000000 03:0c 64593      /usr/sbin/gpm\nRss: 4 kB\n",
		      "8048000-8056000 r-xp 0 3:c 64593 </usr/sbin/gpm> 1=4096\nOK 1\n");
	assert_parsed("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\nRss: 0 "
		      "kB\n",
		      "ffffffffff600000-ffffffffff601000 --xp 0 0:0 0 <[vsyscall]> 1=0\nOK 1\n");
	assert_parsed("0-ffffffffffffffff rwxs ffffffffffffffff ffffffff:ffffffff "
		      "18446744073709551615 x\nRss: 0 kB\n",
		      "0-ffffffffffffffff rwxs ffffffffffffffff ffffffff:ffffffff "
		      "18446744073709551615 <x> 1=0\nOK 1\n");
	assert_parsed(
		"00000000000000001000-00000000000000002000 rw-p 000000000000000000 000:0000 00 "
		"x\nRss: 0 kB\n",
		"1000-2000 rw-p 0 0:0 0 <x> 1=0\nOK 1\n");
}

/* Neighbours share most digits, but need not. */
TEST(addresses_of_neighbours)
{
	static const char *const addresses[] = {
		"7f0000001000", "7f0000002000",	    "7f00000ff000",
		"7f0000100000", "7f0000100000",	    "7f00001000000",
		"7f0000100",	"7f00001",	    "00007f0000101000",
		"7f0000101001", "ffffffffff600000", "ffffffffff601000",
		"7f0000102000", "007f00001020",	    "0"};
	enum { COUNT = sizeof(addresses) / sizeof(*addresses) };

	for (size_t i = 0; i < COUNT; i++) {
		for (size_t j = 0; j < COUNT; j++) {
			uint64_t a = strtoull(addresses[i], NULL, 16);
			uint64_t b = strtoull(addresses[j], NULL, 16);
			char *text, *wanted, *got;

			if (a > b)
				continue;
			assert_true(asprintf(&text,
					     "%s-%s rw-p 00000000 00:00 0 \nRss: 1 kB\n"
					     "%s-%s rw-p 00000000 00:00 0 \nRss: 1 kB\n",
					     addresses[i], addresses[j], addresses[i],
					     addresses[j]) > 0);
			assert_true(asprintf(&wanted,
					     "%jx-%jx rw-p 0 0:0 0 <> 1=1024\n"
					     "%jx-%jx rw-p 0 0:0 0 <> 1=1024\nOK 2\n",
					     (uintmax_t)a, (uintmax_t)b, (uintmax_t)a,
					     (uintmax_t)b) > 0);
			got = parse(slice_of(text));
			assert_string_equal(got, wanted);
			free(got);
			free(wanted);
			free(text);
		}
	}
}

TEST(headers_that_are_none)
{
	static const char *const headers[] = {
		"1000-2000 rw-p 00000000 00:00",
		"1000-2000 rw-p 00000000 00:00 ",
		"1000-2000 rw-p 00000000 0000 0",
		"1000-2000 rw-p  00000000 00:00 0",
		"1000-2000 rwp 00000000 00:00 0",
		"1000-2000 rw-x 00000000 00:00 0",
		"1000-2000 wr-p 00000000 00:00 0",
		"1000-2000 rw-pp 00000000 00:00 0",
		"1000- rw-p 00000000 00:00 0",
		"1000-2000",
		"1000-2000-3000 rw-p 00000000 00:00 0",
		"2000-1000 rw-p 00000000 00:00 0",
		"ABCD-ABCF rw-p 00000000 00:00 0",
		"10000000000000000-20000000000000000 rw-p 00000000 00:00 0",
		"1000-2000 rw-p 00000000 100000000:00 0",
		"1000-2000 rw-p 00000000 00:100000000 0",
		"1000-2000 rw-p 00000000 00:00 18446744073709551616",
		"1000-2000 rw-p 00000000 00:00 0x",
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		char *text, *got;

		assert_true(asprintf(&text, "%s\nRss: 4 kB\n", headers[i]) > 0);
		got = parse(slice_of(text));
		assert_contains(got, "MALFORMED: line 1, byte 0: not ");
		free(got);
		free(text);
	}
}

TEST(a_path_of_1_mb)
{
	enum { LENGTH = 1024 * 1024 };
	char *text = malloc(LENGTH + 100), *got;
	size_t head = (size_t)sprintf(text, "1000-2000 rw-p 00000000 00:00 0 /");

	memset(text + head, 'x', LENGTH);
	strcpy(text + head + LENGTH, "\nRss: 4 kB\n");
	got = parse(slice_of(text));
	assert_int_equal(strlen(got), strlen("1000-2000 rw-p 0 0:0 0 </> 1=4096\nOK 1\n") + LENGTH);
	free(got);
	free(text);
}

TEST(a_line_that_never_ends)
{
	enum { LENGTH = 17 * 1024 * 1024 };
	char *text = malloc(LENGTH), *got;

	assert_non_null(text);
	memset(text, 'x', LENGTH);
	got = parse_dump((struct slice){text, LENGTH}, SMAPS_MAPPINGS, PIECE_ALL, true);
	assert_string_equal(got,
			    "MALFORMED: line 1, byte 0: not smaps: a line of more than 16 MiB\n");
	free(got);
	free(text);
}

#define HEADER "1000-2000 rw-p 00000000 00:00 0 \n"
#define IS     "1000-2000 rw-p 0 0:0 0 <>"

TEST(fields_in_any_order)
{
	assert_parsed(HEADER "SwapPss: 2 kB\nPss: 3 kB\nRss: 4 kB\nSize: 8 kB\n",
		      IS " 0=8192 1=4096 2=3072 18=2048\nOK 1\n");
	/* The next entry has another order. */
	assert_parsed(HEADER "Pss: 3 kB\nRss: 4 kB\n2000-3000 rw-p 00000000 00:00 0 \n"
			     "Rss: 5 kB\nPss: 6 kB\n",
		      IS " 1=4096 2=3072\n2000-3000 rw-p 0 0:0 0 <> 1=5120 2=6144\nOK 2\n");
}

TEST(swap_is_not_swap_pss)
{
	assert_parsed(HEADER "Swap: 7 kB\n", IS " 17=7168\nOK 1\n");
	assert_parsed(HEADER "SwapPss: 7 kB\n", IS " 18=7168\nOK 1\n");
	assert_parsed(HEADER "Pss_Dirty: 7 kB\n", IS " 3=7168\nOK 1\n");
	assert_parsed(HEADER "pss: 7 kB\nPSS: 7 kB\nPs: 7 kB\nPsss: 7 kB\n", IS "\nOK 1\n");
}

/* A missing field is unknown, not zero, and does not get the next entry's value. */
TEST(a_missing_field_is_unknown)
{
	assert_parsed(HEADER "Rss: 4 kB\nPss: 0 kB\n2000-3000 rw-p 00000000 00:00 0 \n"
			     "Rss: 5 kB\nSwap: 1 kB\n3000-4000 rw-p 00000000 00:00 0 \n"
			     "Pss: 6 kB\nRss: 1 kB\n",
		      IS " 1=4096 2=0\n2000-3000 rw-p 0 0:0 0 <> 1=5120 17=1024\n"
			 "3000-4000 rw-p 0 0:0 0 <> 1=1024 2=6144\nOK 3\n");
}

TEST(every_field_alone)
{
	static const char *const keys[] = {
#define KEY(id, key, name, header, help) "" key,
		ALL_COUNTERS(KEY)
#undef KEY
	};

	for (int i = 0; i < COUNTER_COUNT; i++) {
		char *text, *wanted, *got;

		if (i == COUNTER_USS) /* not in any text */
			continue;
		assert_true(asprintf(&text, HEADER "%s:   3 kB\n", keys[i]) > 0);
		assert_true(asprintf(&wanted, IS " %d=3072\nOK 1\n", i) > 0);
		got = parse(slice_of(text));
		assert_string_equal(got, wanted);
		free(got);
		free(wanted);
		free(text);
	}
}

TEST(unknown_fields_are_skipped)
{
	assert_parsed(HEADER "Rss: 4 kB\nTHPeligible:           1\nProtectionKey:         0\n"
			     "VmFlags: rd wr mr mw me ac sd \nFrom_2040: \xff{1,2} none\nEmpty:\n"
			     "KernelPageSize: huge\n",
		      IS " 1=4096\nOK 1\n");
}

TEST(a_field_twice)
{
	assert_parsed(HEADER "Rss: 4 kB\nRss: 4 kB\n",
		      "MALFORMED: line 3, byte 43: a field that this mapping already had\n");
	/* Zero is known too. */
	assert_parsed(HEADER "Rss: 0 kB\nRss: 4 kB\n",
		      "MALFORMED: line 3, byte 43: a field that this mapping already had\n");
	/* Fields that are not read may be repeated. */
	assert_parsed(HEADER "Rss: 4 kB\nX: 1\nX: 2\n", IS " 1=4096\nOK 1\n");
}

TEST(name_lines_of_android)
{
	assert_parsed("1000-2000 rw-p 00000000 00:00 0 [anon:a b]\n"
		      "Name:           [anon:a b]\nRss: 4 kB\n"
		      "2000-3000 rw-p 00000000 00:00 0 [anon:c]\n"
		      "Rss: 4 kB\nName:           [anon:c]\n",
		      "1000-2000 rw-p 0 0:0 0 <[anon:a b]> 1=4096\n"
		      "2000-3000 rw-p 0 0:0 0 <[anon:c]> 1=4096\nOK 2\n");
}

/* Only named memory has that line: an entry without it is not cut. */
TEST(the_last_entry_has_no_name_line)
{
	assert_parsed("1000-2000 rw-p 00000000 00:00 0 [anon:a]\n"
		      "Name:           [anon:a]\nRss: 4 kB\nPss: 4 kB\n"
		      "2000-3000 rw-p 00000000 00:00 0 [vectors]\nRss: 4 kB\nPss: 4 kB\n",
		      "1000-2000 rw-p 0 0:0 0 <[anon:a]> 1=4096 2=4096\n"
		      "2000-3000 rw-p 0 0:0 0 <[vectors]> 1=4096 2=4096\nOK 2\n");
}

TEST(no_newline_at_the_end)
{
	assert_parsed(HEADER "Rss: 4 kB", IS " 1=4096\nOK 1\n");
	assert_parsed(HEADER "Rss: 4 kB\nVmFlags: rd", IS " 1=4096\nOK 1\n");
}

TEST(numbers_past_64_bits)
{
	assert_parsed(HEADER "Rss: 18014398509481983 kB\n", IS " 1=18446744073709550592\nOK 1\n");
	assert_parsed(HEADER "Rss: 18014398509481984 kB\n",
		      "MALFORMED: line 2, byte 33: a size past 64 bits\n");
	assert_parsed(HEADER "Rss: 18446744073709551616 kB\n",
		      "MALFORMED: line 2, byte 33: not a number, or one past 64 bits\n");
	assert_parsed(HEADER "Rss: 99999999999999999999999999 kB\n",
		      "MALFORMED: line 2, byte 33: not a number, or one past 64 bits\n");
}

TEST(no_number)
{
	assert_parsed(HEADER "Rss: x kB\n",
		      "MALFORMED: line 2, byte 33: not a number, or one past 64 bits\n");
	assert_parsed(HEADER "Rss: -4 kB\n",
		      "MALFORMED: line 2, byte 33: not a number, or one past 64 bits\n");
	assert_parsed(HEADER "Rss:\n",
		      "MALFORMED: line 2, byte 33: not a number, or one past 64 bits\n");
}

TEST(kb_must_follow)
{
	static const char *const ends[] = {"",	 " ",	 " k",	  " KB", " MB",
					   "kB", " kB ", " kB\r", "  kB"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		char *text, *got;

		assert_true(asprintf(&text, HEADER "Rss: 4%s\n", ends[i]) > 0);
		got = parse(slice_of(text));
		assert_string_equal(
			got, "MALFORMED: line 2, byte 33: the number is not followed by kB\n");
		free(got);
		free(text);
	}
}

TEST(maps_is_not_smaps)
{
	assert_parsed(HEADER "2000-3000 rw-p 00000000 00:00 0 \n",
		      "MALFORMED: line 2, byte 33: the mapping above has no counters; is this "
		      "maps, not smaps?\n");
	/* The same later on. */
	assert_parsed(HEADER "Rss: 4 kB\n" HEADER HEADER,
		      IS " 1=4096\nMALFORMED: line 4, byte 76: the mapping above has no counters; "
			 "is this maps, not smaps?\n");
}

TEST(rollup_is_not_smaps)
{
	static const char rollup[] = "1000-7fff0000 ---p 00000000 00:00 0    [rollup]\nRss: 4 kB\n"
				     "Pss: 3 kB\nPss_Anon: 2 kB\nPss_File: 1 kB\nPss_Shmem: 0 kB\n";
	char *got = parse_kind(SLICE(""), SMAPS_ROLLUP);

	assert_string_equal(got, "OK 0\n");
	free(got);
	got = parse(slice_of(rollup));
	assert_string_equal(got, "MALFORMED: line 1, byte 0: this is smaps_rollup, which has no "
				 "mappings; give smaps\n");
	free(got);
	got = parse_kind(slice_of(rollup), SMAPS_ROLLUP);
	assert_string_equal(got, "1000-7fff0000 ---p 0 0:0 0 <[rollup]> 1=4096 2=3072 21=2048 "
				 "22=1024 23=0\nOK 1\n");
	free(got);
	got = parse_kind(SLICE(ONE(" [heap]")), SMAPS_ROLLUP);
	assert_string_equal(got, "MALFORMED: line 1, byte 0: this is not smaps_rollup\n");
	free(got);
}

/* maps is smaps without fields. */
TEST(headers_alone)
{
	char *got =
		parse_kind(SLICE(HEADER "2000-3000 r--p 00001000 fd:01 9   /x y\n"), SMAPS_HEADERS);

	assert_string_equal(got, IS "\n2000-3000 r--p 1000 fd:1 9 </x y>\nOK 2\n");
	free(got);
	got = parse_kind(SLICE(""), SMAPS_HEADERS);
	assert_string_equal(got, "OK 0\n");
	free(got);
	got = parse_kind(SLICE(HEADER "2000-3000 r--p 000"), SMAPS_HEADERS);
	assert_contains(got, "TRUNCATED: line 2, byte 33: ");
	free(got);
}

/* A path cannot be the rollup's name, and neither can a label. */
TEST(rollup_in_other_names)
{
	assert_parsed(ONE(" /x/[rollup]"), ONE_IS("/x/[rollup]"));
	assert_parsed(ONE(" [anon:rollup]"), ONE_IS("[anon:rollup]"));
	assert_parsed(ONE(" [rollup] "), ONE_IS("[rollup] "));
}

TEST(what_is_no_smaps)
{
	assert_parsed("Hello, world\n", "MALFORMED: line 1, byte 0: not smaps\n");
	assert_parsed("\n", "MALFORMED: line 1, byte 0: not smaps\n");
	assert_parsed(" " HEADER, "MALFORMED: line 1, byte 0: not smaps\n");
	assert_parsed("\x7f"
		      "ELF\2\1\1\0\0\0\n\0\0",
		      "MALFORMED: line 1, byte 0: not smaps\n");
	assert_parsed("\0\0\0\0", "MALFORMED: line 1, byte 0: not smaps\n");
	assert_parsed("\0\0\0\0\0\0\0\0" HEADER, "MALFORMED: line 1, byte 0: not smaps\n");
	assert_parsed(
		"Name:\tbash\nUmask:\t0022\n",
		"MALFORMED: line 1, byte 0: not smaps: a field without a mapping before it\n");
	assert_parsed(HEADER "Rss: 4 kB\n\nPss: 3 kB\n",
		      "MALFORMED: line 3, byte 43: neither a mapping nor a field\n");
	assert_parsed(HEADER "Rss: 4 kB\n Pss: 3 kB\n",
		      "MALFORMED: line 3, byte 43: other text stands before smaps, such as a time "
		      "stamp; remove it from each line\n");
}

TEST(line_and_byte_of_an_error)
{
	/* Names with NUL or invalid UTF-8 count by bytes. */
	assert_parsed(ONE(" /\0\xff") "2000-3000 rw-p 00000000 00:00 0 \nRss: 4\n",
		      "1000-2000 rw-p 0 0:0 0 </\\0\\377> 1=4096\n"
		      "MALFORMED: line 4, byte 79: the number is not followed by kB\n");
}

/* A capture cut anywhere gives an error, or whole mappings, never half of one. */
TEST(cut_anywhere)
{
	char *whole = parse(slice_of(capture));
	size_t first_end = (size_t)(strstr(capture, "7f0000000000") - capture);

	for (size_t cut = 0; cut < sizeof(capture); cut++) {
		char *got = parse((struct slice){capture, cut});
		char *last = strrchr(got, '\n');

		*last = '\0';
		last = strrchr(got, '\n');
		last = last ? last + 1 : got;
		/* For the first entry, the number of fields is not known yet. */
		if (cut > first_end || strncmp(last, "OK", 2) != 0)
			assert_memory_equal(got, whole, (size_t)(last - got));
		free(got);
	}
	free(whole);
}

/* All whole mappings are delivered, and the cut is reported. */
TEST(lost_fields_are_truncated)
{
	const char *second = strstr(capture, "7f0000000000");
	const char *third = strstr(capture, "7f0000100000");
	size_t ends[] = {(size_t)(second - capture), (size_t)(third - capture)};

	for (size_t i = 0; i < 2; i++) {
		const char *flags = strstr(capture + ends[i], "VmFlags:");
		size_t header = strcspn(capture + ends[i], "\n");

		for (size_t cut = ends[i] + header; cut < (size_t)(flags - capture); cut++) {
			char *got = parse((struct slice){capture, cut});

			assert_contains(got, "TRUNCATED: line ");
			assert_contains(got, "the input ends inside a mapping\n");
			free(got);
		}
	}
}

TEST(cut_in_a_header_is_truncated)
{
	const char *second = strstr(capture, "7f0000000000");
	const char *third = strstr(capture, "7f0000100000");

	for (const char *from = second; from; from = from == second ? third : NULL) {
		size_t start = (size_t)(from - capture), header = strcspn(from, "\n");

		for (size_t n = 1; n <= header; n++) {
			char *got = parse((struct slice){capture, start + n});

			assert_contains(got, "TRUNCATED: line ");
			free(got);
		}
	}
}

/* The place of a cut is the line that is incomplete, or the end. */
TEST(place_of_a_cut)
{
	assert_parsed(HEADER, "TRUNCATED: line 2, byte 33: the input ends inside a mapping\n");
	assert_parsed(HEADER "Rss: 4",
		      "TRUNCATED: line 2, byte 33: the input ends inside a mapping\n");
	assert_parsed(HEADER "Rss: 4 kB\nPss: 3 kB\n2000-3000 rw-p 00000000 00:00 0 \nRss: 4 kB\n",
		      IS " 1=4096 2=3072\n"
			 "TRUNCATED: line 6, byte 96: the input ends inside a mapping\n");
}

struct stopper {
	unsigned seen, stop_at;
};

static int stop(void *ctx, const struct mapping *m, struct error *e)
{
	struct stopper *s = ctx;

	(void)m;
	return ++s->seen == s->stop_at ? error_set(e, ERROR_USAGE, "enough") : 0;
}

TEST(the_receiver_may_stop)
{
	for (unsigned at = 1; at <= 3; at++) {
		struct stopper s = {.stop_at = at};
		struct smaps_parser *p = smaps_new();
		struct error e = {.code = ERROR_NONE};

		smaps_begin(p, SMAPS_MAPPINGS, (struct stage){stop, &s});
		assert_int_equal(feed_all(p, slice_of(capture), 7, &e), -1);
		assert_int_equal(s.seen, at);
		assert_int_equal(e.code, ERROR_USAGE);
		assert_string_equal(e.text, "enough");
		smaps_free(p);
	}
}

TEST(a_parser_is_used_again)
{
	static const char broken[] = "1000-2000 rw-p 00000000 00:00 0 [anon:long long name]\n"
				     "A: \nB: \nC: \nRss: 1 kB\n1";
	static const char *const wrong[] = {"Hello\n", HEADER "Rss: 4",
					    HEADER "Rss: 4 kB\nRss: 4 kB\n", broken};
	struct smaps_parser *p;
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	p = smaps_new();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct error e = {.code = ERROR_NONE};

		smaps_begin(p, SMAPS_MAPPINGS, (struct stage){dump_mapping, out});
		assert_int_equal(feed_all(p, slice_of(wrong[i]), PIECE_ALL, &e), -1);
		rewind(out);
		smaps_begin(p, SMAPS_MAPPINGS, (struct stage){dump_mapping, out});
		assert_int_equal(smaps_mappings(p), 0);
		assert_int_equal(feed_all(p, SLICE(ONE("")), PIECE_ALL, &e), 0);
		assert_int_equal(smaps_mappings(p), 1);
		fputc('\0', out);
		fflush(out);
		assert_string_equal(got, IS " 1=4096\n");
		/* Errors give the position in the new input. */
		smaps_begin(p, SMAPS_MAPPINGS, (struct stage){dump_mapping, out});
		assert_int_equal(feed_all(p, SLICE("?"), PIECE_ALL, &e), -1);
		assert_string_equal(e.text, "line 1, byte 0: not smaps");
	}
	smaps_free(p);
	smaps_free(NULL);
	fclose(out);
	free(got);
}

/* USS is computed if both parts are known; the kernel does not print it. */
TEST(uss_is_derived)
{
	assert_parsed(HEADER "Private_Clean: 3 kB\nPrivate_Dirty: 4 kB\n",
		      IS " 6=3072 7=4096 20=7168\nOK 1\n");
	assert_parsed(HEADER "Private_Clean: 3 kB\n", IS " 6=3072\nOK 1\n");
	assert_parsed(HEADER "Private_Dirty: 3 kB\n", IS " 7=3072\nOK 1\n");
	/* The next entry does not inherit it. */
	assert_parsed(HEADER "Private_Clean: 3 kB\nPrivate_Dirty: 4 kB\n" HEADER "Rss: 1 kB\nA:\n",
		      IS " 6=3072 7=4096 20=7168\n" IS " 1=1024\nOK 2\n");
}

/* Entries of one shape are parsed at once; entries of nearly that shape must not slip through. */

#define PADDED(size, rss, rest)                                                                    \
	"Size:           " size " kB\nKernelPageSize:        4 kB\nMMUPageSize:           4 kB\n"  \
	"Rss:            " rss " kB\nPss:                   1 kB\n" rest
#define FLAGS "THPeligible:           0\nVmFlags: rd wr \n"

TEST(shape_with_other_numbers)
{
	assert_parsed(HEADER PADDED("       8", "       4", FLAGS)
			      HEADER PADDED("99999999", "       0", FLAGS)
				      HEADER PADDED("      12", "00000007", FLAGS),
		      IS " 0=8192 1=4096 2=1024\n" IS " 0=102399998976 1=0 2=1024\n" IS
			 " 0=12288 1=7168 2=1024\nOK 3\n");
}

TEST(shape_learned_from_wide_numbers)
{
	assert_parsed(HEADER PADDED("123456789", "       4", FLAGS)
			      HEADER PADDED("123456780", "       5", FLAGS)
				      HEADER PADDED("       8", "       4", FLAGS),
		      IS " 0=126419751936 1=4096 2=1024\n" IS " 0=126419742720 1=5120 2=1024\n" IS
			 " 0=8192 1=4096 2=1024\nOK 3\n");
	assert_parsed(HEADER PADDED("18014398509481983", "       4", FLAGS),
		      IS " 0=18446744073709550592 1=4096 2=1024\nOK 1\n");
}

TEST(shape_met_by_wide_numbers)
{
	assert_parsed(HEADER PADDED("       8", "       4", FLAGS)
			      HEADER PADDED("123456789", "       4", FLAGS),
		      IS " 0=8192 1=4096 2=1024\n" IS " 0=126419751936 1=4096 2=1024\nOK 2\n");
	/* Digits in place of the blanks. */
	assert_parsed(HEADER "Size:           " PADDED("       8", "       4", FLAGS),
		      "MALFORMED: line 2, byte 33: not a number, or one past 64 bits\n");
}

TEST(shape_met_by_what_is_no_number)
{
	static const char *const numbers[] = {"       x",    "      -4", "    4  4",
					      "        ",    "     4 k", "      :4",
					      "      /4",    "      4:", "    \xb0\xb1\xb2\xb3",
					      "1234567\x3a", "      +4", "    0x10",
					      "      4."};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		char *text, *got;

		assert_true(asprintf(&text,
				     HEADER PADDED("       8", "       4", FLAGS)
					     HEADER PADDED("       8", "%s", FLAGS),
				     numbers[i]) > 0);
		got = parse(slice_of(text));
		assert_contains(got, "\nMALFORMED: line 13, ");
		free(got);
		free(text);
	}
}

/* The line after the numbers is skipped only if it is not wanted. */
TEST(shape_that_ends_in_a_counter)
{
	assert_parsed(HEADER PADDED("       8", "       4", "Swap: 7 kB\n" FLAGS)
			      HEADER PADDED("       8", "       4", "Swap: 9 kB\n" FLAGS),
		      IS " 0=8192 1=4096 2=1024 17=7168\n" IS
			 " 0=8192 1=4096 2=1024 17=9216\nOK 2\n");
}

TEST(shape_that_ends_in_an_error)
{
	assert_parsed(HEADER PADDED("       8", "       4", "Swap:       7\n" FLAGS),
		      "MALFORMED: line 7, byte 173: the number is not followed by kB\n");
	assert_parsed(HEADER PADDED("       8", "       4", "Rss:                   4 kB\n" FLAGS),
		      "MALFORMED: line 7, byte 173: a field that this mapping already had\n");
	assert_parsed(HEADER PADDED("       8", "       4", "not a: key\n" FLAGS),
		      "MALFORMED: line 7, byte 173: neither a mapping nor a field\n");
	assert_parsed(HEADER PADDED("       8", "       4", ": no key\n" FLAGS),
		      "MALFORMED: line 7, byte 173: neither a mapping nor a field\n");
}

TEST(shape_that_ends_in_a_header)
{
	assert_parsed("1-2 rw-p 0 00:00 0 \n" PADDED(
			      "       8", "       4",
			      "") "3-4 rw-p 0 00:00 0 \n" PADDED("       8", "       5",
								 "") "5-6 rw-p 0 00:00 0 "
								     "\n" PADDED("       8",
										 "       6", ""),
		      "1-2 rw-p 0 0:0 0 <> 0=8192 1=4096 2=1024\n"
		      "3-4 rw-p 0 0:0 0 <> 0=8192 1=5120 2=1024\n"
		      "5-6 rw-p 0 0:0 0 <> 0=8192 1=6144 2=1024\nOK 3\n");
}

TEST(shape_followed_by_more_fields)
{
	assert_parsed(
		HEADER PADDED("       8", "       4", FLAGS "Name: x\nSwap: 7 kB\n")
			HEADER PADDED("       8", "       4", FLAGS "Name: y\nSwap: 9 kB\n")
				HEADER PADDED("       8", "       4", FLAGS "Name: z\nRss: 9 kB\n"),
		IS " 0=8192 1=4096 2=1024 17=7168\n" IS " 0=8192 1=4096 2=1024 17=9216\n"
		   "MALFORMED: line 30, byte 688: a field that this mapping already had\n");
}

/* Many entries, with every byte changed in turn: both ways of parsing must agree. */
TEST(shape_with_any_byte_changed)
{
	static const char bytes[] = " 0:9ak-\n\xff";
	static const char text[] = HEADER PADDED("       8", "       4", FLAGS)
		HEADER PADDED("      16", "    1234", FLAGS)
			HEADER PADDED("       8", "       4", FLAGS);
	char copy[sizeof(text)];

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		for (size_t b = 0; b < sizeof(bytes) - 1; b++) {
			struct slice s = {copy, sizeof(text) - 1};
			char *slow, *fast;

			memcpy(copy, text, sizeof(text));
			copy[i] = bytes[b];
			slow = parse_dump(s, SMAPS_MAPPINGS, PIECE_ALL, false);
			fast = parse_dump(s, SMAPS_MAPPINGS, PIECE_ALL, true);
			assert_string_equal(fast, slow);
			free(slow);
			free(fast);
		}
	}
}

/* Random entries of many shapes, so that templates are dropped and learned again. */
TEST(shapes_at_random)
{
	static const char *const keys[] = {"Size",	     "Rss",   "Pss",
					   "KernelPageSize", "Swap",  "KSM",
					   "Private_Clean",  "Odd_1", "Locked"};
	unsigned seed = 7;

	for (int round = 0; round < 300; round++) {
		char *text = NULL, *slow, *fast;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		unsigned mask = 0;

		for (unsigned i = 0; i < 40; i++) {
			if (rand_r(&seed) % 6 == 0)
				mask = (unsigned)rand_r(&seed);
			fprintf(out, "%08x-%08x rw-p 00000000 00:00 0 \n", i * 16, i * 16 + 16);
			for (unsigned k = 0; k < sizeof(keys) / sizeof(*keys); k++) {
				unsigned long n = (unsigned long)rand_r(&seed);

				if (mask >> k & 1)
					fprintf(out, "%s:%*s%8lu kB\n", keys[k],
						(int)(15 - strlen(keys[k])), "",
						n >> rand_r(&seed) % 31 << rand_r(&seed) % 8);
			}
			fputs("VmFlags: rd\n", out);
		}
		fclose(out);
		slow = parse_dump(slice_of(text), SMAPS_MAPPINGS, PIECE_ALL, false);
		fast = parse_dump(slice_of(text), SMAPS_MAPPINGS, PIECE_ALL, true);
		assert_string_equal(fast, slow);
		/* The last entry may have fewer fields; all others are right. */
		assert_null(strstr(slow, "MALFORMED"));
		assert_contains(slow, "260-270 ");
		free(slow);
		free(fast);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_mappings),
		cmocka_unit_test(nothing_at_all),
		cmocka_unit_test(names),
		cmocka_unit_test(headers_of_any_width),
		cmocka_unit_test(addresses_of_neighbours),
		cmocka_unit_test(headers_that_are_none),
		cmocka_unit_test(a_path_of_1_mb),
		cmocka_unit_test(a_line_that_never_ends),
		cmocka_unit_test(fields_in_any_order),
		cmocka_unit_test(swap_is_not_swap_pss),
		cmocka_unit_test(a_missing_field_is_unknown),
		cmocka_unit_test(every_field_alone),
		cmocka_unit_test(unknown_fields_are_skipped),
		cmocka_unit_test(a_field_twice),
		cmocka_unit_test(name_lines_of_android),
		cmocka_unit_test(the_last_entry_has_no_name_line),
		cmocka_unit_test(no_newline_at_the_end),
		cmocka_unit_test(numbers_past_64_bits),
		cmocka_unit_test(no_number),
		cmocka_unit_test(kb_must_follow),
		cmocka_unit_test(maps_is_not_smaps),
		cmocka_unit_test(rollup_is_not_smaps),
		cmocka_unit_test(headers_alone),
		cmocka_unit_test(rollup_in_other_names),
		cmocka_unit_test(what_is_no_smaps),
		cmocka_unit_test(line_and_byte_of_an_error),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(lost_fields_are_truncated),
		cmocka_unit_test(cut_in_a_header_is_truncated),
		cmocka_unit_test(place_of_a_cut),
		cmocka_unit_test(the_receiver_may_stop),
		cmocka_unit_test(a_parser_is_used_again),
		cmocka_unit_test(uss_is_derived),
		cmocka_unit_test(shape_with_other_numbers),
		cmocka_unit_test(shape_learned_from_wide_numbers),
		cmocka_unit_test(shape_met_by_wide_numbers),
		cmocka_unit_test(shape_met_by_what_is_no_number),
		cmocka_unit_test(shape_that_ends_in_a_counter),
		cmocka_unit_test(shape_that_ends_in_an_error),
		cmocka_unit_test(shape_that_ends_in_a_header),
		cmocka_unit_test(shape_followed_by_more_fields),
		cmocka_unit_test(shape_with_any_byte_changed),
		cmocka_unit_test(shapes_at_random),
	};

	return RUN(tests);
}
