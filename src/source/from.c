/*
 * What the user named, whatever it is: it is opened at first, and by what is in it becomes a source
 * of one kind or another. To read something new, add a row to `kinds`.
 */
#include "parse/number.h"
#include "source/handle.h"
#include "source/shared_memory.h"
#include "source/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HEAD = 4096,
	PACKED_MAX = 3, /* compressed files within archives, and so on */
};

/* What the user named, or what was unpacked from it. */
struct content {
	const char *path; /* as the user named it */
	int fd;		  /* a folder, or a file at its start; else -1 */
	bool is_folder;
	struct slice head;	 /* first bytes of a file */
	struct members *members; /* contents of an archive; else NULL */
	char bytes[HEAD];	 /* of the head */
};

/* Folders. */

static bool is_folder(const struct content *c)
{
	return c->is_folder;
}

static int take_folder(struct source *s, struct content *c, struct error *e)
{
	s->kind = SOURCE_TREE;
	s->root = c->path;
	s->root_fd = c->fd;
	c->fd = -1;
	return source_check_tree(s, e);
}

/* Archives of folders. */

static bool is_archive(const struct content *c)
{
	return c->members != NULL;
}

static int take_archive(struct source *s, struct content *c, struct error *e)
{
	s->kind = SOURCE_TREE;
	s->root = c->path;
	s->members = c->members;
	c->members = NULL;
	return source_check_tree(s, e);
}

/* JSON: its reader finds out what it describes. */

static bool is_json(const struct content *c)
{
	size_t blanks = 0;

	while (blanks < c->head.len && strchr(" \t\r\n", c->head.ptr[blanks]))
		blanks++;
	return c->fd >= 0 && blanks < c->head.len && c->head.ptr[blanks] == '{';
}

static int take_json(struct source *s, struct content *c, struct error *e)
{
	(void)e;
	s->kind = SOURCE_REPORT;
	s->fds[0] = c->fd;
	c->fd = -1;
	return 0;
}

char *source_text(const struct source *s, size_t *size, struct error *e)
{
	enum { TEXT_MAX = 256 << 20 };
	struct stat st = {.st_size = 0};
	char *text = NULL;
	ssize_t n = 1;

	*size = 0;
	if (fstat(s->fds[0], &st) < 0)
		error_errno(e, "cannot read %s", s->paths[0]);
	else if (st.st_size > TEXT_MAX)
		error_set(e, ERROR_MALFORMED, "%s is larger than 256 MiB", s->paths[0]);
	else if (!(text = malloc((size_t)st.st_size + 1)))
		error_memory(e);
	while (text && n > 0 && *size < (size_t)st.st_size) {
		n = TEMP_FAILURE_RETRY(
			pread(s->fds[0], text + *size, (size_t)st.st_size - *size, (off_t)*size));
		*size += n > 0 ? (size_t)n : 0;
	}
	if (text && n < 0) {
		error_errno(e, "cannot read %s", s->paths[0]);
		free(text);
		return NULL;
	}
	return text;
}

/* smaps files; their reader reports anything else. */

static bool is_text(const struct content *c)
{
	return c->fd >= 0 && !c->is_folder;
}

static int take_smaps(struct source *s, struct content *c, struct error *e)
{
	size_t i = 0;

	(void)e;
	s->kind = SOURCE_SMAPS;
	while (s->paths[i] != c->path)
		i++;
	s->fds[i] = c->fd;
	c->fd = -1;
	return 0;
}

/* The first kind that fits is taken. */
static const struct kind {
	bool (*fits)(const struct content *c);
	/* Hands the content over to the source: what is taken is set to -1 or NULL. 0, or -1 with
	 * *e. */
	int (*take)(struct source *s, struct content *c, struct error *e);
	bool is_alone; /* cannot be read together with others */
} kinds[] = {
	{is_folder, take_folder, true},
	{is_archive, take_archive, true},
	{is_json, take_json, true},
	{is_text, take_smaps, false},
};

static int take(struct source *s, struct content *c, struct error *e)
{
	const struct kind *kind = kinds;

	while (!kind->fits(c))
		kind++;
	if (kind->is_alone && s->path_count > 1)
		return error_set(
			e, ERROR_USAGE,
			"cannot read %s together with others: only smaps files can be combined",
			c->path);
	return kind->take(s, c, e);
}

/* Unpacking. */

/* A pipe may deliver less at first. */
static int read_head(struct content *c, struct error *e)
{
	size_t used = 0;
	ssize_t n = 1;

	while (used < HEAD && n > 0) {
		n = TEMP_FAILURE_RETRY(read(c->fd, c->bytes + used, HEAD - used));
		used += n > 0 ? (size_t)n : 0;
	}
	c->head = (struct slice){c->bytes, used};
	return n < 0 ? error_errno(e, "cannot read") : 0;
}

