#include "source/unpack.h"

#include "source/libarchive.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/* A member for each file of 32,768 processes and more, and memory that most machines have. */
enum {
	MEMBERS_MAX = 1 << 20,
	PART = 64 * 1024,
	RATIO_MAX = 1000,
	MEMBER_COST = 256, /* memory a member takes beside its content */
};

#define BYTES_MAX  (UINT64_C(4) << 30)
#define RATIO_FREE (UINT64_C(64) << 20) /* always allowed, whatever the ratio */

static const struct {
	size_t at;
	struct slice bytes;
} signatures[] = {
	{0, SLICE_INIT("\x1f\x8b")},	     /* gzip */
	{0, SLICE_INIT("\xfd\x37zXZ")},	     /* xz */
	{0, SLICE_INIT("\x28\xb5\x2f\xfd")}, /* zstd */
	{0, SLICE_INIT("PK\x03\x04")},	     /* zip */
	{0, SLICE_INIT("PK\x05\x06")},	     /* zip, empty */
	{257, SLICE_INIT("ustar")},	     /* tar */
};

bool unpack_knows(struct slice head)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(*signatures); i++) {
		size_t at = signatures[i].at;

		if (head.len >= at && slice_begins(slice_inner(head, at, 0), signatures[i].bytes))
			return true;
	}
	return false;
}

/* Input. */
struct input {
	struct slice head; /* read already, followed by the rest of: */
	int fd;
	uint64_t taken;
	char part[PART];
};

static ssize_t read_input(struct archive *a, void *ctx, const void **bytes)
{
	struct input *in = ctx;
	ssize_t n;

	if (in->head.len > 0) {
		*bytes = in->head.ptr;
		n = (ssize_t)in->head.len;
		in->head.len = 0;
	} else {
		*bytes = in->part;
		n = TEMP_FAILURE_RETRY(read(in->fd, in->part, sizeof(in->part)));
		if (n < 0)
			la.archive_set_error(a, errno, "%s", "cannot read");
	}
	in->taken += n > 0 ? (uint64_t)n : 0;
	return n;
}

/* A zip archive lists its members at its end, which a pipe does not give in advance. */
static int64_t seek_input(struct archive *a, void *ctx, int64_t offset, int whence)
{
	struct input *in = ctx;
	off_t at = lseek(in->fd, offset, whence);

	if (at < 0)
		la.archive_set_error(a, errno, "%s", "cannot seek");
	return at < 0 ? ARCHIVE_FATAL : at;
}

/* Output. */
struct unpacking {
	struct archive *archive;
	struct input input;
	uint64_t bytes; /* unpacked so far, kept or not */
	struct unpacked *result;
};

static int grow(struct unpacking *u, size_t n, struct error *e)
{
	u->bytes += n;
	if (u->bytes > BYTES_MAX)
		return error_set(e, ERROR_MALFORMED,
				 "unpacks to more than %" PRIu64 " GiB; a capture is smaller",
				 BYTES_MAX >> 30);
	if (u->bytes > RATIO_FREE && u->bytes / RATIO_MAX > u->input.taken)
		return error_set(e, ERROR_MALFORMED,
				 "unpacks to more than %d times its size; a capture does not",
				 RATIO_MAX);
	return 0;
}

static int fail(struct archive *a, struct error *e)
{
	const char *why = la.archive_error_string(a);

	if (la.archive_errno(a) == ENOMEM)
		return error_memory(e);
	return error_set(e, ERROR_MALFORMED, "cannot be unpacked: %s", why ? why : "damaged");
}

/* The content of the current member. 0, or -1 with *e. */
static int read_member(struct unpacking *u, char **text, size_t *size, struct error *e)
{
	size_t used = 0, capacity = 0;
	char *bytes = NULL, *fitting;
	ssize_t n = 0;

	do {
		if (capacity - used < PART) {
			size_t more = capacity ? 2 * capacity : PART;
			char *larger = realloc(bytes, more);

			if (!larger) {
				free(bytes);
				return error_memory(e);
			}
			bytes = larger;
			capacity = more;
		}
		n = la.archive_read_data(u->archive, bytes + used, PART);
		if (n < 0 || grow(u, (size_t)n, e) < 0) {
			free(bytes);
			return n < 0 ? fail(u->archive, e) : -1;
		}
		used += (size_t)n;
	} while (n > 0);
	fitting = realloc(bytes, used + 1);
	*text = fitting ? fitting : bytes;
	*size = used;
	return 0;
}

static enum member_type type_of(struct archive_entry *entry)
{
	if (la.archive_entry_hardlink(entry))
		return MEMBER_HARD_LINK;
	switch (la.archive_entry_filetype(entry)) {
	case AE_IFREG:
		return MEMBER_FILE;
	case AE_IFDIR:
		return MEMBER_FOLDER;
	case AE_IFLNK:
		return MEMBER_LINK;
	default:
		return MEMBER_DEVICE;
	}
}

static const char *target_of(struct archive_entry *entry)
{
	const char *target = la.archive_entry_hardlink(entry);

	return target ? target : la.archive_entry_symlink(entry);
}

/* The text of a member: its content, or the target of a link. Other content is read too, so that it
 * counts. */
