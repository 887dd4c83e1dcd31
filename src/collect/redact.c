#include "collect/redact.h"

#include "base/intern.h"
#include "classify/guess.h"
#include "classify/rules.h"
#include "parse/mountinfo.h"
#include "parse/number.h"
#include "source/captured_names.h"
#include "source/kept_names.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

struct redact {
	uint64_t key[2];
	struct rules *rules; /* the built-in rules */
	/* Of the current process: */
	bool is_kernel_thread;
	struct slice exe;   /* of its copy */
	struct slice smaps; /* likewise */
	bool libraries_known;
	struct intern libraries; /* of the system, that it has mapped */
};

struct redact *redact_new(struct error *e)
{
	struct redact *r = calloc(1, sizeof(*r));

	if (!r) {
		error_memory(e);
		return NULL;
	}
	intern_init(&r->libraries);
	r->rules = rules_new();
	if (!r->rules)
		error_memory(e);
	else if (rules_add_builtin(r->rules, e) == 0) {
		if (getrandom(r->key, sizeof(r->key), 0) == sizeof(r->key))
			return r;
		error_errno(e, "cannot make a key to redact with");
	}
	redact_free(r);
	return NULL;
}

void redact_free(struct redact *r)
{
	if (!r)
		return;
	rules_free(r->rules);
	intern_free(&r->libraries);
	free(r);
}

/* Hashing: SipHash-2-4 (Aumasson and Bernstein, 2012), whose results reveal nothing without the
 * key. */

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void rounds(uint64_t v[4], int count)
{
	while (count-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static uint64_t hash(const uint64_t key[2], struct slice bytes)
{
	uint64_t v[4] = {
		key[0] ^ UINT64_C(0x736f6d6570736575),
		key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261),
		key[1] ^ UINT64_C(0x7465646279746573),
	};
	uint64_t word = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		word |= (uint64_t)(unsigned char)bytes.ptr[i] << 8 * (i % 8);
		if (i % 8 != 7)
			continue;
		v[3] ^= word;
		rounds(v, 2);
		v[0] ^= word;
		word = 0;
	}
	word |= (uint64_t)bytes.len << 56;
	v[3] ^= word;
	rounds(v, 2);
	v[0] ^= word;
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void put(struct slice s, FILE *out)
{
	if (s.len)
		fwrite(s.ptr, 1, s.len, out);
}

/* Letters that make no words, without digits at the end, which a rule would cut off. */
static void put_hash(const struct redact *r, struct slice bytes, FILE *out)
{
	static const char letters[] = "bcdfghjklmnpqrst";
	uint64_t h = hash(r->key, bytes);

	if (bytes.len == 0)
		return;
	for (int i = 0; i < 12; i++, h >>= 4)
		putc(letters[h & 15], out);
}

/* In the place of digits, others; so many that two numbers do not become one. */
static void put_number(const struct redact *r, struct slice digits, FILE *out)
{
	if (digits.len)
		fprintf(out, "%" PRIu64, hash(r->key, digits) % UINT64_C(1000000000000000));
}

/* Text that somebody chose. */

/* Parts that rules depend on stay parts: the text before a colon, and a number at the end. */
static void put_text(const struct redact *r, struct slice text, FILE *out)
{
	enum { SUBSYSTEM_MAX = 32 };
	const char *colon = text.len ? memchr(text.ptr, ':', text.len) : NULL;
	size_t before = colon ? (size_t)(colon - text.ptr) : 0, number = text.len, digits;

	if (before > 0 && before <= SUBSYSTEM_MAX && before + 1 < text.len &&
	    !memchr(text.ptr, '[', before) && !memchr(text.ptr, ']', before)) {
		struct slice rest = slice_inner(text, before + 1, 0);

		put_hash(r, slice_inner(text, 0, text.len - before), out);
		putc(':', out);
		if (rest.ptr[0] == ' ') {
			putc(' ', out);
			rest = slice_inner(rest, 1, 0);
		}
		put_hash(r, rest, out);
		return;
	}
	while (number > 0 && isdigit((unsigned char)text.ptr[number - 1]))
		number--;
	digits = text.len - number;
	if (digits > 0 && number > 0 && strchr(":_-", text.ptr[number - 1])) {
		put_hash(r, slice_inner(text, 0, digits + 1), out);
		putc(text.ptr[number - 1], out);
	} else {
		put_hash(r, slice_inner(text, 0, digits), out);
	}
	put_number(r, slice_inner(text, number, 0), out);
}

static struct slice base_name(struct slice path)
{
	const char *slash = path.len ? memrchr(path.ptr, '/', path.len) : NULL;

	return slash ? slice_inner(path, (size_t)(slash + 1 - path.ptr), 0) : path;
}

/* Paths. */

/* Paths that distributions install. */
static bool is_of_system(struct slice path)
{
	static const struct slice folders[] = {
		SLICE_INIT("/usr/lib/"),     SLICE_INIT("/usr/lib32/"), SLICE_INIT("/usr/lib64/"),
		SLICE_INIT("/usr/libx32/"),  SLICE_INIT("/lib/"),	SLICE_INIT("/lib32/"),
		SLICE_INIT("/lib64/"),	     SLICE_INIT("/libx32/"),	SLICE_INIT("/bin/"),
		SLICE_INIT("/sbin/"),	     SLICE_INIT("/usr/bin/"),	SLICE_INIT("/usr/sbin/"),
		SLICE_INIT("/usr/libexec/"),
	};

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		if (slice_begins(path, folders[i]))
			return true;
	}
	return false;
}

