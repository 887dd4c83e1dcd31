#include "source/segments.h"

#include "parse/mountinfo.h"
#include "parse/number.h"
#include "source/backing.h"
#include "source/captured_segments.h"
#include "source/handle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

struct lister {
	const struct source *source;
	segment_fn *found;
	void *ctx;
	dev_t memfds; /* device of memfds and System V segments */
};

/* Reads a whole file; NULL if it cannot be read. The caller frees it. */
static char *read_file(const char *path, size_t *length)
{
	FILE *in = fopen(path, "re"), *out;
	char buffer[4096], *text = NULL;
	size_t n;

	if (!in)
		return NULL;
	out = open_memstream(&text, length);
	while (out && (n = fread(buffer, 1, sizeof(buffer), in)) > 0)
		fwrite(buffer, 1, n, out);
	fclose(in);
	if (out)
		fclose(out);
	return text;
}

/* System V segments. */

enum { SYSV_KEY, SYSV_ID, SYSV_SIZE = 3, SYSV_RSS = 14, SYSV_SWAP, SYSV_FIELDS };

/* Parses a line of numbers; the first one, the key, may be negative. */
static bool parse_sysv(struct slice line, uint64_t fields[SYSV_FIELDS])
{
	for (int i = 0; i < SYSV_FIELDS; i++) {
		bool negative;

		skip_blanks(&line);
		negative = i == SYSV_KEY && take_byte(&line, '-');
		if (take_decimal(&line, &fields[i]) == 0)
			return false;
		if (negative)
			fields[i] = -fields[i];
	}
	return true;
}

static bool list_sysv(const struct lister *l)
{
	size_t length = 0;
	char *text = read_file("/proc/sysvipc/shm", &length);
	struct slice rest = {text, text ? length : 0}, line;
	const struct procdir self = {.fd = l->source->root_fd, .prefix = "self/"};
	const struct segment_id any = {
		.space = segment_space(&self),
		.dev_major = major(l->memfds),
		.dev_minor = minor(l->memfds),
	};
	bool goes_on = true;

	while (goes_on && take_line(&rest, &line)) {
		uint64_t fields[SYSV_FIELDS];
		struct segment_facts facts = {.known = true, .swapped_known = true};
		struct segment_id id = any;
		char name[32];

		if (!parse_sysv(line, fields))
			continue;
		id.inode = fields[SYSV_ID];
		facts.size = fields[SYSV_SIZE];
		facts.swapped = fields[SYSV_SWAP];
		facts.allocated = fields[SYSV_RSS] + fields[SYSV_SWAP];
		snprintf(name, sizeof(name), "[sysv_shm:%08" PRIx32 "]",
			 (uint32_t)fields[SYSV_KEY]);
		goes_on = l->found(l->ctx, &id, slice_of(name), &facts);
	}
	free(text);
	return goes_on;
}

/* Memfds. */

static bool add_memfd(const struct lister *l, int folder, const char *fd, struct slice link)
{
	static const struct slice before = SLICE_INIT("/memfd:"), after = SLICE_INIT(" (deleted)");
	struct segment_facts facts = {.known = false};
	struct segment_id id;
	char *name = NULL;
	struct stat st;
	bool goes_on;

	if (fstatat(folder, fd, &st, 0) < 0 || st.st_dev != l->memfds || !S_ISREG(st.st_mode))
		return true;
	id = (struct segment_id){
		.inode = st.st_ino, .dev_major = major(st.st_dev), .dev_minor = minor(st.st_dev)};
	link = slice_inner(link, before.len, after.len);
	if (asprintf(&name, "[memfd:%.*s]", (int)link.len, link.ptr) < 0)
		return false;
	segment_look_at(folder, fd, &id, &facts);
	goes_on = l->found(l->ctx, &id, slice_of(name), &facts);
	free(name);
	return goes_on;
}

