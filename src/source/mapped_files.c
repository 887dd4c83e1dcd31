#include "source/mapped_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILES = 512,
	NAMES = 64 * 1024,
	BLOCKS = 16, /* cached bytes of files, because tables are read in small pieces */
	BLOCK = 4096,
};

struct mapped_files {
	struct io *io;
	const struct procdir *dir;
	struct smaps_parser *parser;
	bool loaded;
	struct file {
		struct memory_object object;
		uint32_t path; /* offset in `paths`, ends with \0 */
		bool has_code;
	} files[FILES];
	size_t count, used;
	char paths[NAMES];
	struct block {
		size_t used; /* 0 for none */
		uint32_t file;
		uint64_t offset;
		char bytes[BLOCK];
	} blocks[BLOCKS];
	unsigned last_block;
	uint32_t open; /* index of the open file, if fd is one */
	int fd;
};

static bool is_of(const struct file *f, const struct mapping *m)
{
	return f->object.inode == m->inode && f->object.dev_major == m->dev_major &&
	       f->object.dev_minor == m->dev_minor;
}

static void add(struct mapped_files *f, const struct mapping *m)
{
	struct file *file = &f->files[f->count];

	if (f->count == FILES || m->name.len >= NAMES - f->used)
		return;
	*file = (struct file){.object = {.start = m->start,
					 .inode = m->inode,
					 .dev_major = m->dev_major,
					 .dev_minor = m->dev_minor,
					 .number = (uint32_t)f->count},
			      .path = (uint32_t)f->used};
	memcpy(f->paths + f->used, m->name.ptr, m->name.len);
	f->paths[f->used + m->name.len] = '\0';
	f->used += m->name.len + 1;
	f->count++;
}

static int take(void *ctx, const struct mapping *m, struct error *e)
{
	struct mapped_files *f = ctx;
	struct file *last = f->count ? &f->files[f->count - 1] : NULL;

	(void)e;
	if (!mapping_has_inode(m) || m->name.len == 0 || m->name.ptr[0] != '/')
		return 0;
	if (m->offset == 0 && !(last && is_of(last, m)))
		add(f, m);
	last = f->count ? &f->files[f->count - 1] : NULL;
	if (m->perms[2] == 'x' && m->perms[3] == 'p' && last && is_of(last, m))
		last->has_code = true;
	return 0;
}

static bool parse(struct mapped_files *f, int fd, enum smaps_kind kind)
{
	struct error e;
	ssize_t n;

	smaps_begin(f->parser, kind, (struct stage){take, f});
	do {
		size_t room;
		char *to = smaps_reserve(f->parser, &room);

		n = to ? TEMP_FAILURE_RETRY(read(fd, to, room)) : -1;
		if (n < 0 || (n > 0 && smaps_feed(f->parser, (size_t)n, &e) < 0))
			return false;
	} while (n > 0);
	return smaps_end(f->parser, &e) == 0;
}

static bool load_from(struct mapped_files *f, const char *name, enum smaps_kind kind)
{
	int fd = io_open(f->io, f->dir, name);

	if (fd < 0)
		return false;
	parse(f, fd, kind);
	close(fd);
	return true;
}

/* A capture may contain only smaps. */
static void load(struct mapped_files *f)
{
	f->loaded = true;
	if (!load_from(f, "maps", SMAPS_HEADERS) && f->dir->is_captured)
		load_from(f, "smaps", SMAPS_MAPPINGS);
}

struct mapped_files *mapped_files_new(struct io *io)
{
	struct mapped_files *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->io = io;
	f->fd = -1;
	f->parser = smaps_new();
	if (f->parser)
		return f;
	free(f);
	return NULL;
}

static void close_file(struct mapped_files *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

void mapped_files_free(struct mapped_files *f)
{
	if (!f)
		return;
	close_file(f);
	smaps_free(f->parser);
	free(f);
}

void mapped_files_begin(struct mapped_files *f, const struct procdir *dir)
{
	close_file(f);
	f->dir = dir;
	f->loaded = false;
	f->count = f->used = 0;
	for (size_t i = 0; i < BLOCKS; i++)
		f->blocks[i].used = 0;
}

/* The first code in the address space is the program, unless it is shared. */
bool mapped_files_find(struct mapped_files *f, struct slice name, struct memory_object *object)
{
	if (!f->loaded)
		load(f);
	for (size_t i = 0; i < f->count; i++) {
		const char *slash = strrchr(f->paths + f->files[i].path, '/');

		if (!f->files[i].has_code || !slice_begins(slice_of(slash + 1), name))
			continue;
		*object = f->files[i].object;
		return true;
	}
	return false;
}

/* The path may lead to another file by now, a device for instance, so it is opened only after a
 * check. Files on overlayfs have other inode numbers in maps. */
static int open_path(const struct mapped_files *f, const struct file *file)
{
	char path[PATH_MAX], link[32];
	struct stat st;
	int fd, path_fd;

	if (snprintf(path, sizeof(path), "%sroot%s", f->dir->prefix, f->paths + file->path) >=
	    (int)sizeof(path))
		return -1;
	path_fd = (int)TEMP_FAILURE_RETRY(openat(f->dir->fd, path, O_PATH | O_CLOEXEC));
	if (path_fd < 0)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", path_fd);
	fd = fstat(path_fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_ino == file->object.inode
		     ? (int)TEMP_FAILURE_RETRY(open(link, O_RDONLY | O_NOCTTY | O_CLOEXEC))
		     : -1;
	close(path_fd);
	return fd;
}

static bool is_program(struct mapped_files *f, const struct file *file)
{
	struct memory_object program;

	return mapped_files_find(f, SLICE(""), &program) && program.start == file->object.start;
}

static bool open_file(struct mapped_files *f, const struct memory_object *object)
{
	const struct file *file = &f->files[object->number];

	if (f->fd >= 0 && f->open == object->number)
		return true;
	close_file(f);
	f->open = object->number;
	f->fd = is_program(f, file) ? io_open(f->io, f->dir, "exe") : open_path(f, file);
	return f->fd >= 0;
}

static struct block *find_block(struct mapped_files *f, uint32_t file, uint64_t offset)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		struct block *b = &f->blocks[i];

		if (b->used && b->file == file && b->offset == offset)
			return b;
	}
	return NULL;
}

/* Replaces the block that was read first. */
static struct block *read_block(struct mapped_files *f, const struct memory_object *object,
				uint64_t offset)
{
	struct block *b = &f->blocks[f->last_block = (f->last_block + 1) % BLOCKS];
	ssize_t n = open_file(f, object)
			    ? TEMP_FAILURE_RETRY(pread(f->fd, b->bytes, BLOCK, (off_t)offset))
			    : -1;

	b->used = n > 0 ? (size_t)n : 0;
	b->file = object->number;
	b->offset = offset;
	return b->used ? b : NULL;
}

bool mapped_files_read(struct mapped_files *f, const struct memory_object *object, uint64_t offset,
		       void *to, size_t size)
{
	uint64_t in_block = offset % BLOCK;
	struct block *b;

	if (object->number >= f->count || f->dir->is_captured || offset > INT64_MAX)
		return false;
	if (size > BLOCK - in_block)
		return open_file(f, object) &&
		       TEMP_FAILURE_RETRY(pread(f->fd, to, size, (off_t)offset)) == (ssize_t)size;
	b = find_block(f, object->number, offset - in_block);
	if (!b)
		b = read_block(f, object, offset - in_block);
	if (!b || in_block + size > b->used)
		return false;
	memcpy(to, b->bytes + in_block, size);
	return true;
}