/* Well-known programs and libraries, which guesses and advice depend on. */
static size_t public_length(struct slice name)
{
	static const struct slice names[] = {
		SLICE_INIT("python3."),	   SLICE_INIT("libpython3."), SLICE_INIT("php"),
		SLICE_INIT("libphp"),	   SLICE_INIT("firefox"),     SLICE_INIT("libxul"),
		SLICE_INIT("redis-"),	   SLICE_INIT("node"),	      SLICE_INIT("libnode"),
		SLICE_INIT("java"),	   SLICE_INIT("libjvm"),      SLICE_INIT("ruby"),
		SLICE_INIT("libruby"),	   SLICE_INIT("libjemalloc"), SLICE_INIT("libmimalloc"),
		SLICE_INIT("libtcmalloc"), SLICE_INIT("libc.so"),     SLICE_INIT("ld-linux"),
		SLICE_INIT("chrom"),	   SLICE_INIT("bun"),	      SLICE_INIT("postgres"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (slice_begins(name, names[i]))
			return names[i].len;
	}
	return 0;
}

/* ".so", ".so.6", ".jsa" at the end, which tell the type of a file. */
static size_t ending_length(struct slice name)
{
	struct slice rest = name;

	if (slice_ends(name, SLICE(".jsa")))
		return strlen(".jsa");
	while (rest.len &&
	       (isdigit((unsigned char)rest.ptr[rest.len - 1]) || rest.ptr[rest.len - 1] == '.'))
		rest.len--;
	return slice_ends(rest, SLICE(".so")) ? name.len - rest.len + strlen(".so") : 0;
}

static bool is_version(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!isdigit((unsigned char)s.ptr[i]) && s.ptr[i] != '.')
			return false;
	}
	return true;
}

static void put_file_name(const struct redact *r, struct slice name, FILE *out)
{
	size_t known = public_length(name), ending;
	struct slice rest;

	put(slice_inner(name, 0, name.len - known), out);
	rest = slice_inner(name, known, 0);
	ending = ending_length(rest);
	put_hash(r,
		 is_version(slice_inner(rest, 0, ending)) ? SLICE("")
							  : slice_inner(rest, 0, ending),
		 out);
	if (is_version(slice_inner(rest, 0, ending)))
		put(slice_inner(rest, 0, ending), out);
	put(slice_inner(rest, rest.len - ending, 0), out);
}

