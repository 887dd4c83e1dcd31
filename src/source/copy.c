#include "source/copy.h"

#include "base/textstream.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

void copy_clear(struct copy *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->list[i].bytes);
	free(c->smaps.bytes);
	if (c->names && textstream_close(c->names, &c->names_bytes))
		free(c->names_bytes);
	*c = (struct copy){.count = 0};
}

static void add(struct copy *c, const char *name, bool is_link, char *bytes, size_t size)
{
	if (c->count == COPIED_FILES_MAX) {
		free(bytes);
		return;
	}
	c->list[c->count++] = (struct copied_file){name, is_link, bytes, size};
}

char *copy_read_open(int fd, size_t *size)
{
	enum { PART = 4096 };
	size_t used = 0, capacity = 0;
	char *bytes = NULL;
	ssize_t n;

	do {
		if (capacity - used < PART) {
			size_t more = capacity ? 2 * capacity : (size_t)2 * PART;
			char *larger = realloc(bytes, more);

			if (!larger) {
				free(bytes);
				return NULL;
			}
			bytes = larger;
			capacity = more;
		}
		n = TEMP_FAILURE_RETRY(read(fd, bytes + used, capacity - used));
		if (n < 0) {
			free(bytes);
			return NULL;
		}
		used += (size_t)n;
	} while (n > 0);
	*size = used;
	return bytes;
}

char *copy_read(const struct procdir *dir, const char *name, size_t *size)
{
	int fd = procdir_open(dir, name), error;
	char *bytes;

	if (fd < 0)
		return NULL;
	bytes = copy_read_open(fd, size);
	error = errno;
	close(fd);
	errno = error;
	return bytes;
}

bool copy_is_lost(int number)
{
	return number == EMFILE || number == ENFILE || number == EIO || number == ENOMEM;
}

static void note_lost(struct copy *c, const char *name)
{
	c->no_memory |= errno == ENOMEM;
	if (c->lost || !copy_is_lost(errno))
		return;
	c->lost = name;
	c->why = errno;
}

void copy_file(struct copy *c, const struct procdir *dir, const char *name)
{
	size_t size;
	char *bytes = copy_read(dir, name, &size);

	if (bytes)
		add(c, name, false, bytes, size);
	else
		note_lost(c, name);
}

void copy_link(struct copy *c, const struct procdir *dir, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = procdir_readlink(dir, name, target, sizeof(target));
	char *bytes = n > 0 ? strndup(target, (size_t)n) : NULL;

	if (bytes)
		add(c, name, true, bytes, (size_t)n);
	else
		note_lost(c, name);
}

void copy_bytes(struct copy *c, const char *name, char *bytes, size_t size)
{
	add(c, name, false, bytes, size);
}

void copy_smaps(struct copy *c, const char *bytes, size_t size)
{
	enum { FIRST = 64 * 1024 };
	struct copied_text *t = &c->smaps;

	if (c->no_memory)
		return;
	if (size > t->capacity - t->size) {
		size_t capacity = t->capacity ? 2 * t->capacity + size : FIRST + size;
		char *larger = realloc(t->bytes, capacity);

		if (!larger) {
			c->no_memory = true;
			return;
		}
		t->bytes = larger;
		t->capacity = capacity;
	}
	memcpy(t->bytes + t->size, bytes, size);
	t->size += size;
}

FILE *copy_names(struct copy *c)
{
	if (!c->names)
		c->names = textstream_open(&c->names_bytes, &c->names_size);
	c->no_memory |= !c->names;
	return c->names;
}

void copy_finish(struct copy *c)
{
	char *smaps = c->smaps.bytes ? c->smaps.bytes : strdup("");

	if (smaps)
		add(c, "smaps", false, smaps, c->smaps.size);
	c->no_memory |= !smaps;
	c->smaps = (struct copied_text){NULL, 0, 0};
	if (!c->names)
		return;
	if (textstream_close(c->names, &c->names_bytes))
		add(c, "kept-names", false, c->names_bytes, c->names_size);
	else
		c->no_memory = true;
	c->names = NULL;
}

const struct copied_file *copy_find(const struct copy *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++) {
		if (strcmp(c->list[i].name, name) == 0)
			return &c->list[i];
	}
	return NULL;
}
