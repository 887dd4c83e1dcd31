/* separator: lines of captures that the kernel did not write. */
#include "support.h"

#include "parse/separator.h"
#include "source/encoding.h"

#include <errno.h>

#define PROCESS(line, pid) check(SLICE(line), SEPARATOR_PROCESS, (pid), SELF_NO, "", 0, __LINE__)
#define FAILURE(line, pid, why)                                                                    \
	check(SLICE(line), SEPARATOR_FAILURE, (pid), SELF_NO, "", (why), __LINE__)
#define BLANK(line)		    check(SLICE(line), SEPARATOR_BLANK, 0, SELF_NO, "", 0, __LINE__)
#define REST(line, kind, pid, rest) check(SLICE(line), (kind), (pid), SELF_NO, (rest), 0, __LINE__)

static void check(struct slice line, enum separator_kind kind, int pid, enum separator_self self,
		  const char *rest, int number, int at)
{
	struct separator s;

	if (!separator_parse(line, &s) || s.kind != kind || s.pid != pid || s.self != self ||
	    !slice_equals(s.rest, slice_of(rest)) || s.number != number) {
		print_error("%.*s: kind %d, pid %d, self %d, number %d\n", (int)line.len, line.ptr,
			    (int)s.kind, s.pid, (int)s.self, s.number);
		_fail(__FILE__, at);
	}
}

TEST(headers_of_processes)
{
	PROCESS("==> /proc/12/smaps <==", 12);
	PROCESS("==> /proc/12/smaps <==\r", 12);
	PROCESS("==> /proc/12/task/13/smaps <==", 12);
	PROCESS("==> /host/proc/4194304/smaps <==", 4194304);
	PROCESS("==> 12/smaps <==", 12);
	PROCESS("==> standard input <==", 0);
	PROCESS("==> smaps-12.txt <==", 0);
	PROCESS("==> /proc/4194305/smaps <==", 0);
	PROCESS("/proc/12", 12);
	PROCESS("/proc/12/smaps", 12);
	PROCESS("--- /proc/12/smaps ---", 12);
	PROCESS("12", 12);
	PROCESS("12: bash", 12);
	PROCESS("12:", 12);
	PROCESS("=== 12 ===", 12);
	PROCESS("[12]", 12);
	PROCESS("pid 12", 12);
	PROCESS("PID: 12", 12);
	PROCESS("Process 12 (bash)", 12);
	check(SLICE("==> /proc/self/smaps <=="), SEPARATOR_PROCESS, 0, SELF_PROCESS, "", 0,
	      __LINE__);
	check(SLICE("/proc/thread-self/smaps"), SEPARATOR_PROCESS, 0, SELF_THREAD, "", 0, __LINE__);
}

TEST(details)
{
	struct separator s;

	assert_true(separator_parse(SLICE("#Name: a b \r"), &s));
	assert_int_equal(s.kind, SEPARATOR_DETAIL);
	assert_slice(s.name, "a b");
	assert_true(separator_parse(SLICE("#Pid: 12"), &s));
	assert_int_equal(s.kind, SEPARATOR_DETAIL);
	assert_int_equal(s.pid, 12);
	BLANK("#PPid: 1");
	BLANK("# captured on a Monday");
	BLANK("#");
	BLANK("#Pid: twelve");
	BLANK("#Name:");
}

TEST(messages)
{
	FAILURE("cat: /proc/12/smaps: Permission denied", 12, EACCES);
	FAILURE("cat: /proc/12/smaps: Operation not permitted", 12, EACCES);
	FAILURE("cat: /proc/12/smaps: No such process", 12, ESRCH);
	FAILURE("cat: can't open '/proc/12/smaps': No such file or directory", 12, ESRCH);
	FAILURE("tail: cannot open '/proc/12/smaps' for reading: Permission denied", 12, EACCES);
	FAILURE("tail: cannot open \xe2\x80\x98/proc/12/smaps\xe2\x80\x99 for reading: Permission "
		"denied",
		12, EACCES);
	FAILURE("cat: /proc/12/smaps: Keine Berechtigung", 12, EACCES);
	FAILURE("bash: line 3: /proc/12/smaps: Permission denied", 12, EACCES);
	FAILURE("/proc/12/smaps: Permission denied", 12, EACCES);
	FAILURE("cat: read error: Permission denied", 0, EACCES);
	BLANK("find: '/proc/12/fd': Permission denied"); /* not about a memory map */
}

TEST(what_stands_before_a_line)
{
	REST("/proc/12/smaps:Rss: 4 kB", SEPARATOR_PREFIX, 12, "Rss: 4 kB");
	REST("/proc/12/smaps:", SEPARATOR_PREFIX, 12, "");
	REST("  Rss: 4 kB", SEPARATOR_INDENT, 0, "Rss: 4 kB");
	REST("\xef\xbb\xbfRss: 4 kB", SEPARATOR_INDENT, 0, "Rss: 4 kB");
	REST("\xef\xbb\xbf\xef\xbb\xbf Rss:  ", SEPARATOR_INDENT, 0, "Rss:  ");
	BLANK("");
	BLANK(" \t\r");
	BLANK("\xef\xbb\xbf\r");
}

