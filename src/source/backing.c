#include "source/backing.h"

#include "label/layout.h"
#include "parse/mountinfo.h"
#include "parse/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

void backing_init(struct backing_devices *b, struct io *io, bool is_live)
{
	*b = (struct backing_devices){.io = io, .is_live = is_live};
}

void backing_free(struct backing_devices *b)
{
	free(b->devices);
}

/* A memfd of our own says it. 0, or -1 with errno. */
static int ask_memfd(dev_t *device)
{
	int fd = memfd_create(LAYOUT_MEMFD, MFD_CLOEXEC), error;
	struct stat st;
	bool found = fd >= 0 && fstat(fd, &st) == 0;

	error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	if (!found)
		return -1;
	*device = st.st_dev;
	return 0;
}

/* A mapping of our own, which begins at an address. */
static bool find_device(FILE *maps, const void *address, dev_t *device)
{
	char text[512];

	while (fgets(text, sizeof(text), maps)) {
		struct slice line = slice_of(text);
		uint64_t start, major, minor;

		if (take_hex(&line, &start) == 0 || start != (uintptr_t)address)
			continue;
		for (int words = 0; words < 3; words++) /* the end, access rights, offset */
			take_word(&line);
		if (take_hex(&line, &major) == 0 || !take_byte(&line, ':') ||
		    take_hex(&line, &minor) == 0)
			return false;
		*device = makedev((unsigned)major, (unsigned)minor);
		return true;
	}
	return false;
}

/* Shared memory without a file lies there too; for kernels and sandboxes without memfds. */
static bool ask_maps(dev_t *device)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory = mmap(NULL, page, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	FILE *maps = memory == MAP_FAILED ? NULL : fopen("/proc/self/maps", "re");
	bool found = maps && find_device(maps, memory, device);

	if (maps)
		fclose(maps);
	if (memory != MAP_FAILED)
		munmap(memory, page);
	return found;
}

bool backing_of_memfds(dev_t *device)
{
	int error;

	if (ask_memfd(device) == 0)
		return true;
	error = errno;
	if (ask_maps(device))
		return true;
	errno = error;
	return false;
}

/* NULL if not seen before. */
static struct device_backing *find(struct backing_devices *b, uint32_t major, uint32_t minor)
{
	for (size_t i = 0; i < b->count; i++) {
		struct device_backing *d = &b->devices[(b->last + i) % b->count];

		if (d->minor == minor && d->major == major) {
			b->last = (size_t)(d - b->devices);
			return d;
		}
	}
	return NULL;
}

/* A file system may be mounted several times. */
static bool add(struct backing_devices *b, uint32_t major, uint32_t minor, enum backing backing)
{
	struct device_backing *d = find(b, major, minor);

	if (d) {
		if (d->backing == BACKING_SHMEM)
			d->backing = backing;
		return true;
	}
	if (b->count == b->capacity) {
		size_t capacity = b->capacity ? 2 * b->capacity : 32;

		d = reallocarray(b->devices, capacity, sizeof(*d));
		if (!d)
			return false;
		b->devices = d;
		b->capacity = capacity;
	}
	b->devices[b->count++] = (struct device_backing){major, minor, backing};
	return true;
}

/* In containers, /dev is a tmpfs instead of a devtmpfs. */
static enum backing backing_of(const struct mount *mount)
{
	if (slice_equals(mount->type, SLICE("devtmpfs")))
		return BACKING_DEVICES;
	if (!slice_equals(mount->type, SLICE("tmpfs")))
		return BACKING_OTHER;
	return slice_ends(mount->point, SLICE("/dev")) ? BACKING_DEVICES : BACKING_SHMEM;
}

/* Only file systems without a block device; the others need no lookup. */
static bool read_mounts(struct backing_devices *b)
{
	struct slice text = io_slurp(b->io, b->dir, "mountinfo");
	struct mount mount;
	bool added = true;

	while (added && take_mount(&text, &mount)) {
		if (mount.dev_major == 0)
			added = add(b, 0, mount.dev_minor, backing_of(&mount));
	}
	return added;
}

static bool read_devices(struct backing_devices *b)
{
	dev_t device;

	b->mounts_read = true;
	if (b->is_live && b->count == 0 && backing_of_memfds(&device) &&
	    !add(b, major(device), minor(device), BACKING_SHMEM))
		return false;
	return read_mounts(b);
}

static uint64_t space_of(struct backing_devices *b, const struct mapping *m)
{
	if (!segment_is_sysv(m))
		return SPACE_NONE;
	if (b->space == SPACE_NONE)
		b->space = segment_space(b->dir);
	return b->space;
}

static bool has_path(const struct mapping *m)
{
	return m->name.len > 0 && (m->name.ptr[0] == '/' || m->name.ptr[0] == '(');
}

static int take(void *ctx, const struct mapping *m, struct error *e)
{
	struct backing_devices *b = ctx;
	const struct device_backing *d;
	struct mapping found;

	if (m->dev_major != 0 || !mapping_has_inode(m) || !has_path(m))
		return stage_take(b->next, m, e);
	b->looked_up = true;
	d = find(b, 0, m->dev_minor);
	if (!d && !b->mounts_read) {
		if (!read_devices(b))
			return error_memory(e);
		d = find(b, 0, m->dev_minor);
	}
	if (!d && !segment_is_sysv(m))
		return stage_take(b->next, m, e);
	found = *m;
	found.backing = d ? d->backing : BACKING_UNKNOWN;
	found.space = space_of(b, m);
	return stage_take(b->next, &found, e);
}

struct stage backing_begin(struct backing_devices *b, const struct procdir *dir, struct stage next)
{
	b->dir = dir;
	b->next = next;
	b->mounts_read = b->looked_up = false;
	b->space = SPACE_NONE;
	return (struct stage){take, b};
}
