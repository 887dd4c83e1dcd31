#include "source/pack.h"

#include "source/libarchive.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct pack {
	struct archive *archive;
	struct archive_entry *entry;
	int fd;
	time_t time; /* of all members */
	uint64_t bytes;
};

bool pack_find_form(const char *path, enum pack_form *form)
{
	static const struct {
		struct slice end;
		enum pack_form form;
	} forms[] = {
		{SLICE_INIT(".tar"), PACK_TAR},	  {SLICE_INIT(".tar.gz"), PACK_GZIP},
		{SLICE_INIT(".tgz"), PACK_GZIP},  {SLICE_INIT(".tar.zst"), PACK_ZSTD},
		{SLICE_INIT(".tar.xz"), PACK_XZ},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (slice_ends(slice_of(path), forms[i].end)) {
			*form = forms[i].form;
			return true;
		}
	}
	return false;
}

static ssize_t write_bytes(struct archive *a, void *ctx, const void *bytes, size_t size)
{
	struct pack *p = ctx;
	ssize_t n = TEMP_FAILURE_RETRY(write(p->fd, bytes, size));

	if (n < 0)
		la.archive_set_error(a, errno, "%s", "cannot write");
	else
		p->bytes += (uint64_t)n;
	return n;
}

static int fail(struct pack *p, struct error *e)
{
	const char *why = la.archive_error_string(p->archive);

	errno = la.archive_errno(p->archive);
	if (errno == ENOMEM)
		return error_memory(e);
	if (errno > 0)
		return error_errno(e, "cannot write the capture");
	return error_set(e, ERROR_SYSTEM, "cannot write the capture: %s",
			 why ? why : "unknown reason");
}

static int open_archive(struct pack *p, enum pack_form form, struct error *e)
{
	struct archive *a = p->archive;
	int status = la.archive_write_set_format_gnutar(a);

	if (status == ARCHIVE_OK && form == PACK_GZIP)
		status = la.archive_write_add_filter_gzip(a);
	if (status == ARCHIVE_OK && form == PACK_ZSTD)
		status = la.archive_write_add_filter_zstd(a);
	if (status == ARCHIVE_OK && form == PACK_XZ)
		status = la.archive_write_add_filter_xz(a);
	if (status == ARCHIVE_OK)
		status = la.archive_write_set_bytes_in_last_block(a, 1);
	if (status == ARCHIVE_OK)
		status = la.archive_write_open(a, p, NULL, write_bytes, NULL);
	return status == ARCHIVE_OK ? 0 : fail(p, e);
}

int pack_load(struct error *e)
{
	return libarchive_load(e);
}

struct pack *pack_new(int fd, enum pack_form form, struct error *e)
{
	struct pack *p;

	if (pack_load(e) < 0)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (p) {
		p->fd = fd;
		p->time = time(NULL);
		p->archive = la.archive_write_new();
		p->entry = la.archive_entry_new();
	}
	if (!p || !p->archive || !p->entry) {
		error_memory(e);
		pack_free(p);
		return NULL;
	}
	if (open_archive(p, form, e) == 0)
		return p;
	pack_free(p);
	return NULL;
}

/* libarchive warns of a link target that it cannot convert. */
int pack_add(struct pack *p, const char *folder, const char *name, bool is_link, struct slice bytes,
	     struct error *e)
{
	char path[PATH_MAX], target[PATH_MAX];
	struct archive_entry *entry = la.archive_entry_clear(p->entry);

	if (snprintf(path, sizeof(path), "%s%s%s", folder, *folder ? "/" : "", name) >= PATH_MAX)
		return 0;
	la.archive_entry_copy_pathname(entry, path);
	la.archive_entry_set_mtime(entry, p->time, 0);
	la.archive_entry_set_perm(entry, is_link ? 0777 : 0600);
	if (is_link) {
		snprintf(target, sizeof(target), "%.*s", (int)bytes.len, bytes.ptr);
		la.archive_entry_set_filetype(entry, AE_IFLNK);
		la.archive_entry_copy_symlink(entry, target);
		la.archive_entry_set_size(entry, 0);
	} else {
		la.archive_entry_set_filetype(entry, AE_IFREG);
		la.archive_entry_set_size(entry, (int64_t)bytes.len);
	}
	if (la.archive_write_header(p->archive, entry) < ARCHIVE_WARN)
		return fail(p, e);
	if (!is_link && bytes.len > 0 &&
	    la.archive_write_data(p->archive, bytes.ptr, bytes.len) != (ssize_t)bytes.len)
		return fail(p, e);
	return 0;
}

int pack_finish(struct pack *p, struct error *e)
{
	return la.archive_write_close(p->archive) == ARCHIVE_OK ? 0 : fail(p, e);
}

void pack_free(struct pack *p)
{
	if (!p)
		return;
	if (p->archive)
		la.archive_write_fail(p->archive);
	la.archive_write_free(p->archive);
	la.archive_entry_free(p->entry);
	free(p);
}

uint64_t pack_bytes(const struct pack *p)
{
	return p->bytes;
}
