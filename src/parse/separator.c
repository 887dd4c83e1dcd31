#include "parse/separator.h"

#include "parse/number.h"

#include <errno.h>
#include <strings.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static bool equals_ignoring_case(struct slice s, struct slice word)
{
	return s.len == word.len && strncasecmp(s.ptr, word.ptr, s.len) == 0;
}

static bool is_pid_word(struct slice s)
{
	return equals_ignoring_case(s, SLICE("pid")) || equals_ignoring_case(s, SLICE("process"));
}

bool separator_is_field(struct slice key)
{
	return key.ptr[0] >= 'A' && key.ptr[0] <= 'Z' && !is_pid_word(key);
}

/* Where `part` begins in s, or NULL. */
static const char *find(struct slice s, struct slice part)
{
	return memmem(s.ptr, s.len, part.ptr, part.len);
}

static bool take_pid(struct slice *s, int32_t *pid)
{
	struct slice rest = *s;
	uint64_t value;

	if (take_decimal(&rest, &value) == 0 || value == 0 || value > SEPARATOR_PID_MAX)
		return false;
	*pid = (int32_t)value;
	*s = rest;
	return true;
}

/* Takes the last component of a path, and the slash before it, off its end. */
static struct slice take_last(struct slice *path)
{
	const char *slash = memrchr(path->ptr, '/', path->len);
	struct slice last = *path;

	if (slash)
		last = slice_inner(*path, (size_t)(slash - path->ptr) + 1, 0);
	path->len = slash ? (size_t)(slash - path->ptr) : 0;
	return last;
}

static bool is_pid(struct slice s, int32_t *pid)
{
	return take_pid(&s, pid) && s.len == 0;
}

/* Parses a path such as /proc/12/smaps, /proc/12/task/13/smaps, 12/smaps or /proc/12. */
static bool parse_path(struct slice path, struct separator *s)
{
	struct slice last = take_last(&path), above;
	bool of_file = slice_equals(last, SLICE("smaps"));

	if (of_file)
		last = take_last(&path);
	if (is_pid(last, &s->pid)) {
		above = take_last(&path);
		if (of_file && slice_equals(above, SLICE("task")))
			return is_pid(take_last(&path), &s->pid);
		return of_file || slice_equals(above, SLICE("proc"));
	}
	if (slice_equals(last, SLICE("self")))
		s->self = SELF_PROCESS;
	else if (slice_equals(last, SLICE("thread-self")))
		s->self = SELF_THREAD;
	return s->self != SELF_NO && (of_file || slice_equals(take_last(&path), SLICE("proc")));
}

/* "==> path <==", as printed by tail and head. */
static bool parse_arrows(struct slice line, struct separator *s)
{
	if (line.len < strlen("==><==") || !slice_begins(line, SLICE("==>")) ||
	    !slice_ends(line, SLICE("<==")))
		return false;
	s->kind = SEPARATOR_PROCESS;
	parse_path(trim(slice_inner(line, strlen("==>"), strlen("<=="))), s);
	return true;
}

/* "#Name: x" and "#Pid: 12" of sp-endurance; any other line that begins with # is a comment. */
static bool parse_comment(struct slice line, struct separator *s)
{
	struct slice key;

	if (!take_byte(&line, '#'))
		return false;
	skip_blanks(&line);
	s->kind = SEPARATOR_BLANK;
	if (!take_key(&line, &key))
		return true;
	line = trim(line);
	if (slice_equals(key, SLICE("Name")) && line.len) {
		s->kind = SEPARATOR_DETAIL;
		s->name = line;
	} else if (slice_equals(key, SLICE("Pid")) && is_pid(line, &s->pid)) {
		s->kind = SEPARATOR_DETAIL;
	}
	return true;
}

/* The path in a message, which may be quoted in any style. */
static bool parse_path_within(struct slice line, struct separator *s)
{
	static const char ends[] = " '\"`:\t\x98\x99"; /* and the last bytes of curly quotes */
	const char *smaps = find(line, SLICE("/smaps"));
	struct slice path;

	if (!smaps)
		return false;
	path = (struct slice){smaps, strlen("/smaps")};
	while (path.ptr > line.ptr && !is_one_of(path.ptr[-1], ends)) {
		path.ptr--;
		path.len++;
	}
	return parse_path(path, s);
}

/* "cat: /proc/12/smaps: Permission denied", and the like from tail, head, grep and shells. A rare
 * reason, or one in another language, still means that the process could not be read. */
static bool parse_failure(struct slice line, struct separator *s)
{
	static const struct {
		struct slice text;
		int number;
	} reasons[] = {
		{SLICE_INIT(": Permission denied"), EACCES},
		{SLICE_INIT(": Operation not permitted"), EACCES},
		{SLICE_INIT(": No such process"), ESRCH},
		{SLICE_INIT(": No such file or directory"), ESRCH},
	};
	bool has_path = parse_path_within(line, s);

	s->kind = SEPARATOR_FAILURE;
	s->number = has_path && find(line, SLICE(": ")) ? EACCES : 0;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (slice_ends(line, reasons[i].text))
			s->number = reasons[i].number;
	}
	if (s->number && !has_path && find(line, SLICE("/proc/")))
		*s = (struct separator){.kind = SEPARATOR_BLANK}; /* it is about some other file */
	return s->number != 0 || s->kind == SEPARATOR_BLANK;
}