/* Common names, at any place in a path. */
static bool is_common(struct slice name)
{
	static const struct slice names[] = {
		SLICE_INIT("usr"),
		SLICE_INIT("lib"),
		SLICE_INIT("lib32"),
		SLICE_INIT("lib64"),
		SLICE_INIT("libx32"),
		SLICE_INIT("bin"),
		SLICE_INIT("sbin"),
		SLICE_INIT("libexec"),
		SLICE_INIT("local"),
		SLICE_INIT("share"),
		SLICE_INIT("etc"),
		SLICE_INIT("var"),
		SLICE_INIT("home"),
		SLICE_INIT("root"),
		SLICE_INIT("tmp"),
		SLICE_INIT("opt"),
		SLICE_INIT("srv"),
		SLICE_INIT("dev"),
		SLICE_INIT("proc"),
		SLICE_INIT("sys"),
		SLICE_INIT("run"),
		SLICE_INIT("mnt"),
		SLICE_INIT("media"),
		SLICE_INIT("host"),
		SLICE_INIT("shm"),
		SLICE_INIT("hugepages"),
		SLICE_INIT("ashmem"),
		SLICE_INIT("zero"),
		SLICE_INIT("null"),
		SLICE_INIT("dri"),
		SLICE_INIT("fs"),
		SLICE_INIT("cgroup"),
		SLICE_INIT("memory"),
		SLICE_INIT("unified"),
		SLICE_INIT("kernel"),
		SLICE_INIT("mm"),
		SLICE_INIT("block"),
		SLICE_INIT("mm_stat"),
		SLICE_INIT("free_hugepages"),
		SLICE_INIT("system.slice"),
		SLICE_INIT("user.slice"),
		SLICE_INIT("machine.slice"),
		SLICE_INIT("init.scope"),
		SLICE_INIT("docker"),
		SLICE_INIT("lxc"),
		SLICE_INIT("kubepods"),
		SLICE_INIT("kubepods.slice"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (slice_equals(name, names[i]))
			return true;
	}
	return slice_begins(name, SLICE("memory.")) || slice_begins(name, SLICE("hugepages-")) ||
	       (slice_begins(name, SLICE("zram")) && is_version(slice_inner(name, 4, 0)));
}

/* Suffixes of systemd's groups. */
static size_t unit_ending(struct slice name)
{
	static const struct slice endings[] = {SLICE_INIT(".service"), SLICE_INIT(".scope"),
					       SLICE_INIT(".slice"), SLICE_INIT(".socket"),
					       SLICE_INIT(".mount")};

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		if (slice_ends(name, endings[i]))
			return endings[i].len;
	}
	return 0;
}

static void put_part(const struct redact *r, struct slice part, bool is_last, FILE *out)
{
	size_t ending = unit_ending(part);

	if (is_common(part)) {
		put(part, out);
	} else if (ending) {
		put_hash(r, slice_inner(part, 0, ending), out);
		put(slice_inner(part, part.len - ending, 0), out);
	} else if (is_last) {
		put_file_name(r, part, out);
	} else {
		put_hash(r, part, out);
	}
}

void redact_path(struct redact *r, struct slice path, FILE *out)
{
	static const struct slice deleted = SLICE_INIT(" (deleted)");
	bool is_deleted = slice_ends(path, deleted);

	if (is_deleted)
		path = slice_inner(path, 0, deleted.len);
	if (is_of_system(path)) {
		put(path, out);
		path.len = 0;
	}
	while (path.len > 0) {
		const char *slash = memchr(path.ptr, '/', path.len);
		size_t len = slash ? (size_t)(slash - path.ptr) : path.len;

		put_part(r, slice_inner(path, 0, path.len - len), !slash, out);
		if (slash)
			putc('/', out);
		path = slice_inner(path, len + (slash != NULL), 0);
	}
	if (is_deleted)
		put(deleted, out);
}

/* Labels. */

static void learn_libraries(struct redact *r)
{
	struct slice text = r->smaps, line;

	r->libraries_known = true;
	intern_reset(&r->libraries);
	while (take_line(&text, &line)) {
		const char *slash = memchr(line.ptr, '/', line.len);
		struct slice path;

		if (!slash)
			continue;
		path = slice_inner(line, (size_t)(slash - line.ptr), 0);
		if (is_of_system(path))
			intern(&r->libraries, base_name(path));
	}
}

/* Whether the process has mapped a library of this name that a distribution installed. */
static bool has_library(struct redact *r, struct slice name)
{
	if (!r->libraries_known)
		learn_libraries(r);
	return intern_find(&r->libraries, name) != SYMBOL_NONE;
}

/* "libz.so.1" or, from anonmem run --label function, "libz.so.1:inflate". */
static bool put_library(struct redact *r, struct slice text, FILE *out)
{
	const char *colon = text.len ? memchr(text.ptr, ':', text.len) : NULL;
	struct slice name = {text.ptr, colon ? (size_t)(colon - text.ptr) : text.len};

	if (!slice_begins(name, SLICE("lib")) || ending_length(name) == 0)
		return false;
	if (has_library(r, name)) {
		put(text, out);
		return true;
	}
	fputs("lib", out);
	put_file_name(r, slice_inner(name, 3, 0), out);
	if (colon) {
		putc(':', out);
		put_hash(r, slice_inner(text, name.len + 1, 0), out);
	}
	return true;
}

static void put_label(struct redact *r, struct slice text, FILE *out)
{
	while (text.len && text.ptr[0] == ' ') {
		putc(' ', out);
		text = slice_inner(text, 1, 0);
	}
	if (rules_know(r->rules, text))
		put(text, out);
	else if (!put_library(r, text, out))
		put_text(r, text, out);
}