static bool list_descriptors(const struct lister *l, pid_t pid)
{
	char path[32], link[PATH_MAX];
	struct dirent *entry;
	bool goes_on = true;
	int fd;
	DIR *dir;

	snprintf(path, sizeof(path), "%d/fd", pid);
	fd = openat(l->source->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return true;
	}
	while (goes_on && (entry = readdir(dir))) {
		ssize_t n = readlinkat(fd, entry->d_name, link, sizeof(link));
		struct slice s = {link, n > 0 ? (size_t)n : 0};

		if (slice_begins(s, SLICE("/memfd:")) && slice_ends(s, SLICE(" (deleted)")))
			goes_on = add_memfd(l, fd, entry->d_name, s);
	}
	closedir(dir);
	return goes_on;
}

static bool list_memfds(const struct lister *l)
{
	struct target_list list;
	struct error ignored;
	bool goes_on = true;

	if (source_targets(l->source, &list, &ignored) < 0)
		return true;
	for (size_t i = 0; goes_on && i < list.count; i++)
		goes_on = list_descriptors(l, list.targets[i].pid);
	free(list.targets);
	return goes_on;
}

/* Tmpfs mounts. */

/* Unescapes a path of mountinfo, where a blank is \040, in place. */
static char *unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (*from == '\\' && strspn(from + 1, "01234567") >= 3) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
	return text;
}

/* Whether the mount is visible at its mount point, and how much is on it. A tmpfs without a size
 * limit does not count. */
static bool measure_mount(const char *point, const struct segment_id *id,
			  struct segment_facts *facts)
{
	int fd = open(point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;
	struct stat st;
	bool there = fd >= 0 && fstat(fd, &st) == 0 && major(st.st_dev) == id->dev_major &&
		     minor(st.st_dev) == id->dev_minor && fstatfs(fd, &fs) == 0 && fs.f_blocks > 0;

	if (there) {
		facts->known = true;
		facts->allocated = (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize;
	}
	if (fd >= 0)
		close(fd);
	return there;
}

static bool list_mounts(const struct lister *l)
{
	size_t length = 0;
	char *text = read_file("/proc/self/mountinfo", &length);
	struct slice rest = {text, text ? length : 0};
	struct mount mount;
	bool goes_on = true;

	while (goes_on && take_mount(&rest, &mount)) {
		const struct segment_id id = {.dev_major = mount.dev_major,
					      .dev_minor = mount.dev_minor};
		struct segment_facts facts = {.known = false};
		char *point;

		if (!slice_equals(mount.type, SLICE("tmpfs")))
			continue;
		point = strndup(mount.point.ptr, mount.point.len);
		if (!point)
			goes_on = false;
		else if (measure_mount(unescape(point), &id, &facts))
			goes_on = l->found(l->ctx, &id, slice_of(point), &facts);
		free(point);
	}
	free(text);
	return goes_on;
}

static bool begin(struct lister *l, const struct source *s, segment_fn *found, void *ctx)
{
	*l = (struct lister){.source = s, .found = found, .ctx = ctx};
	return s->kind == SOURCE_PROC && backing_of_memfds(&l->memfds);
}

bool segments_list(const struct source *s, segment_fn *found, void *ctx)
{
	struct lister l;

	if (s->segments)
		return captured_segments_list(s->segments, false, found, ctx);
	return !begin(&l, s, found, ctx) || (list_sysv(&l) && list_memfds(&l) && list_mounts(&l));
}

bool segments_list_sysv(const struct source *s, segment_fn *found, void *ctx)
{
	struct lister l;

	if (s->segments)
		return captured_segments_list(s->segments, true, found, ctx);
	return !begin(&l, s, found, ctx) || list_sysv(&l);
}

void segment_look(const struct source *s, pid_t pid, uint64_t start, uint64_t end,
		  const struct segment_id *id, struct segment_facts *facts)
{
	char path[80];

	*facts = (struct segment_facts){.known = false};
	if (s->segments)
		captured_segments_find(s->segments, id, facts);
	if (!s->is_live)
		return;
	snprintf(path, sizeof(path), "%d/map_files/%" PRIx64 "-%" PRIx64, pid, start, end);
	segment_look_at(s->root_fd, path, id, facts);
}