static int read_text(struct unpacking *u, struct archive_entry *entry, enum member_type type,
		     char **text, size_t *size, struct error *e)
{
	const char *target = target_of(entry);

	*text = NULL;
	if (read_member(u, text, size, e) < 0)
		return -1;
	if (type == MEMBER_FILE)
		return 0;
	free(*text);
	*text = target ? strdup(target) : NULL;
	*size = *text ? strlen(*text) : 0;
	if (target && !*text)
		return error_memory(e);
	return 0;
}

static int keep_member(struct unpacking *u, struct archive_entry *entry, struct error *e)
{
	const char *path = la.archive_entry_pathname(entry);
	enum member_type type = type_of(entry);
	char *text;
	size_t size;

	if (!path && !(path = la.archive_entry_pathname_utf8(entry)))
		return error_set(e, ERROR_MALFORMED, "has a member whose name is not text");
	if (members_count(u->result->members) == MEMBERS_MAX)
		return error_set(e, ERROR_MALFORMED,
				 "has more than %d members; a capture has fewer", MEMBERS_MAX);
	if (la.archive_entry_is_encrypted(entry))
		return error_set(e, ERROR_MALFORMED, "is encrypted; decrypt it first");
	if (grow(u, MEMBER_COST + strlen(path), e) < 0 ||
	    read_text(u, entry, type, &text, &size, e) < 0)
		return -1;
	return members_add(u->result->members, path, type, text, size, e);
}

/* Without members, it is a compressed file. */
static int keep_entry(struct unpacking *u, struct archive_entry *entry, struct error *e)
{
	bool is_raw = la.archive_format(u->archive) == ARCHIVE_FORMAT_RAW;

	if (is_raw && la.archive_filter_count(u->archive) == 1)
		return error_set(e, ERROR_MALFORMED,
				 "cannot be unpacked: only its beginning looks packed");
	if (is_raw)
		return read_member(u, &u->result->bytes, &u->result->size, e);
	if (!u->result->members && !(u->result->members = members_new()))
		return error_memory(e);
	return keep_member(u, entry, e);
}

static int read_entries(struct unpacking *u, struct error *e)
{
	struct archive_entry *entry;
	int status;

	while ((status = la.archive_read_next_header(u->archive, &entry)) != ARCHIVE_EOF) {
		if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
			return fail(u->archive, e);
		if (keep_entry(u, entry, e) < 0)
			return -1;
	}
	if (!u->result->members && !u->result->bytes)
		return error_set(e, ERROR_MALFORMED, "is an empty archive");
	if (u->result->members)
		members_settle(u->result->members);
	return 0;
}

static int open_archive(struct unpacking *u, struct error *e)
{
	struct archive *a = u->archive;

	la.archive_read_support_filter_gzip(a);
	la.archive_read_support_filter_xz(a);
	la.archive_read_support_filter_zstd(a);
	la.archive_read_support_format_tar(a);
	la.archive_read_support_format_zip(a);
	la.archive_read_support_format_raw(a);
	la.archive_read_set_read_callback(a, read_input);
	la.archive_read_set_callback_data(a, &u->input);
	if (lseek(u->input.fd, 0, SEEK_SET) == 0) {
		u->input.head.len = 0;
		la.archive_read_set_seek_callback(a, seek_input);
	}
	if (la.archive_read_open1(a) < ARCHIVE_WARN)
		return fail(a, e);
	return 0;
}

void unpack_load(void)
{
	struct error e;

	libarchive_load(&e);
}

int unpack(struct slice head, int fd, struct unpacked *result, struct error *e)
{
	struct unpacking *u;
	int status;

	*result = (struct unpacked){.members = NULL};
	if (libarchive_load(e) < 0)
		return -1;
	u = calloc(1, sizeof(*u));
	if (!u)
		return error_memory(e);
	u->input.head = head;
	u->input.fd = fd;
	u->result = result;
	u->archive = la.archive_read_new();
	status = u->archive ? open_archive(u, e) : error_memory(e);
	if (status == 0)
		status = read_entries(u, e);
	la.archive_read_free(u->archive);
	free(u);
	if (status == 0)
		return 0;
	members_free(result->members);
	free(result->bytes);
	*result = (struct unpacked){.members = NULL};
	return -1;
}

int unpack_plain(struct slice head, int fd, struct unpacked *u, struct error *e)
{
	size_t capacity = head.len + PART;
	ssize_t n = 1;

	*u = (struct unpacked){.bytes = malloc(capacity), .size = head.len};
	if (u->bytes && head.len)
		memcpy(u->bytes, head.ptr, head.len);
	while (u->bytes && n > 0) {
		char *larger = u->bytes;

		if (capacity - u->size < PART)
			larger = realloc(u->bytes, capacity *= 2);
		if (!larger)
			break;
		u->bytes = larger;
		n = TEMP_FAILURE_RETRY(read(fd, u->bytes + u->size, PART));
		u->size += n > 0 ? (size_t)n : 0;
		if (u->size > BYTES_MAX)
			break;
	}
	if (n == 0)
		return 0;
	if (n < 0)
		error_errno(e, "cannot read");
	else if (u->size > BYTES_MAX)
		error_set(e, ERROR_MALFORMED, "is larger than %" PRIu64 " GiB; give it as a file",
			  BYTES_MAX >> 30);
	else
		error_memory(e);
	free(u->bytes);
	u->bytes = NULL;
	return -1;
}