/* Redacts a name between known delimiters; else false. */
static bool put_between(struct redact *r, struct slice name, struct slice begins, struct slice ends,
			FILE *out)
{
	if (name.len < begins.len + ends.len || !slice_begins(name, begins) ||
	    !slice_ends(name, ends))
		return false;
	put(begins, out);
	put_label(r, slice_inner(name, begins.len, ends.len), out);
	put(ends, out);
	return true;
}

/* Names that the kernel gives: "[stack:12]", "anon_inode:[io_uring]". */
static bool is_kernels(struct slice name)
{
	static const struct slice whole[] = {
		SLICE_INIT("/dev/zero (deleted)"),  SLICE_INIT("/anon_hugepage (deleted)"),
		SLICE_INIT("/secretmem (deleted)"), SLICE_INIT("/drm mm object (deleted)"),
		SLICE_INIT("/i915 (deleted)"),	    SLICE_INIT("/[aio] (deleted)"),
	};

	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++) {
		if (slice_equals(name, whole[i]))
			return true;
	}
	return name.len == 0 || slice_equals(name, kept_names_place) ||
	       (name.ptr[0] == '[' && !slice_begins(name, SLICE("[anon"))) ||
	       slice_equals(name, SLICE("[anon]")) || slice_begins(name, SLICE("anon_inode:")) ||
	       slice_begins(name, SLICE("socket:[")) || slice_begins(name, SLICE("pipe:[")) ||
	       (slice_begins(name, SLICE("/SYSV")) && slice_ends(name, SLICE(" (deleted)")) &&
		name.len == strlen("/SYSV00000000 (deleted)"));
}

/* The name of a mapping. */
static void put_mapping_name(struct redact *r, struct slice name, FILE *out)
{
	static const struct slice unreachable = SLICE_INIT("(unreachable)");
	static const struct slice deleted = SLICE_INIT(" (deleted)");

	if (slice_begins(name, unreachable)) {
		put(unreachable, out);
		name = slice_inner(name, unreachable.len, 0);
	}
	if (is_kernels(name))
		put(name, out);
	else if (!put_between(r, name, SLICE("[anon:"), SLICE("]"), out) &&
		 !put_between(r, name, SLICE("[anon_shmem:"), SLICE("]"), out) &&
		 !put_between(r, name, SLICE("/memfd:"), deleted, out) &&
		 !put_between(r, name, SLICE("/dev/ashmem/"), deleted, out) &&
		 !put_between(r, name, SLICE("/dmabuf:"), SLICE(""), out))
		redact_path(r, name, out);
}

void redact_segment(struct redact *r, struct slice name, FILE *out)
{
	if (name.len && name.ptr[0] == '/')
		redact_path(r, name, out);
	else if (!put_between(r, name, SLICE("[memfd:"), SLICE("]"), out))
		put(slice_begins(name, SLICE("[sysv_shm:")) ? name : SLICE("[shared]"), out);
}

/* What reports show. */

void redact_name(struct redact *r, struct slice name, FILE *out)
{
	if (public_length(name))
		put_file_name(r, name, out);
	else
		put_hash(r, name, out);
}

void redact_user(struct redact *r, struct slice user, FILE *out)
{
	bool is_number = user.len > 0;

	for (size_t i = 0; i < user.len; i++)
		is_number &= isdigit((unsigned char)user.ptr[i]) != 0;
	if (is_number)
		put(user, out);
	else
		put_hash(r, user, out);
}

/* Where smaps has a path, a label has a word in brackets. */
static void put_report_label(struct redact *r, struct slice label, FILE *out)
{
	if (slice_equals(label, SLICE("[anon_shmem]")) ||
	    slice_equals(label, SLICE("[anon_hugepage]")))
		put(label, out);
	else if (!put_between(r, label, SLICE("[memfd:"), SLICE("]"), out) &&
		 !put_between(r, label, SLICE("[ashmem:"), SLICE("]"), out) &&
		 !put_between(r, label, SLICE("[dmabuf:"), SLICE("]"), out))
		put_mapping_name(r, label, out);
}

void redact_label(struct redact *r, struct slice label, FILE *out)
{
	const struct slice guess = guess_labels[guess_in_label(label)];

	if (guess.len == 0) {
		put_report_label(r, label, out);
	} else {
		if (label.len > guess.len) {
			put_report_label(r, slice_inner(label, 0, guess.len + 1), out);
			putc(' ', out);
		}
		put(guess, out);
	}
}

