#include "source/machine.h"

#include "anonmem/anonmem.h"
#include "parse/number.h"
#include "parse/process.h"
#include "source/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bsd/string.h>

bool may_trace(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	return syscall(SYS_capget, &header, data) == 0 &&
	       data[CAP_TO_INDEX(CAP_SYS_PTRACE)].effective & CAP_TO_MASK(CAP_SYS_PTRACE);
}

/* The initial user namespace maps every id to itself. */
bool is_in_user_namespace(void)
{
	const struct procdir self = {.fd = AT_FDCWD, .prefix = "/proc/self/"};
	char buffer[64];
	ssize_t n = procdir_read(&self, "uid_map", buffer, sizeof(buffer));
	struct slice text = {buffer, n > 0 ? (size_t)n : 0};
	uint64_t first = 0, outside = 0, count = UINT32_MAX;

	skip_blanks(&text);
	if (take_decimal(&text, &first)) {
		skip_blanks(&text);
		take_decimal(&text, &outside);
		skip_blanks(&text);
		take_decimal(&text, &count);
	}
	return first != 0 || outside != 0 || count < UINT32_MAX;
}

const char *advice_on_rights(bool may_trace, bool in_user_namespace)
{
	if (!may_trace)
		return "run as root or grant cap_sys_ptrace";
	return in_user_namespace
		       ? "anonmem is root only in a user namespace; run it as root outside"
		       : "a sandbox or a security module forbids it";
}

static void read_running(const struct source *s, struct machine *m)
{
	struct utsname name;
	struct error ignored;
	int keeps = anonmem_kernel_keeps_names();

	if (uname(&name) == 0) {
		strlcpy(m->host, name.nodename, sizeof(m->host));
		strlcpy(m->kernel, name.release, sizeof(m->kernel));
	}
	m->time_known = clock_gettime(CLOCK_REALTIME, &m->time) == 0;
	m->unseen = find_unseen(s, m->may_trace && !m->in_user_namespace);
	m->page_size = sysconf(_SC_PAGESIZE);
	m->keeps_labels = keeps < 0 ? ANSWER_UNKNOWN : keeps ? ANSWER_YES : ANSWER_NO;
	m->meminfo_known = meminfo_live(&m->meminfo, &ignored) == 0;
}

/* Reads the start of a file of the tree into a buffer; empty if there is no such file. */
static struct slice read_tree_file(const struct source *s, const char *path, char *buffer,
				   size_t size)
{
	const struct procdir root = source_root(s);
	ssize_t n = procdir_read(&root, path, buffer, size);

	return (struct slice){buffer, n < 0 ? 0 : (size_t)n};
}

static void read_tree_line(const struct source *s, const char *path, char *out, size_t size)
{
	char buffer[256];
	struct slice text = read_tree_file(s, path, buffer, sizeof(buffer)), line;

	if (take_line(&text, &line))
		snprintf(out, size, "%.*s", (int)line.len, line.ptr);
}

/* In seconds; 0 if unknown. Lines before it may be long, since one counts interrupts; PARTS bounds
 * how much is read. */
static uint64_t boot_time(const struct source *s)
{
	enum { PARTS = 1 << 16 };
	const struct procdir root = source_root(s);
	int fd = procdir_open(&root, "stat");
	FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
	bool begins = true; /* this part starts a line */
	uint64_t seconds = 0;
	char part[256];

	if (!in) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	for (int i = 0; seconds == 0 && i < PARTS && fgets(part, sizeof(part), in); i++) {
		struct slice rest = slice_of(part);
		bool ends = slice_ends(rest, SLICE("\n"));

		if (begins && slice_begins(rest, SLICE("btime "))) {
			rest = slice_inner(rest, strlen("btime "), 0);
			take_decimal(&rest, &seconds);
		}
		begins = ends;
	}
	fclose(in);
	return seconds;
}

/* The time of a capture is the boot time in stat plus the seconds in uptime. */
static void read_tree_time(const struct source *s, struct machine *m)
{
	char buffer[64];
	struct slice text = read_tree_file(s, "uptime", buffer, sizeof(buffer));
	uint64_t boot = boot_time(s), uptime;

	if (boot == 0 || take_decimal(&text, &uptime) == 0)
		return;
	m->time.tv_sec = (time_t)(boot + uptime);
	m->time_known = true;
}

static void read_tree(const struct source *s, struct machine *m)
{
	char buffer[8 * 1024];
	struct slice text;

	read_tree_line(s, "sys/kernel/hostname", m->host, sizeof(m->host));
	read_tree_line(s, "sys/kernel/osrelease", m->kernel, sizeof(m->kernel));
	read_tree_time(s, m);
	text = read_tree_file(s, "meminfo", buffer, sizeof(buffer));
	m->meminfo_known = text.len > 0;
	for (int i = 0; i < MEMINFO_COUNT; i++)
		m->meminfo.known[i] =
			parse_meminfo(text, slice_of(meminfo_names[i].key), &m->meminfo.bytes[i]);
}

void machine_read(const struct source *s, struct machine *m)
{
	*m = (struct machine){.keeps_labels = ANSWER_UNKNOWN, .is_live = s->is_live};
	if (s->is_live) {
		m->may_trace = may_trace();
		m->in_user_namespace = is_in_user_namespace();
	}
	if (s->kind == SOURCE_PROC)
		read_running(s, m);
	else if (s->kind == SOURCE_TREE)
		read_tree(s, m);
}
