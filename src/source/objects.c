#include "source/objects.h"

#include "parse/mountinfo.h"
#include "parse/number.h"
#include "parse/process.h"
#include "source/backing.h"
#include "source/handle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define DELETED SLICE(" (deleted)")
#define SYSV	SLICE("/SYSV")
enum { SYSV_KEY = 8, BLOCK = 512 };

struct objects {
	struct io *io;
	struct procdir root;
	const struct procdir *dir;
	struct stage next;
	dev_t own; /* the device of the kernel's internal tmpfs */
	/* The ids of System V segments that are marked for removal. */
	uint64_t *removed;
	size_t removed_count;
	bool removed_known;
	/* Open objects. */
	struct object_id *held;
	size_t held_capacity;
};

/* System V segments. */

/* Takes a decimal number and the blanks before it. */
static bool take_field(struct slice *line, uint64_t *value)
{
	while (take_byte(line, ' '))
		;
	return take_decimal(line, value) > 0;
}

/* Parses a line of /proc/sysvipc/shm: key (may be negative), id, mode in octal digits, and more. */
static bool parse_segment(struct slice line, uint64_t *id, bool *removed)
{
	uint64_t key, mode;

	while (take_byte(&line, ' '))
		;
	take_byte(&line, '-');
	if (!take_field(&line, &key) || !take_field(&line, id) || !take_field(&line, &mode))
		return false;
	*removed = mode / 1000 % 2 == 1; /* SHM_DEST, 01000 */
	return true;
}

static void learn_removed(struct objects *o)
{
	struct slice text = io_slurp(o->io, &o->root, "sysvipc/shm"), line;

	o->removed_known = true;
	while (take_line(&text, &line)) {
		uint64_t id, *larger;
		bool removed;

		if (!parse_segment(line, &id, &removed) || !removed)
			continue;
		larger = reallocarray(o->removed, o->removed_count + 1, sizeof(*larger));
		if (!larger)
			return;
		o->removed = larger;
		o->removed[o->removed_count++] = id;
	}
}

static bool is_removed(struct objects *o, uint64_t id)
{
	if (!o->removed_known)
		learn_removed(o);
	for (size_t i = 0; i < o->removed_count; i++) {
		if (o->removed[i] == id)
			return true;
	}
	return false;
}

/* Whether the current process is in another IPC namespace, so that its ids are not ours. */
static bool has_other_ids(const struct objects *o)
{
	char own[64], path[64], other[64];
	ssize_t n = readlinkat(o->root.fd, "self/ns/ipc", own, sizeof(own)), m;

	snprintf(path, sizeof(path), "%sns/ipc", o->dir->prefix);
	m = readlinkat(o->dir->fd, path, other, sizeof(other));
	return n <= 0 || m != n || memcmp(own, other, (size_t)n) != 0;
}

/* The name of a segment in maps contains its key. Memfds are shown differently. */
static bool is_sysv(struct slice name)
{
	return slice_begins(name, SYSV) && slice_ends(name, DELETED) &&
	       name.len == SYSV.len + SYSV_KEY + DELETED.len;
}

/* Mappings. */

/* A mapping of an unlinked file shows as "(deleted)", unless its process named the memory. */
static bool may_end(const struct mapping *m)
{
	return mapping_has_inode(m) &&
	       (slice_ends(m->name, DELETED) || slice_begins(m->name, SLICE("[anon")));
}

/* Whether a device is a tmpfs that the current process has mounted, or the kernel's internal one
 * for memfds and the like. */
static bool is_tmpfs(struct objects *o, uint32_t dev_major, uint32_t dev_minor)
{
	struct slice text;
	struct mount mount;

	if (dev_major == major(o->own) && dev_minor == minor(o->own))
		return true;
	text = io_slurp(o->io, o->dir, "mountinfo");
	while (take_mount(&text, &mount)) {
		if (mount.dev_major == dev_major && mount.dev_minor == dev_minor)
			return slice_equals(mount.type, SLICE("tmpfs"));
	}
	return false;
}

/* False if the file cannot be examined. AT_STATX_DONT_SYNC uses what the kernel has cached, so that
 * a file server that does not answer cannot block. */
static bool look_at_file(struct objects *o, int fd, struct ownership *own)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_NLINK | STATX_BLOCKS, &st) < 0)
		return false;
	if (st.stx_nlink > 0)
		own->object = OBJECT_STAYS;
	else
		own->object = is_tmpfs(o, st.stx_dev_major, st.stx_dev_minor) ? OBJECT_ENDS
									      : OBJECT_UNKNOWN;
	own->object_bytes = st.stx_blocks * BLOCK;
	return true;
}

