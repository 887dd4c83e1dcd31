#include "source/members.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HOPS_MAX = 16 }; /* symbolic links on the way to a file */

struct member {
	char *path;
	enum member_type type;
	size_t order; /* order in the archive */
	char *text;
	size_t size;
};

struct members {
	struct member *list; /* sorted by path, without duplicates, once settled */
	size_t count, capacity;
	uint64_t bytes;
	char base[PATH_MAX]; /* of the tree: "", or a path that ends with a slash */
};

struct members *members_new(void)
{
	return calloc(1, sizeof(struct members));
}

static void free_member(struct member *one)
{
	free(one->path);
	free(one->text);
}

void members_free(struct members *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++)
		free_member(&m->list[i]);
	free(m->list);
	free(m);
}

/* Paths. */

/* Appends the parts of `from` to the path `to`, which has `used` bytes; ".." removes one. 0, or -1
 * with errno: there is none to remove, or the path becomes too long. */
static int append_path(char to[PATH_MAX], size_t used, const char *from)
{
	while (*from) {
		size_t len = strcspn(from, "/");

		if (len == 2 && memcmp(from, "..", 2) == 0) {
			if (used == 0) {
				errno = MEMBERS_OUT_OF_TREE;
				return -1;
			}
			while (used > 0 && to[--used] != '/')
				;
		} else if (len > 0 && !(len == 1 && *from == '.')) {
			if (used + 1 + len >= PATH_MAX) {
				errno = ENAMETOOLONG;
				return -1;
			}
			if (used > 0)
				to[used++] = '/';
			memcpy(to + used, from, len);
			used += len;
		}
		from += len + (from[len] == '/');
	}
	to[used] = '\0';
	return 0;
}

static bool climbs(const char *path)
{
	for (; *path; path += strcspn(path, "/"), path += *path == '/') {
		if (strncmp(path, "..", 2) == 0 && (path[2] == '/' || path[2] == '\0'))
			return true;
	}
	return false;
}

static bool make_room(struct members *m)
{
	size_t capacity = m->capacity ? 2 * m->capacity : 256;
	struct member *larger;

	if (m->count < m->capacity)
		return true;
	larger = reallocarray(m->list, capacity, sizeof(*larger));
	if (!larger)
		return false;
	m->list = larger;
	m->capacity = capacity;
	return true;
}

static int add(struct members *m, const char *path, struct member *one, struct error *e)
{
	char clean[PATH_MAX];

	if (climbs(path))
		return error_set(e, ERROR_MALFORMED,
				 "the member \"%.200s\" leads out of the archive", path);
	if (append_path(clean, 0, path) < 0)
		return error_set(e, ERROR_MALFORMED,
				 "the path of the member \"%.200s\" is longer than %d bytes", path,
				 PATH_MAX - 1);
	if (clean[0] == '\0') /* the folder itself */
		return 1;
	if (!make_room(m) || !(one->path = strdup(clean)))
		return error_memory(e);
	one->order = m->count;
	m->list[m->count++] = *one;
	m->bytes += sizeof(*one) + strlen(clean) + one->size;
	return 0;
}

int members_add(struct members *m, const char *path, enum member_type type, char *text, size_t size,
		struct error *e)
{
	struct member one = {.type = type, .text = text, .size = size};
	int status = add(m, path, &one, e);

	if (status != 0)
		free_member(&one);
	return status < 0 ? -1 : 0;
}

/* Looking up. */

static int by_path_and_order(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(a, ((const struct member *)b)->path);
}

static const struct member *find(const struct members *m, const char *path)
{
	return m->count ? bsearch(path, m->list, m->count, sizeof(*m->list), by_path) : NULL;
}