TEST(what_is_no_separator)
{
	static const char *const lines[] = {
		"12 kB", "12.5",  "12:00:01 x",	   "hello",	"Nov 28 09:14:03 x",
		"==>",	 "==> x", "/etc/12",	   "/proc/12x", "pid",
		"pid x", "0",	  "/home/12/file", "5000000",
	};
	struct separator s;

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (separator_parse(slice_of(lines[i]), &s)) {
			print_error("%s: kind %d\n", lines[i], (int)s.kind);
			fail();
		}
	}
}

TEST(keys_of_fields)
{
	assert_true(separator_is_field(SLICE("VmFlags")));
	assert_true(separator_is_field(SLICE("Nonlinear")));
	assert_false(separator_is_field(SLICE("cat")));
	assert_false(separator_is_field(SLICE("12")));
	assert_false(separator_is_field(SLICE("PID")));
	assert_false(separator_is_field(SLICE("Process")));
}

TEST(complaints)
{
	static const char pmap[] = "this is the output of pmap; give what is in /proc/PID/smaps";
	static const char text[] =
		"other text stands before smaps, such as a time stamp; remove it from each line";

	assert_string_equal(separator_complaint(SLICE("000055d0c5a3d000    180K r---- bash")),
			    pmap);
	assert_string_equal(separator_complaint(SLICE("Address  Kbytes  RSS  Dirty Mode  Mapping")),
			    pmap);
	assert_string_equal(separator_complaint(SLICE("09:14 55d0c5a3d000-55d0c5a3e000 r--p 0")),
			    text);
	assert_string_equal(separator_complaint(SLICE("   12\tRss:      4 kB")), text);
	assert_null(separator_complaint(SLICE("Rss:      4 kB")));
	assert_null(separator_complaint(SLICE("hello")));
	assert_null(separator_complaint(SLICE("")));
}

static void decode_to(struct slice text, const char *wanted)
{
	struct encoding d;
	char out[256];
	size_t n = 0;

	encoding_find(&d, text);
	assert_null(d.other);
	assert_true(d.is_utf16);
	/* Byte by byte, as a pipe may deliver them. */
	for (size_t i = d.mark; i < text.len; i++)
		n += encoding_decode(&d, (struct slice){text.ptr + i, 1}, out + n);
	assert_memory_equal(out, wanted, strlen(wanted));
	assert_int_equal(n, strlen(wanted));
}

TEST(utf16)
{
	decode_to(SLICE("\xff\xfe"
			"a\0\xe9\0\x2c\x6e\x3d\xd8\x18\xdc"),
		  "a\xc3\xa9\xe6\xb8\xac\xf0\x9f\x90\x98");
	decode_to(SLICE("\xfe\xff\0a\0\xe9\x6e\x2c\xd8\x3d\xdc\x18"),
		  "a\xc3\xa9\xe6\xb8\xac\xf0\x9f\x90\x98");
	decode_to(SLICE("a\0b\0"), "ab");
	decode_to(SLICE("\0a\0b"), "ab");
	/* An unpaired surrogate, high and low. */
	decode_to(SLICE("\xff\xfe\x3d\xd8"
			"a\0\x18\xdc"),
		  "\xef\xbf\xbd"
		  "a\xef\xbf\xbd");
}

TEST(other_encodings)
{
	struct encoding d;
	char tar[300] = "310/smaps";

	memcpy(tar + 257, "ustar", 5);
	encoding_find(&d, (struct slice){tar, sizeof(tar)});
	assert_contains(d.other, "tar archive");
	encoding_find(&d, SLICE("\x1f\x8b\x08"));
	assert_contains(d.other, "gzip");
	encoding_find(&d, SLICE("\xff\xfe\0\0a\0\0\0"));
	assert_contains(d.other, "UTF-32");
	encoding_find(&d, SLICE("\xef\xbb\xbf"
				"1000"));
	assert_null(d.other);
	assert_false(d.is_utf16);
	assert_int_equal(d.mark, 3);
	encoding_find(&d, SLICE(""));
	assert_null(d.other);
	assert_false(d.is_utf16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_of_processes),
		cmocka_unit_test(details),
		cmocka_unit_test(messages),
		cmocka_unit_test(what_stands_before_a_line),
		cmocka_unit_test(what_is_no_separator),
		cmocka_unit_test(keys_of_fields),
		cmocka_unit_test(complaints),
		cmocka_unit_test(utf16),
		cmocka_unit_test(other_encodings),
	};

	return RUN(tests);
}
