#include "recording/room.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	LOG_PART = 4,	 /* part of the limit for the WAL */
	WHOLE_PART = 8,	 /* part of the database after which a whole state is due */
	ROW_BYTES = 160, /* at most, including free space in pages */
	MORE_PAGES = 24, /* pages that a transaction touches in addition to its rows */
	LOG_PAGE_HEAD = 24,
	LOG_PAGES = 4096, /* size of the WAL if there is no limit */
};

static int note_log(void *ctx, sqlite3 *db, const char *name, int pages)
{
	struct room *r = ctx;

	(void)db, (void)name;
	if ((uint64_t)pages > r->log_pages)
		r->written += ((uint64_t)pages - r->log_pages) * r->page_size;
	else
		r->written += (uint64_t)pages * r->page_size;
	r->log_pages = (uint64_t)pages;
	return SQLITE_OK;
}

void room_checkpoint(struct room *r)
{
	int left = 0, done = 0;

	if (sqlite3_wal_checkpoint_v2(r->db->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &left, &done) ==
	    SQLITE_OK)
		r->log_pages = 0;
	r->written += done > 0 ? (uint64_t)done * r->page_size : 0;
}

static int count_pages(const struct room *r, uint64_t *used, uint64_t *all, struct error *e)
{
	int64_t pages, unused;

	if (database_number(r->db, "PRAGMA page_count", &pages, e) < 0 ||
	    database_number(r->db, "PRAGMA freelist_count", &unused, e) < 0)
		return -1;
	*all = (uint64_t)pages;
	*used = (uint64_t)(pages - unused);
	return 0;
}

uint64_t room_used_bytes(const struct room *r)
{
	struct error ignored;
	uint64_t used, all;

	return count_pages(r, &used, &all, &ignored) < 0 ? 0 : used * r->page_size;
}

/* Deletes all samples below a number, in one transaction. */
static int drop_before(struct room *r, int64_t sample, struct error *e)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "BEGIN IMMEDIATE; DELETE FROM usage WHERE sample < %" PRId64
		 "; DELETE FROM at_least WHERE sample < %" PRId64
		 "; DELETE FROM sample WHERE sample < %" PRId64 "; COMMIT",
		 sample, sample, sample);
	return database_run(r->db, sql, e);
}

/* 1 if something was dropped, 0 if there is nothing to drop, -1 with *e. */
static int drop_oldest(struct room *r, struct error *e)
{
	int64_t oldest, next;

	if (database_number(r->db, "SELECT min(sample) FROM sample", &oldest, e) < 0 ||
	    database_number(r->db,
			    "SELECT min(sample) FROM sample WHERE base = sample AND sample > "
			    "(SELECT min(sample) FROM sample)",
			    &next, e) < 0)
		return -1;
	if (oldest == 0)
		return 0;
	return drop_before(r, next ? next : INT64_MAX, e) < 0 ? -1 : 1;
}

int room_drop_unused(struct room *r, struct error *e)
{
	return database_run(r->db,
			    "DELETE FROM groups WHERE grp NOT IN (SELECT grp FROM usage); "
			    "DELETE FROM run WHERE run NOT IN (SELECT run FROM sample) AND run < "
			    "(SELECT max(run) FROM run)",
			    e);
}

static int too_small(const struct room *r, struct error *e)
{
	return error_set(e, ERROR_SYSTEM,
			 "cannot write %s: one sample is larger than --max-size allows",
			 r->db->path);
}

/* Drops samples until that many pages are free. */
static int drop_until(struct room *r, uint64_t wanted, bool *dropped, struct error *e)
{
	uint64_t used, all;
	int found = 1;

	while (count_pages(r, &used, &all, e) == 0) {
		if (used + wanted <= r->max_pages)
			return *dropped ? room_drop_unused(r, e) : 0;
		if (found == 0)
			return too_small(r, e);
		found = drop_oldest(r, e);
		if (found < 0 || (found == 0 && room_drop_unused(r, e) < 0))
			return -1;
		*dropped = true;
	}
	return -1;
}

/* Restarts the WAL if that many more pages would exceed its limit. */
static int make_log(struct room *r, uint64_t wanted, struct error *e)
{
	if (r->log_pages + wanted > r->max_log_pages)
		room_checkpoint(r);
	if (r->max_pages == 0 || r->log_pages + wanted <= r->max_log_pages)
		return 0;
	if (r->log_pages == 0)
		return too_small(r, e);
	return error_set(
		e, ERROR_SYSTEM,
		"cannot write %s: --max-size is reached while another program reads the file",
		r->db->path);
}

int room_make(struct room *r, uint64_t rows, bool *dropped, struct error *e)
{
	uint64_t wanted = rows * ROW_BYTES / r->page_size + MORE_PAGES;

	if (make_log(r, wanted, e) < 0)
		return -1;
	if (r->max_pages == 0)
		return 0;
	return drop_until(r, wanted, dropped, e) < 0 ? -1 : make_log(r, wanted, e);
}

bool room_wants_whole(const struct room *r)
{
	struct error ignored;
	uint64_t used, all;

	return r->max_pages && count_pages(r, &used, &all, &ignored) == 0 &&
	       used > r->pages_at_whole + r->max_pages / WHOLE_PART;
}

void room_note_whole(struct room *r)
{
	struct error ignored;
	uint64_t all;

	if (count_pages(r, &r->pages_at_whole, &all, &ignored) < 0)
		r->pages_at_whole = 0;
}

int room_keep(struct room *r, uint64_t now_ms, uint64_t keep_ms, struct error *e)
{
	char sql[256];
	int64_t first, oldest;

	if (keep_ms == 0 || now_ms <= keep_ms)
		return 0;
	/* The last whole state that is old enough must stay: later samples depend on it. */
	snprintf(sql, sizeof(sql),
		 "SELECT max(sample) FROM sample WHERE base = sample AND elapsed_ms <= %" PRIu64,
		 now_ms - keep_ms);
	if (database_number(r->db, sql, &first, e) < 0 ||
	    database_number(r->db, "SELECT min(sample) FROM sample", &oldest, e) < 0)
		return -1;
	return first > oldest ? drop_before(r, first, e) : 0;
}

/* Shrinks a recording that had a larger limit before. */
static int shrink(struct room *r, struct error *e)
{
	uint64_t used, all;
	bool dropped = false;

	if (drop_until(r, MORE_PAGES, &dropped, e) < 0 || count_pages(r, &used, &all, e) < 0)
		return -1;
	if (all > r->max_pages && database_run(r->db, "VACUUM", e) < 0)
		return -1;
	room_checkpoint(r);
	return 0;
}

int room_init(struct room *r, const struct database *d, uint64_t max_bytes, struct error *e)
{
	int64_t page_size;
	char sql[64];

	*r = (struct room){.db = d, .max_log_pages = LOG_PAGES};
	sqlite3_wal_hook(d->db, note_log, r);
	if (database_number(d, "PRAGMA page_size", &page_size, e) < 0)
		return -1;
	r->page_size = (uint64_t)page_size;
	room_checkpoint(r);
	if (max_bytes == 0)
		return 0;
	r->max_log_pages = max_bytes / LOG_PART / (r->page_size + LOG_PAGE_HEAD) - 1;
	r->max_pages = (max_bytes - max_bytes / LOG_PART) / r->page_size;
	if (shrink(r, e) < 0)
		return -1;
	snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %" PRIu64, r->max_pages);
	return database_run(d, sql, e);
}