/* Replaces the file by these bytes. */
static int use_bytes(struct content *c, struct slice bytes, struct error *e)
{
	close(c->fd);
	c->fd = members_open_bytes(bytes);
	c->head.len = bytes.len < HEAD ? bytes.len : HEAD;
	if (c->head.len)
		memcpy(c->bytes, bytes.ptr, c->head.len);
	return c->fd < 0 ? error_errno(e, "cannot be kept in memory") : 0;
}

/* The text of an Android bug report in a zip, whose name is in main_entry.txt. */
static bool bugreport_text(const struct members *m, struct slice *bytes)
{
	struct slice entry, name;
	char path[PATH_MAX];

	if (!m || !members_file(m, "main_entry.txt", &entry) || !take_line(&entry, &name))
		return false;
	name = trim(name);
	if (name.len >= sizeof(path))
		return false;
	memcpy(path, name.ptr, name.len);
	path[name.len] = '\0';
	return members_file(m, path, bytes);
}

/* Replaces what is packed by its content. An archive of one file is that file. */
static int use_unpacked(struct content *c, struct unpacked *u, struct error *e)
{
	struct slice bytes = {u->bytes, u->size};
	int status = 0;

	if (u->bytes || members_only_file(u->members, &bytes) ||
	    bugreport_text(u->members, &bytes)) {
		status = use_bytes(c, bytes, e);
	} else {
		close(c->fd);
		c->fd = -1;
		c->members = u->members;
		u->members = NULL;
	}
	free(u->bytes);
	members_free(u->members);
	return status;
}

static int unpack_all(struct content *c, struct error *e)
{
	struct unpacked u;

	for (int i = 0; c->fd >= 0 && unpack_knows(c->head); i++) {
		if (i == PACKED_MAX)
			return error_set(e, ERROR_MALFORMED,
					 "is compressed more than %d times; decompress it first",
					 PACKED_MAX);
		if (unpack(c->head, c->fd, &u, e) < 0 || use_unpacked(c, &u, e) < 0)
			return -1;
	}
	return 0;
}

/* A pipe cannot be read twice, so its content is kept in memory. */
static int look_at_file(struct content *c, bool is_file, struct error *e)
{
	struct unpacked u;

	if (read_head(c, e) < 0 || unpack_all(c, e) < 0)
		return -1;
	if (c->members || lseek(c->fd, 0, SEEK_SET) == 0)
		return 0;
	if (is_file)
		return error_errno(e, "cannot seek");
	return unpack_plain(c->head, c->fd, &u, e) < 0 ? -1 : use_unpacked(c, &u, e);
}

static int look_at(struct content *c, struct error *e)
{
	struct stat st;

	if (fstat(c->fd, &st) < 0)
		return error_errno(e, "cannot look at it");
	c->is_folder = S_ISDIR(st.st_mode);
	return c->is_folder ? 0 : look_at_file(c, S_ISREG(st.st_mode), e);
}

static int load(struct source *s, size_t i, struct error *e)
{
	struct content c = {.path = s->paths[i], .fd = s->fds[i]};
	int status;

	s->fds[i] = -1;
	status = look_at(&c, e);
	if (status < 0)
		error_prefix(e, "%s", strcmp(c.path, "-") == 0 ? "standard input" : c.path);
	else
		status = take(s, &c, e);
	if (c.fd >= 0)
		close(c.fd);
	members_free(c.members);
	return status;
}

int source_load(struct source *s, struct error *e)
{
	int status = 0;

	for (size_t i = 0; s->is_unknown && i < s->path_count && status == 0; i++)
		status = load(s, i, e);
	s->is_unknown = false;
	return status;
}

/* Files are examined in the sandbox, where no library can be loaded any more. */
static void prepare_to_unpack(const struct source *s)
{
	struct stat st;

	for (size_t i = 0; i < s->path_count; i++) {
		if (fstat(s->fds[i], &st) < 0 || !S_ISDIR(st.st_mode)) {
			unpack_load();
			return;
		}
	}
}

static int open_one(const char *path)
{
	if (strcmp(path, "-") == 0)
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	return (int)TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC));
}

struct source *source_open_from(char *const *paths, size_t count, struct error *e)
{
	struct source *s = source_open_files(paths, count, e);

	if (!s)
		return NULL;
	s->is_unknown = true;
	s->fds = calloc(count, sizeof(*s->fds));
	if (!s->fds) {
		error_memory(e);
		source_close(s);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		s->fds[i] = -1;
	for (size_t i = 0; i < count; i++) {
		s->fds[i] = open_one(paths[i]);
		if (s->fds[i] >= 0)
			continue;
		error_errno(e, "cannot open %s",
			    strcmp(paths[i], "-") == 0 ? "standard input" : paths[i]);
		source_close(s);
		return NULL;
	}
	prepare_to_unpack(s);
	return s;
}