static void open_and_look(struct objects *o, const struct mapping *m, struct ownership *own)
{
	static const char folder[] = "task/";
	const char *thread = strstr(o->dir->prefix, folder);
	/* The directory of a thread has no map_files; but /proc/TID, which is not listed, has. */
	const struct procdir dir = {thread ? o->root.fd : o->dir->fd,
				    thread ? thread + strlen(folder) : o->dir->prefix,
				    o->dir->is_captured, NULL};
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%smap_files/%" PRIx64 "-%" PRIx64, dir.prefix, m->start,
		 m->end);
	own->object = OBJECT_MAY_END;
	/* O_PATH only refers to the file, without opening it. */
	fd = openat(dir.fd, path, O_PATH | O_CLOEXEC);
	if (fd < 0 || !look_at_file(o, fd, own))
		io_note(o->io, errno);
	if (fd >= 0)
		close(fd);
}

static void look_at(struct objects *o, const struct mapping *m, struct ownership *own)
{
	bool sysv = is_sysv(m->name);

	own->object = OBJECT_STAYS;
	if (!may_end(m))
		return;
	own->object_id = (struct object_id){m->dev_major, m->dev_minor,
					    m->inode | (sysv ? OBJECT_ID_SYSV : 0)};
	if (sysv && has_other_ids(o))
		own->object = OBJECT_UNKNOWN;
	else if (!sysv || is_removed(o, m->inode))
		open_and_look(o, m, own);
}

static int take(void *ctx, const struct mapping *m, struct error *e)
{
	struct objects *o = ctx;
	struct mapping seen = *m;

	look_at(o, m, &seen.ownership);
	return stage_take(o->next, &seen, e);
}

/* Descriptors. */

/* System V segments have no descriptors. */
static bool may_be_object(struct slice name)
{
	return slice_ends(name, DELETED) && !slice_begins(name, SYSV);
}

static bool add_held(struct objects *o, struct held_objects *held, const struct statx *st)
{
	enum { FIRST = 16 };

	if (held->count == o->held_capacity) {
		size_t capacity = o->held_capacity ? 2 * o->held_capacity : FIRST;
		struct object_id *larger = reallocarray(o->held, capacity, sizeof(*larger));

		if (!larger)
			return false;
		o->held = larger;
		o->held_capacity = capacity;
	}
	o->held[held->count++] =
		(struct object_id){st->stx_dev_major, st->stx_dev_minor, st->stx_ino};
	return true;
}

/* False if it cannot be known what is open. */
static bool look_at_descriptor(struct objects *o, int folder, const char *number,
			       struct held_objects *held)
{
	char name[PATH_MAX];
	ssize_t n = readlinkat(folder, number, name, sizeof(name));
	struct statx st;

	if (n <= 0 || !may_be_object((struct slice){name, (size_t)n}))
		return n > 0 || errno == ENOENT;
	if (statx(folder, number, AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_INO | STATX_NLINK,
		  &st) < 0)
		return errno == ENOENT;
	return st.stx_nlink > 0 || add_held(o, held, &st);
}

void objects_held(struct objects *o, const struct procdir *dir, struct held_objects *held)
{
	const struct dirent *entry;
	char path[64];
	int folder;
	DIR *list;

	*held = (struct held_objects){.known = true};
	snprintf(path, sizeof(path), "%sfd", dir->prefix);
	folder = openat(dir->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	list = folder < 0 ? NULL : fdopendir(folder);
	if (!list) {
		io_note(o->io, errno);
		held->known = false;
		if (folder >= 0)
			close(folder);
		return;
	}
	while ((entry = readdir(list))) {
		if (entry->d_name[0] != '.')
			held->known &= look_at_descriptor(o, folder, entry->d_name, held);
	}
	closedir(list);
	held->list = o->held;
}

bool objects_may_be_with(const struct source *s, pid_t pid)
{
	char prefix[32] = "", text[4096];
	const struct procdir dir = source_dir(s, prefix);
	uint64_t bytes;
	ssize_t n;

	snprintf(prefix, sizeof(prefix), "%d/", pid);
	n = procdir_read(&dir, "status", text, sizeof(text));
	return n > 0 &&
	       !(parse_meminfo((struct slice){text, (size_t)n}, SLICE("RssShmem"), &bytes) &&
		 bytes == 0);
}

struct objects *objects_new(struct io *io, const struct procdir *root)
{
	struct objects *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->io = io;
	o->root = *root;
	if (backing_of_memfds(&o->own))
		return o;
	free(o);
	return NULL;
}

void objects_free(struct objects *o)
{
	if (!o)
		return;
	free(o->removed);
	free(o->held);
	free(o);
}

struct stage objects_begin(struct objects *o, const struct procdir *dir, struct stage next)
{
	o->dir = dir;
	o->next = next;
	return (struct stage){take, o};
}
