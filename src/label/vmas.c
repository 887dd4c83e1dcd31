#include "label/vmas.h"

#include "label/layout.h"
#include "label/syscalls.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* From the kernel's include/uapi/linux/fs.h; Debian 12 has headers from before 6.11. */
struct query {
	uint64_t size, flags, address;
	uint64_t start, end, vma_flags, page_size, offset, inode;
	uint32_t major, minor;
	uint32_t name_size, build_id_size;
	uint64_t name, build_id;
};
#define QUERY	      _IOWR('f', 17, struct query)
#define QUERY_OR_NEXT 0x10

enum { NAME_ROOM = 320 }; /* a memfd's name has at most 249 bytes; longer names are paths */

/* What is known about a mapping before its kind is. */
struct facts {
	uint64_t inode;
	uint64_t major, minor;
	const char *name; /* "" if there is none, or it is too long to matter */
};

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The device of all shared anonymous memory; 0 if it cannot be determined. */
static dev_t shmem_device(void)
{
	static _Atomic dev_t device;
	dev_t known = atomic_load(&device);
	struct stat st;
	int fd;

	if (known)
		return known;
	fd = memfd_create(LAYOUT_MEMFD, MFD_CLOEXEC);
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0)
		atomic_store(&device, st.st_dev);
	sys_close(fd);
	return atomic_load(&device);
}

static enum vma_kind kind_of(const struct facts *f)
{
	static const char *const own[] = {"[heap]", "[stack", "[anon:", NULL};
	dev_t device;

	if (!f->inode && !f->major && !f->minor) {
		for (int i = 0; own[i]; i++) {
			if (begins(f->name, own[i]))
				return VMA_ANON;
		}
		return f->name[0] ? VMA_SPECIAL : VMA_ANON;
	}
	device = shmem_device();
	if (f->major != major(device) || f->minor != minor(device))
		return VMA_FILE;
	if (strcmp(f->name, LAYOUT_SHOWN) == 0)
		return VMA_TABLE;
	if (begins(f->name, "/memfd:") || begins(f->name, "[anon_shmem:") ||
	    strcmp(f->name, "/dev/zero (deleted)") == 0)
		return VMA_SHMEM;
	return VMA_FILE; /* System V shared memory, and mappings by drivers */
}

bool vmas_open(struct vmas *v, bool text)
{
	v->text = text;
	v->used = v->filled = 0;
	/* Not /proc/self, which shows nothing once the main thread has ended. */
	v->fd = sys_open("/proc/thread-self/maps");
	return v->fd >= 0;
}

void vmas_close(struct vmas *v)
{
	sys_close(v->fd);
}

/* 1, 0 if there is no mapping, or -1 if this kernel does not support the query. */
static int ask(const struct vmas *v, uint64_t address, struct vma *vma)
{
	char name[NAME_ROOM] =
		""; /* initialized for valgrind, which does not know that it is written */
	struct query q = {
		.size = sizeof(q),
		.flags = QUERY_OR_NEXT,
		.address = address,
		.name_size = sizeof(name),
		.name = (uint64_t)(uintptr_t)name,
	};
	struct facts facts;

	if (ioctl(v->fd, QUERY, &q) < 0) {
		if (errno != ENAMETOOLONG)
			return errno == ENOENT ? 0 : -1;
		q.name_size = 0;
		q.name = 0;
		if (ioctl(v->fd, QUERY, &q) < 0)
			return errno == ENOENT ? 0 : -1;
	}
	if (q.name_size == 0)
		name[0] = '\0';
	facts = (struct facts){q.inode, q.major, q.minor, name};
	*vma = (struct vma){q.start, q.end, VMA_FILE, q.inode};
	vma->kind = kind_of(&facts);
	return 1;
}

/* Takes a byte of the text; -1 at the end. */
static int take_byte(struct vmas *v)
{
	ssize_t n;

	if (v->used == v->filled) {
		do
			n = sys_read(v->fd, v->buffer, sizeof(v->buffer));
		while (n < 0 && errno == EINTR);
		if (n <= 0)
			return -1;
		v->used = 0;
		v->filled = (size_t)n;
	}
	return (unsigned char)v->buffer[v->used++];
}

/* Takes a number and the byte after it; returns that byte, or -1. */
static int take_number(struct vmas *v, unsigned base, uint64_t *number)
{
	int byte;

	*number = 0;
	while ((byte = take_byte(v)) >= 0) {
		unsigned digit = byte >= '0' && byte <= '9'   ? (unsigned)byte - '0'
				 : byte >= 'a' && byte <= 'f' ? (unsigned)byte - 'a' + 10
							      : base;

		if (digit >= base)
			break;
		*number = *number * base + digit;
	}
	return byte;
}

/* Takes the rest of a line without leading blanks; "" if it is too long. */
static void take_name(struct vmas *v, int byte, char name[NAME_ROOM])
{
	size_t n = 0;

	while (byte == ' ')
		byte = take_byte(v);
	for (; byte >= 0 && byte != '\n'; byte = take_byte(v)) {
		if (n < NAME_ROOM)
			name[n++] = (char)byte;
	}
	name[n < NAME_ROOM ? n : 0] = '\0';
}

/* "start-end rw-p offset major:minor inode   name" */
static bool take_line(struct vmas *v, struct vma *vma)
{
	char name[NAME_ROOM];
	struct facts facts;
	uint64_t offset;
	int byte;

	if (take_number(v, 16, &vma->start) != '-' || take_number(v, 16, &vma->end) != ' ')
		return false;
	do
		byte = take_byte(v);
	while (byte >= 0 && byte != ' ');
	if (take_number(v, 16, &offset) != ' ' || take_number(v, 16, &facts.major) != ':' ||
	    take_number(v, 16, &facts.minor) != ' ')
		return false;
	byte = take_number(v, 10, &facts.inode);
	take_name(v, byte, name);
	facts.name = name;
	vma->inode = facts.inode;
	vma->kind = kind_of(&facts);
	return strcmp(name, "[vsyscall]") != 0; /* the last line; not memory of the process */
}

bool vmas_next(struct vmas *v, uint64_t address, struct vma *vma)
{
	int found = v->text ? -1 : ask(v, address, vma);

	if (found >= 0)
		return found;
	v->text = true;
	while (take_line(v, vma)) {
		if (vma->end > address)
			return true;
	}
	return false;
}
