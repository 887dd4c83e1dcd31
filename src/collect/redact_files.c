#include "collect/redact_files.h"

#include "parse/mountinfo.h"
#include "parse/number.h"
#include "source/captured_names.h"

#include <ctype.h>

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
	bool known = r->is_kernel_thread || redact_is_installed(r->exe, name);

	if (known)
		redact_keep(name, out);
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
		redact_keep(bytes, out);
		return true;
	}
	if (!begin || rest.len == 0 || rest.ptr < begin)
		return false;
	redact_keep(slice_inner(bytes, 0, bytes.len - before), out);
	put_comm(r, slice_inner(bytes, before, rest.len), out);
	redact_keep(rest, out);
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
			redact_keep(line, out);
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

		redact_keep(slice_inner(line, 0, line.len - before), out);
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
	redact_keep(bytes, out);
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
			redact_keep(line, out);
			putc('\n', out);
			continue;
		}
		for (int i = 0; i < WORDS; i++)
			take_word(&rest);
		skip_blanks(&rest);
		redact_keep(slice_inner(line, 0, rest.len), out);
		redact_mapping_name(r, rest, out);
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
		redact_keep(slice_inner(line, 0, rest.len), out);
		redact_given_name(r, rest, out);
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
		redact_keep(m.type, out);
		fputs(" none ", out);
		redact_keep(is_cgroup(m.type) ? m.options : SLICE("rw"), out);
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

		redact_keep(slice_inner(line, 0, line.len - before), out);
		redact_hash(r, slice_inner(line, before, behind), out);
		redact_keep(slice_inner(line, line.len - behind, 0), out);
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
	{"vmstat", redact_as_is},
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