/* The first member whose path is not smaller than this one. */
static size_t lower_bound(const struct members *m, const char *path)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(m->list[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Calls `found` with the entries of a folder, whose path ends with a slash; "" is the archive.
 */
static bool list_folder(const struct members *m, const char *folder, members_entry_fn *found,
			void *ctx)
{
	size_t len = strlen(folder), i = lower_bound(m, folder);
	char last[NAME_MAX + 1] = "";
	bool any = false;

	for (; i < m->count && strncmp(m->list[i].path, folder, len) == 0; i++) {
		const char *name = m->list[i].path + len;
		size_t n = strcspn(name, "/");

		/* Members of one entry need not be adjacent: "a", "a-b", "a/b". */
		if (n == 0 || n > NAME_MAX || (strncmp(name, last, n) == 0 && last[n] == '\0'))
			continue;
		memcpy(last, name, n);
		last[n] = '\0';
		any = true;
		if (!found(ctx, last))
			break;
	}
	return any;
}

struct top {
	char name[NAME_MAX + 1];
	size_t count; /* of different names */
	bool has_number;
};

static bool is_number(const char *name)
{
	return name[0] >= '1' && name[0] <= '9' && name[strspn(name, "0123456789")] == '\0';
}

static bool look_at_entry(void *ctx, const char *name)
{
	struct top *top = ctx;

	if (strcmp(name, top->name) != 0)
		top->count++;
	memcpy(top->name, name, strlen(name) + 1);
	top->has_number |= is_number(name);
	return true;
}

/* Descends into the folder that contains everything. One called like a process is the tree only
 * if it contains processes. */
static void find_base(struct members *m)
{
	char below[PATH_MAX];

	for (;;) {
		struct top top = {.count = 0}, inside = {.count = 0};

		list_folder(m, m->base, look_at_entry, &top);
		if (top.count != 1 || strlen(m->base) + strlen(top.name) + 2 > PATH_MAX)
			return;
		stpcpy(stpcpy(stpcpy(below, m->base), top.name), "/");
		if (!list_folder(m, below, look_at_entry, &inside) ||
		    (top.has_number && !inside.has_number))
			return;
		memcpy(m->base, below, sizeof(m->base));
	}
}

void members_settle(struct members *m)
{
	size_t kept = 0;

	if (m->count)
		qsort(m->list, m->count, sizeof(*m->list), by_path_and_order);
	for (size_t i = 0; i < m->count; i++) {
		if (i + 1 < m->count && strcmp(m->list[i].path, m->list[i + 1].path) == 0)
			free_member(&m->list[i]);
		else
			m->list[kept++] = m->list[i];
	}
	m->count = kept;
	find_base(m);
}

size_t members_count(const struct members *m)
{
	return m->count;
}

uint64_t members_bytes(const struct members *m)
{
	return m->bytes;
}

bool members_only_file(const struct members *m, struct slice *bytes)
{
	const struct member *file = NULL;

	for (size_t i = 0; i < m->count; i++) {
		if (m->list[i].type == MEMBER_FOLDER)
			continue;
		if (file || m->list[i].type != MEMBER_FILE)
			return false;
		file = &m->list[i];
	}
	if (file)
		*bytes = (struct slice){file->text, file->size};
	return file != NULL;
}

/* Replaces the link at `path`, whose own path is its first `len` bytes, by its target. 0, or -1
 * with errno. */
static int follow(const struct member *link, char path[PATH_MAX], size_t len)
{
	char target[PATH_MAX], rest[PATH_MAX];
	size_t folder = 0;

	if (link->size >= PATH_MAX || memchr(link->text, '\0', link->size)) {
		errno = ENOENT;
		return -1;
	}
	memcpy(target, link->text, link->size);
	target[link->size] = '\0';
	memcpy(rest, path + len, strlen(path + len) + 1);
	if (link->type == MEMBER_LINK) {
		const char *slash = memrchr(path, '/', len);

		if (target[0] == '/') {
			errno = MEMBERS_OUT_OF_TREE;
			return -1;
		}
		folder = slash ? (size_t)(slash - path) : 0;
	}
	if (append_path(path, folder, target) < 0)
		return -1;
	return append_path(path, strlen(path), rest);
}

static bool is_link(const struct member *one)
{
	return one && (one->type == MEMBER_LINK || one->type == MEMBER_HARD_LINK);
}

/* Follows the first link in a path: 1, 0 if there is none, or -1 with errno. */
static int follow_first(const struct members *m, char path[PATH_MAX])
{
	for (size_t len = 0; path[len];) {
		const struct member *one;
		char end;

		len += strcspn(path + len + 1, "/") + 1;
		end = path[len];
		path[len] = '\0';
		one = find(m, path);
		path[len] = end;
		if (is_link(one))
			return follow(one, path, len) < 0 ? -1 : 1;
	}
	return 0;
}

/* The member at a path of the tree; NULL with errno. */
static const struct member *resolve(const struct members *m, const char *wanted)
{
	const struct member *found;
	char path[PATH_MAX];
	int followed = 1;

	if (append_path(path, 0, m->base) < 0 || append_path(path, strlen(path), wanted) < 0)
		return NULL;
	for (int hops = 0; followed > 0; hops++) {
		if (hops == HOPS_MAX) {
			errno = ELOOP;
			return NULL;
		}
		followed = follow_first(m, path);
	}
	if (followed < 0)
		return NULL;
	if (strncmp(path, m->base, strlen(m->base)) != 0) {
		errno = MEMBERS_OUT_OF_TREE;
		return NULL;
	}
	found = find(m, path);
	errno = ENOENT;
	return found;
}

bool members_file(const struct members *m, const char *path, struct slice *bytes)
{
	const struct member *found = resolve(m, path);

	if (!found || found->type != MEMBER_FILE)
		return false;
	*bytes = (struct slice){found->text, found->size};
	return true;
}

int members_open(const struct members *m, const char *path)
{
	const struct member *found = resolve(m, path);

	if (!found)
		return -1;
	switch (found->type) {
	case MEMBER_FILE:
		return members_open_bytes((struct slice){found->text, found->size});
	case MEMBER_DEVICE:
		errno = MEMBERS_NO_FILE;
		return -1;
	case MEMBER_FOLDER:
	case MEMBER_LINK:
	case MEMBER_HARD_LINK:
		break;
	}
	errno = ENOENT;
	return -1;
}

bool members_have(const struct members *m, const char *path)
{
	return resolve(m, path) != NULL;
}

ssize_t members_readlink(const struct members *m, const char *path, char *text, size_t size)
{
	const struct member *link;
	char full[PATH_MAX];

	if (append_path(full, 0, m->base) < 0 || append_path(full, strlen(full), path) < 0)
		return -1;
	link = find(m, full);
	if (!link || link->type != MEMBER_LINK) {
		errno = link ? EINVAL : ENOENT;
		return -1;
	}
	if (link->size < size)
		size = link->size;
	memcpy(text, link->text, size);
	return (ssize_t)size;
}

bool members_list(const struct members *m, const char *folder, members_entry_fn *found, void *ctx)
{
	char path[PATH_MAX];

	if (append_path(path, 0, m->base) < 0 || append_path(path, strlen(path), folder) < 0 ||
	    strlen(path) + 2 > PATH_MAX)
		return false;
	if (path[0])
		memcpy(path + strlen(path), "/", sizeof("/"));
	return list_folder(m, path, found, ctx);
}

/* As a memfd, because readers take descriptors. */
int members_open_bytes(struct slice bytes)
{
	int fd = memfd_create("anonmem-member", MFD_CLOEXEC), error;
	ssize_t n = 1;

	if (fd < 0)
		return -1;
	while (bytes.len > 0 && n > 0) {
		n = TEMP_FAILURE_RETRY(write(fd, bytes.ptr, bytes.len));
		if (n > 0)
			bytes = slice_inner(bytes, (size_t)n, 0);
	}
	if (bytes.len == 0 && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	error = n < 0 ? errno : EIO;
	close(fd);
	errno = error;
	return -1;
}