/* "/proc/12/smaps:" before each line, as grep prints it. */
static bool parse_prefix(struct slice line, struct separator *s)
{
	const char *smaps = find(line, SLICE("/smaps:"));
	struct slice path;

	if (!smaps)
		return false;
	path = (struct slice){line.ptr, (size_t)(smaps - line.ptr) + strlen("/smaps")};
	s->kind = SEPARATOR_PREFIX;
	s->rest = slice_inner(line, path.len + 1, 0);
	return !memchr(path.ptr, ' ', path.len) && !slice_begins(s->rest, SLICE(" ")) &&
	       parse_path(path, s);
}

/* What a shell loop prints before each process: "12", "12: bash", "pid 12", "--- /proc/12 ---". */
static bool parse_title(struct slice line, struct separator *s)
{
	static const char frame[] = "=-*+<>[]() \t";
	size_t word = 0;

	while (line.len && is_one_of(line.ptr[0], frame))
		line = slice_inner(line, 1, 0);
	while (line.len && is_one_of(line.ptr[line.len - 1], frame))
		line = slice_inner(line, 0, 1);
	s->kind = SEPARATOR_PROCESS;
	while (word < line.len &&
	       ((line.ptr[word] | 0x20) >= 'a' && (line.ptr[word] | 0x20) <= 'z'))
		word++;
	if (word && is_pid_word((struct slice){line.ptr, word})) {
		line = slice_inner(line, word, 0);
		while (line.len && is_one_of(line.ptr[0], ":=# \t"))
			line = slice_inner(line, 1, 0);
		return take_pid(&line, &s->pid) && (line.len == 0 || !is_digit(line.ptr[0]));
	}
	if (line.len && is_digit(line.ptr[0]) && take_pid(&line, &s->pid) &&
	    (line.len == 0 || slice_equals(line, SLICE(":")) || slice_begins(line, SLICE(": ")) ||
	     slice_begins(line, SLICE(":\t"))))
		return true;
	s->pid = 0;
	if (slice_ends(line, SLICE(":")))
		line = slice_inner(line, 0, 1);
	return parse_path(line, s);
}

static const struct slice byte_order_mark = SLICE_INIT("\xef\xbb\xbf");

bool separator_parse(struct slice line, struct separator *s)
{
	static bool (*const forms[])(struct slice line, struct separator * s) = {
		parse_arrows, parse_comment, parse_prefix, parse_title, parse_failure};
	struct slice whole = line;

	line = trim_end(line);
	*s = (struct separator){.kind = SEPARATOR_BLANK};
	for (skip_blanks(&line); slice_begins(line, byte_order_mark); skip_blanks(&line))
		line = slice_inner(line, byte_order_mark.len, 0);
	if (line.len == 0)
		return true;
	if (line.ptr != whole.ptr) {
		s->kind = SEPARATOR_INDENT;
		s->rest = slice_inner(whole, (size_t)(line.ptr - whole.ptr), 0);
		return true;
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		*s = (struct separator){.kind = SEPARATOR_BLANK};
		if (forms[i](line, s))
			return true;
	}
	return false;
}

/* " r-xp " after an address, or " kB" after a key. */
static bool holds_smaps(struct slice line)
{
	uint64_t ignored;
	struct slice key;

	for (size_t i = 1; i < line.len; i++) {
		struct slice rest = slice_inner(line, i, 0);

		if (!is_one_of(line.ptr[i - 1], " \t:]>|,;"))
			continue;
		if (take_key(&rest, &key) && separator_is_field(key)) {
			skip_blanks(&rest);
			if (take_decimal(&rest, &ignored) && slice_begins(rest, SLICE(" kB")))
				return true;
		}
		rest = slice_inner(line, i, 0);
		if (take_hex(&rest, &ignored) >= 5 && take_byte(&rest, '-') &&
		    take_hex(&rest, &ignored) >= 5 && take_byte(&rest, ' ') && rest.len > 4 &&
		    (rest.ptr[0] == 'r' || rest.ptr[0] == '-') &&
		    (rest.ptr[3] == 'p' || rest.ptr[3] == 's') && rest.ptr[4] == ' ')
			return true;
	}
	return false;
}

/* "Address  Kbytes ...", or "000055d0c5a3d000    180K r---- bash". */
static bool is_pmap(struct slice line)
{
	uint64_t ignored;

	line = trim(line);
	if (slice_begins(line, SLICE("Address ")) &&
	    (find(line, SLICE("Perm")) || find(line, SLICE("Mapping"))))
		return true;
	if (take_hex(&line, &ignored) < 8 || !take_byte(&line, ' '))
		return false;
	skip_blanks(&line);
	return take_decimal(&line, &ignored) && (take_byte(&line, 'K') || take_byte(&line, ' '));
}

const char *separator_complaint(struct slice line)
{
	enum { LOOK_AT = 512 };

	if (line.len > LOOK_AT)
		line.len = LOOK_AT;
	if (is_pmap(line))
		return "this is the output of pmap; give what is in /proc/PID/smaps";
	if (holds_smaps(line))
		return "other text stands before smaps, such as a time stamp; remove it from each "
		       "line";
	return NULL;
}
