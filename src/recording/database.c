#include "recording/database.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int database_failed(const struct database *d, struct error *e)
{
	int code = d->db ? sqlite3_extended_errcode(d->db) : SQLITE_NOMEM;
	int number = d->db ? sqlite3_system_errno(d->db) : 0;

	switch (code == SQLITE_IOERR_NOMEM ? SQLITE_NOMEM : code & 0xff) {
	case SQLITE_NOMEM:
		return error_memory(e);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return error_set(e, ERROR_MALFORMED, "%s is damaged, or not a recording: %s",
				 d->path, sqlite3_errmsg(d->db));
	case SQLITE_FULL:
		return error_set(e, ERROR_SYSTEM, "cannot write %s: no space left", d->path);
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		errno = number;
		if (number)
			return error_errno(e, "cannot use %s", d->path);
		/* fall through */
	default:
		return error_set(e, ERROR_SYSTEM, "cannot use %s: %s", d->path,
				 sqlite3_errmsg(d->db));
	}
}

/* The contents of a file must not make SQLite do anything but read rows. */
static int restrict_to_rows(struct database *d, struct error *e)
{
	enum { LONGEST = 1 << 20, WAIT_MS = 5000 };

	sqlite3_busy_timeout(d->db, WAIT_MS);
	sqlite3_limit(d->db, SQLITE_LIMIT_LENGTH, LONGEST);
	sqlite3_limit(d->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	return database_run(d,
			    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; "
			    "PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; "
			    "PRAGMA cache_size = -2000",
			    e);
}

static int open_file(struct database *d, const char *path, int flags, struct error *e)
{
	int code = sqlite3_open_v2(path, &d->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

	if (code != SQLITE_OK)
		return database_failed(d, e); /* there may be no handle */
	sqlite3_extended_result_codes(d->db, 1);
	return restrict_to_rows(d, e);
}

int database_open(struct database *d, const char *path, struct error *e)
{
	*d = (struct database){.path = path};
	return open_file(d, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e);
}

/* A path as SQLite's URI, to be freed by the caller. */
static char *uri_of(const char *path)
{
	size_t size = sizeof("file:?immutable=1") + 3 * strlen(path);
	char *uri = malloc(size), *end = uri;

	if (!uri)
		return NULL;
	end += sprintf(end, "file:");
	for (const char *p = path; *p; p++)
		end += strchr("%?#", *p) ? sprintf(end, "%%%02X", (unsigned char)*p)
					 : sprintf(end, "%c", *p);
	sprintf(end, "?immutable=1");
	return uri;
}

int database_find_log(const char *path, uint64_t *size, struct error *e)
{
	char log[PATH_MAX + sizeof("-wal")];
	struct stat st;

	*size = 0;
	snprintf(log, sizeof(log), "%s-wal", path);
	if (stat(log, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : error_errno(e, "cannot look for %s", log);
	*size = (uint64_t)st.st_size;
	return 1;
}

/* Opens a file that nobody writes without creating other files beside it. */
static int open_immutable(struct database *d, struct error *e)
{
	char *uri = uri_of(d->path);
	int status;

	if (!uri)
		return error_memory(e);
	status = open_file(d, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, e);
	free(uri);
	return status;
}

/* The first read opens the other files of the database. */
static int begin_reading(struct database *d, struct error *e)
{
	int64_t tables;

	return database_run(d, "BEGIN", e) < 0
		       ? -1
		       : database_number(d, "SELECT count(*) FROM sqlite_schema", &tables, e);
}

int database_open_to_read(struct database *d, const char *path, struct error *e)
{
	uint64_t log;
	int found;

	*d = (struct database){.path = path};
	found = database_find_log(path, &log, e);
	if (found < 0)
		return -1;
	/* A writer creates the log before it writes anything. */
	if (found == 0)
		return open_immutable(d, e) < 0 ? -1 : begin_reading(d, e);
	if (open_file(d, path, SQLITE_OPEN_READONLY, e) == 0 && begin_reading(d, e) == 0)
		return 0;
	if ((sqlite3_errcode(d->db) & 0xff) != SQLITE_CANTOPEN &&
	    (sqlite3_errcode(d->db) & 0xff) != SQLITE_READONLY)
		return -1;
	if (log > 0)
		return error_set(e, ERROR_SYSTEM,
				 "cannot read %s: %s-wal has samples that are not merged yet; copy "
				 "both to a folder that you may write to",
				 path, path);
	database_close(d);
	return open_immutable(d, e) < 0 ? -1 : begin_reading(d, e);
}

void database_close(struct database *d)
{
	sqlite3_close_v2(d->db);
	d->db = NULL;
}

int database_run(const struct database *d, const char *sql, struct error *e)
{
	return sqlite3_exec(d->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : database_failed(d, e);
}

sqlite3_stmt *database_prepare(const struct database *d, const char *sql, struct error *e)
{
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(d->db, sql, -1, &s, NULL) == SQLITE_OK)
		return s;
	database_failed(d, e);
	return NULL;
}

int database_step(const struct database *d, sqlite3_stmt *s, struct error *e)
{
	int code = sqlite3_step(s);

	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : database_failed(d, e);
}

int database_finish(const struct database *d, sqlite3_stmt *s, struct error *e)
{
	int row = database_step(d, s, e);

	sqlite3_reset(s);
	return row < 0 ? -1 : 0;
}

int database_number(const struct database *d, const char *sql, int64_t *number, struct error *e)
{
	sqlite3_stmt *s = database_prepare(d, sql, e);
	int row;

	if (!s)
		return -1;
	row = database_step(d, s, e);
	*number = row > 0 ? sqlite3_column_int64(s, 0) : 0;
	sqlite3_finalize(s);
	return row < 0 ? -1 : 0;
}

/* As in RFC 3629, but without NUL, at which others would end the text. */
static bool is_text(struct slice s)
{
	for (size_t i = 0; i < s.len;) {
		const unsigned char *p = (const unsigned char *)s.ptr + i;
		size_t more = p[0] < 0x80   ? 0
			      : p[0] < 0xc2 ? SIZE_MAX
			      : p[0] < 0xe0 ? 1
			      : p[0] < 0xf0 ? 2
			      : p[0] < 0xf5 ? 3
					    : SIZE_MAX;

		if (p[0] == 0 || more == SIZE_MAX || s.len - i <= more)
			return false;
		for (size_t k = 1; k <= more; k++) {
			if ((p[k] & 0xc0) != 0x80)
				return false;
		}
		if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
		    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
			return false;
		i += more + 1;
	}
	return true;
}

void database_bind_bytes(sqlite3_stmt *s, int index, bool known, struct slice bytes)
{
	if (!known)
		sqlite3_bind_null(s, index);
	else if (bytes.len == 0)
		sqlite3_bind_text(s, index, "", 0, SQLITE_STATIC);
	else if (is_text(bytes))
		sqlite3_bind_text(s, index, bytes.ptr, (int)bytes.len, SQLITE_STATIC);
	else
		sqlite3_bind_blob(s, index, bytes.ptr, (int)bytes.len, SQLITE_STATIC);
}

void database_bind_number(sqlite3_stmt *s, int index, bool known, uint64_t number)
{
	if (known)
		sqlite3_bind_int64(s, index, (sqlite3_int64)number);
	else
		sqlite3_bind_null(s, index);
}

struct slice database_bytes(sqlite3_stmt *s, int column, bool *known)
{
	int type = sqlite3_column_type(s, column);
	const void *bytes;

	*known = type == SQLITE_TEXT || type == SQLITE_BLOB;
	if (!*known)
		return SLICE("");
	bytes = sqlite3_column_blob(s, column);
	return (struct slice){bytes ? bytes : "",
			      bytes ? (size_t)sqlite3_column_bytes(s, column) : 0};
}

int database_column(sqlite3_stmt *s, int column, bool *known, uint64_t *number)
{
	int type = sqlite3_column_type(s, column);
	int64_t value = type == SQLITE_INTEGER ? sqlite3_column_int64(s, column) : 0;

	*known = type == SQLITE_INTEGER;
	*number = (uint64_t)value;
	return value < 0 || (type != SQLITE_INTEGER && type != SQLITE_NULL) ? -1 : 0;
}