void redact_subsystem(struct redact *r, struct slice subsystem, FILE *out)
{
	if (slice_begins(subsystem, SLICE("~")) || rules_give(subsystem))
		put(subsystem, out);
	else if (slice_begins(subsystem, SLICE("[")) || slice_begins(subsystem, SLICE("/")))
		redact_label(r, subsystem, out);
	else
		put_text(r, subsystem, out);
}

/* Files of a process. */

enum { PF_KTHREAD = 0x00200000 };

/* The fields after the name in stat. */
static struct slice behind_name(struct slice stat)
{
	const char *end = stat.len ? memrchr(stat.ptr, ')', stat.len) : NULL;

	return end ? slice_inner(stat, (size_t)(end - stat.ptr), 0) : (struct slice){NULL, 0};
}

static bool is_kernel_thread(struct slice stat)
{
	enum { FLAGS = 7 }; /* the field after the parenthesis */
	struct slice rest = behind_name(stat), word = {NULL, 0};
	uint64_t flags;

	for (int i = 0; i <= FLAGS && rest.len; i++)
		word = take_word(&rest);
	return take_decimal(&word, &flags) > 0 && flags & PF_KTHREAD;
}

void redact_process(struct redact *r, const struct copy *files)
{
	const struct copied_file *stat = copy_find(files, "stat");
	const struct copied_file *exe = copy_find(files, "exe");
	const struct copied_file *smaps = copy_find(files, "smaps");

	r->is_kernel_thread = stat && is_kernel_thread((struct slice){stat->bytes, stat->size});
	r->exe = exe ? (struct slice){exe->bytes, exe->size} : SLICE("");
	r->libraries_known = false;
	r->smaps = smaps ? (struct slice){smaps->bytes, smaps->size} : SLICE("");
}

/* The name of a process is kept if it is that of a program that a distribution installed. */
static void put_comm(struct redact *r, struct slice name, FILE *out)
{
	bool known = r->is_kernel_thread ||
		     (is_of_system(r->exe) && name.len && slice_begins(base_name(r->exe), name));

	if (known)
		put(name, out);
	else
		redact_name(r, name, out);
}

static bool redact_stat(struct redact *r, struct slice bytes, FILE *out)
{
	const char *begin = bytes.len ? memchr(bytes.ptr, '(', bytes.len) : NULL;
	struct slice rest = behind_name(bytes);
	size_t before = begin ? (size_t)(begin + 1 - bytes.ptr) : 0;

	/* The file of the machine has the same name. */
	if (slice_begins(bytes, SLICE("cpu "))) {
		put(bytes, out);
		return true;
	}
	if (!begin || rest.len == 0 || rest.ptr < begin)
		return false;
	put(slice_inner(bytes, 0, bytes.len - before), out);
	put_comm(r, slice_inner(bytes, before, rest.len), out);
	put(rest, out);
	return true;
}

static bool redact_comm(struct redact *r, struct slice bytes, FILE *out)
{
	if (slice_ends(bytes, SLICE("\n")))
		bytes.len--;
	put_comm(r, bytes, out);
	putc('\n', out);
	return true;
}

/* Fields that reports need. */
static bool redact_status(struct redact *r, struct slice bytes, FILE *out)
{
	static const struct slice wanted[] = {
		SLICE_INIT("State:"), SLICE_INIT("Tgid:"), SLICE_INIT("Pid:"),
		SLICE_INIT("PPid:"),  SLICE_INIT("Uid:"),  SLICE_INIT("Gid:"),
		SLICE_INIT("Vm"),     SLICE_INIT("Rss"),   SLICE_INIT("Threads:"),
	};
	struct slice line;

	(void)r;
	while (take_line(&bytes, &line)) {
		for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
			if (!slice_begins(line, wanted[i]))
				continue;
			put(line, out);
			putc('\n', out);
		}
	}
	return true;
}

/* "0::/a/b", "4:memory:/a/b", "1:name=systemd:/a" */
static bool redact_cgroup(struct redact *r, struct slice bytes, FILE *out)
{
	struct slice line;

	while (take_line(&bytes, &line)) {
		const char *slash = memchr(line.ptr, '/', line.len);
		size_t before = slash ? (size_t)(slash - line.ptr) : line.len;

		put(slice_inner(line, 0, line.len - before), out);
		redact_path(r, slice_inner(line, before, 0), out);
		putc('\n', out);
	}
	return true;
}

