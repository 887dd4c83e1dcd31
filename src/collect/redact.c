#include "collect/redact.h"

#include "base/siphash.h"
#include "classify/guess.h"
#include "parse/number.h"
#include "source/kept_names.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>

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
		error_errno(e, "cannot create a key for --redact");
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

void redact_keep(struct slice text, FILE *out)
{
	if (text.len)
		fwrite(text.ptr, 1, text.len, out);
}

void redact_hash(const struct redact *r, struct slice bytes, FILE *out)
{
	static const char letters[] = "bcdfghjklmnpqrst";
	uint64_t h = siphash(r->key, bytes);

	if (bytes.len == 0)
		return;
	for (int i = 0; i < 12; i++, h >>= 4)
		putc(letters[h & 15], out);
}

/* In the place of digits, others; so many that two numbers do not become one. */
static void put_number(const struct redact *r, struct slice digits, FILE *out)
{
	if (digits.len)
		fprintf(out, "%" PRIu64, siphash(r->key, digits) % UINT64_C(1000000000000000));
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

		redact_hash(r, slice_inner(text, 0, text.len - before), out);
		putc(':', out);
		if (rest.ptr[0] == ' ') {
			putc(' ', out);
			rest = slice_inner(rest, 1, 0);
		}
		redact_hash(r, rest, out);
		return;
	}
	while (number > 0 && isdigit((unsigned char)text.ptr[number - 1]))
		number--;
	digits = text.len - number;
	if (digits > 0 && number > 0 && strchr(":_-", text.ptr[number - 1])) {
		redact_hash(r, slice_inner(text, 0, digits + 1), out);
		putc(text.ptr[number - 1], out);
	} else {
		redact_hash(r, slice_inner(text, 0, digits), out);
	}
	put_number(r, slice_inner(text, number, 0), out);
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

bool redact_is_installed(struct slice program, struct slice name)
{
	return is_of_system(program) && name.len && slice_begins(slice_base_name(program), name);
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

	redact_keep(slice_inner(name, 0, name.len - known), out);
	rest = slice_inner(name, known, 0);
	ending = ending_length(rest);
	redact_hash(r,
		    is_version(slice_inner(rest, 0, ending)) ? SLICE("")
							     : slice_inner(rest, 0, ending),
		    out);
	if (is_version(slice_inner(rest, 0, ending)))
		redact_keep(slice_inner(rest, 0, ending), out);
	redact_keep(slice_inner(rest, rest.len - ending, 0), out);
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
		redact_keep(part, out);
	} else if (ending) {
		redact_hash(r, slice_inner(part, 0, ending), out);
		redact_keep(slice_inner(part, part.len - ending, 0), out);
	} else if (is_last) {
		put_file_name(r, part, out);
	} else {
		redact_hash(r, part, out);
	}
}

void redact_path(struct redact *r, struct slice path, FILE *out)
{
	static const struct slice deleted = SLICE_INIT(" (deleted)");
	bool is_deleted = slice_ends(path, deleted);

	if (is_deleted)
		path = slice_inner(path, 0, deleted.len);
	if (is_of_system(path)) {
		redact_keep(path, out);
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
		redact_keep(deleted, out);
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
			intern(&r->libraries, slice_base_name(path));
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
		redact_keep(text, out);
		return true;
	}
	fputs("lib", out);
	put_file_name(r, slice_inner(name, 3, 0), out);
	if (colon) {
		putc(':', out);
		redact_hash(r, slice_inner(text, name.len + 1, 0), out);
	}
	return true;
}

void redact_given_name(struct redact *r, struct slice name, FILE *out)
{
	while (name.len && name.ptr[0] == ' ') {
		putc(' ', out);
		name = slice_inner(name, 1, 0);
	}
	if (rules_know(r->rules, name))
		redact_keep(name, out);
	else if (!put_library(r, name, out))
		put_text(r, name, out);
}

/* Redacts a name between known delimiters; else false. */
static bool put_between(struct redact *r, struct slice name, struct slice begins, struct slice ends,
			FILE *out)
{
	if (name.len < begins.len + ends.len || !slice_begins(name, begins) ||
	    !slice_ends(name, ends))
		return false;
	redact_keep(begins, out);
	redact_given_name(r, slice_inner(name, begins.len, ends.len), out);
	redact_keep(ends, out);
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

void redact_mapping_name(struct redact *r, struct slice name, FILE *out)
{
	static const struct slice unreachable = SLICE_INIT("(unreachable)");
	static const struct slice deleted = SLICE_INIT(" (deleted)");

	if (slice_begins(name, unreachable)) {
		redact_keep(unreachable, out);
		name = slice_inner(name, unreachable.len, 0);
	}
	if (is_kernels(name))
		redact_keep(name, out);
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
		redact_keep(slice_begins(name, SLICE("[sysv_shm:")) ? name : SLICE("[shared]"),
			    out);
}

/* What reports show. */

void redact_name(struct redact *r, struct slice name, FILE *out)
{
	if (public_length(name))
		put_file_name(r, name, out);
	else
		redact_hash(r, name, out);
}

void redact_user(struct redact *r, struct slice user, FILE *out)
{
	bool is_number = user.len > 0;

	for (size_t i = 0; i < user.len; i++)
		is_number &= isdigit((unsigned char)user.ptr[i]) != 0;
	if (is_number)
		redact_keep(user, out);
	else
		redact_hash(r, user, out);
}

/* Where smaps has a path, a label has a word in brackets. */
static void put_report_label(struct redact *r, struct slice label, FILE *out)
{
	if (slice_equals(label, SLICE("[anon_shmem]")) ||
	    slice_equals(label, SLICE("[anon_hugepage]")))
		redact_keep(label, out);
	else if (!put_between(r, label, SLICE("[memfd:"), SLICE("]"), out) &&
		 !put_between(r, label, SLICE("[ashmem:"), SLICE("]"), out) &&
		 !put_between(r, label, SLICE("[dmabuf:"), SLICE("]"), out))
		redact_mapping_name(r, label, out);
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
		redact_keep(guess, out);
	}
}

void redact_subsystem(struct redact *r, struct slice subsystem, FILE *out)
{
	if (slice_begins(subsystem, SLICE("~")) || rules_give(subsystem))
		redact_keep(subsystem, out);
	else if (slice_begins(subsystem, SLICE("[")) || slice_begins(subsystem, SLICE("/")))
		redact_label(r, subsystem, out);
	else
		put_text(r, subsystem, out);
}