static bool redact_exe(struct redact *r, struct slice bytes, FILE *out)
{
	redact_path(r, bytes, out);
	return true;
}

static bool redact_as_is(struct redact *r, struct slice bytes, FILE *out)
{
	(void)r;
	put(bytes, out);
	return true;
}

/* A header ends with the name, after five words; a line of a field begins with its key. */
static bool redact_smaps(struct redact *r, struct slice bytes, FILE *out)
{
	enum { WORDS = 5 };
	struct slice line;

	while (take_line(&bytes, &line)) {
		struct slice rest = line;

		if (line.len && isupper((unsigned char)line.ptr[0])) {
			put(line, out);
			putc('\n', out);
			continue;
		}
		for (int i = 0; i < WORDS; i++)
			take_word(&rest);
		skip_blanks(&rest);
		put(slice_inner(line, 0, rest.len), out);
		put_mapping_name(r, rest, out);
		putc('\n', out);
	}
	return true;
}

/* The name follows the fifth blank. */
static bool redact_kept_names(struct redact *r, struct slice bytes, FILE *out)
{
	enum { WORDS = 5 };
	struct slice line;

	while (take_line(&bytes, &line)) {
		struct slice rest = line;

		for (int i = 0; i < WORDS; i++)
			take_word(&rest);
		if (rest.len)
			rest = slice_inner(rest, 1, 0);
		put(slice_inner(line, 0, rest.len), out);
		put_label(r, rest, out);
		putc('\n', out);
	}
	return true;
}

static bool is_cgroup(struct slice type)
{
	return slice_equals(type, SLICE("cgroup")) || slice_equals(type, SLICE("cgroup2"));
}

/* The parts that readers need, in a line of the same form. */
static bool redact_mountinfo(struct redact *r, struct slice bytes, FILE *out)
{
	struct mount m;

	while (take_mount(&bytes, &m)) {
		fprintf(out, "0 0 %u:%u ", m.dev_major, m.dev_minor);
		redact_path(r, m.root, out);
		putc(' ', out);
		redact_path(r, m.point, out);
		fputs(" rw - ", out);
		put(m.type, out);
		fputs(" none ", out);
		put(is_cgroup(m.type) ? m.options : SLICE("rw"), out);
		putc('\n', out);
	}
	return true;
}

/* Files of the machine. */

static bool redact_host(struct redact *r, struct slice bytes, FILE *out)
{
	(void)r, (void)bytes;
	fputs("redacted\n", out);
	return true;
}

/* Caches of control groups contain their names: "dentry(123:name)". */
static bool redact_slabs(struct redact *r, struct slice bytes, FILE *out)
{
	struct slice line;

	while (take_line(&bytes, &line)) {
		const char *begin = memchr(line.ptr, '(', line.len);
		const char *end =
			begin ? memchr(begin, ')', line.len - (size_t)(begin - line.ptr)) : NULL;
		size_t before = end ? (size_t)(begin + 1 - line.ptr) : line.len;
		size_t behind = end ? line.len - (size_t)(end - line.ptr) : 0;

		put(slice_inner(line, 0, line.len - before), out);
		put_hash(r, slice_inner(line, before, behind), out);
		put(slice_inner(line, line.len - behind, 0), out);
		putc('\n', out);
	}
	return true;
}

/* Other files are left out. */
static const struct {
	const char *name;
	bool (*redact)(struct redact *r, struct slice bytes, FILE *out);
} files[] = {
	{"smaps", redact_smaps},
	{"smaps_rollup", redact_as_is},
	{"stat", redact_stat},
	{"status", redact_status},
	{"cgroup", redact_cgroup},
	{"comm", redact_comm},
	{"exe", redact_exe},
	{"ns/ipc", redact_as_is},
	{CAPTURED_NAMES, redact_kept_names},
	{"mountinfo", redact_mountinfo},
	{"self/mountinfo", redact_mountinfo},
	{"sys/kernel/hostname", redact_host},
	{"sys/kernel/osrelease", redact_as_is},
	{"uptime", redact_as_is},
	{"meminfo", redact_as_is},
	{"zoneinfo", redact_as_is},
	{"slabinfo", redact_slabs},
	{"vmallocinfo", redact_as_is},
	{"net/sockstat", redact_as_is},
};

bool redact_file(struct redact *r, const char *name, struct slice bytes, FILE *out)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (strcmp(files[i].name, name) == 0)
			return files[i].redact(r, bytes, out);
	}
	return false;
}
