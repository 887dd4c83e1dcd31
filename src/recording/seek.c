#include "recording/seek.h"

#include "recording/asked.h"

static int find(struct recording *r, const char *select, uint64_t first, uint64_t second,
		struct sample *found, struct error *e)
{
	uint64_t rows;

	return sample_find(&r->db, select, first, second, found, &rows, e);
}

int seek_first(struct recording *r, struct sample *found, struct error *e)
{
	return find(r, SAMPLE_SELECT "ORDER BY sample LIMIT 1", 0, 0, found, e);
}

int seek_begin(struct recording *r, uint64_t run, struct sample *found, struct error *e)
{
	return find(r, SAMPLE_SELECT "WHERE run = ?1 ORDER BY sample LIMIT 1", run, 0, found, e);
}

int seek_next(struct recording *r, const struct sample *from, enum direction to,
	      struct sample *found, struct error *e)
{
	return find(r,
		    to == BACK ? SAMPLE_SELECT "WHERE sample < ?1 ORDER BY sample DESC LIMIT 1"
			       : SAMPLE_SELECT "WHERE sample > ?1 ORDER BY sample LIMIT 1",
		    from->number, 0, found, e);
}

/* The elapsed time of a recording never decreases, so the search can end at the first match. */
int seek_move(struct recording *r, const struct sample *from, enum direction to, uint64_t ms,
	      struct sample *found, struct error *e)
{
	uint64_t elapsed = from->elapsed_ms, wanted;
	int status;

	if (to == BACK) {
		wanted = elapsed > ms ? elapsed - ms : 0;
		status = find(r,
			      SAMPLE_SELECT "WHERE sample < ?1 AND elapsed_ms <= ?2 "
					    "ORDER BY sample DESC LIMIT 1",
			      from->number, wanted, found, e);
		if (status != 0)
			return status;
		status = seek_first(r, found, e);
		return status > 0 ? found->number < from->number : status;
	}
	wanted = elapsed + ms;
	status = find(r,
		      SAMPLE_SELECT "WHERE sample > ?1 AND elapsed_ms <= ?2 "
				    "ORDER BY sample DESC LIMIT 1",
		      from->number, wanted, found, e);
	return status != 0 ? status : seek_next(r, from, to, found, e);
}

int seek_find(struct recording *r, const char *time, struct sample *found, struct error *e)
{
	const struct sample before = r->sample;
	int status = recording_find(r, time, e);

	*found = r->sample;
	r->sample = before;
	return status < 0 ? -1 : 1;
}

int seek_number(struct recording *r, uint64_t number, struct sample *found, struct error *e)
{
	int status = find(r, SAMPLE_SELECT "WHERE sample >= ?1 ORDER BY sample LIMIT 1", number, 0,
			  found, e);

	return status != 0 ? status
			   : find(r, SAMPLE_SELECT "ORDER BY sample DESC LIMIT 1", 0, 0, found, e);
}

int seek_is_other_boot(const struct recording *r, uint64_t run, uint64_t other, bool *is,
		       struct error *e)
{
	const struct database *d = &r->db;
	sqlite3_stmt *s;
	int row;

	*is = false;
	if (run == other)
		return 0;
	s = database_prepare(d,
			     "SELECT a.boot_id IS NOT b.boot_id FROM run a, run b "
			     "WHERE a.run = ?1 AND b.run = ?2",
			     e);
	if (!s)
		return -1;
	sqlite3_bind_int64(s, 1, (sqlite3_int64)run);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)other);
	row = database_step(d, s, e);
	*is = row > 0 && sqlite3_column_int(s, 0) != 0;
	sqlite3_finalize(s);
	return row < 0 ? -1 : 0;
}

static int compare(struct recording *r, const struct sample *before, const struct sample *s,
		   struct gap *gap, struct error *e)
{
	uint64_t between =
		s->elapsed_ms > before->elapsed_ms ? s->elapsed_ms - before->elapsed_ms : 0;

	*gap = (struct gap){.ms = between > sample_reach_ms(before) ? between : 0};
	return seek_is_other_boot(r, before->run, s->run, &gap->rebooted, e);
}

int seek_gap(struct recording *r, const struct sample *s, struct gap *gap, struct error *e)
{
	struct sample before;
	int found = seek_next(r, s, BACK, &before, e);

	*gap = (struct gap){.first = true};
	return found > 0 ? compare(r, &before, s, gap, e) : found;
}

/* Whether a sample is marked; `before` is the previous one, or NULL. */
static int is_marked(struct recording *r, const struct sample *before, const struct sample *s,
		     uint64_t marked, struct error *e)
{
	struct gap gap;

	if (!before || s->cause != CAUSE_TIME || s->lost > 0 || s->number == marked)
		return 1;
	if (compare(r, before, s, &gap, e) < 0)
		return -1;
	return gap.rebooted || gap.ms > 0;
}

/* Goes through rows of samples; of two successive ones, `before` is the earlier. */
static int mark_back(struct recording *r, sqlite3_stmt *rows, const struct sample *from,
		     uint64_t marked, struct sample *found, struct error *e)
{
	const struct database *d = &r->db;
	struct sample before;
	uint64_t sum;
	int row, is = 0;
	bool any = false;

	*found = *from;
	while ((row = database_step(d, rows, e)) > 0) {
		if (sample_read(d, rows, &before, &sum, e) < 0)
			return -1;
		is = any ? is_marked(r, &before, found, marked, e) : 0;
		if (is != 0)
			return is;
		*found = before;
		any = true;
	}
	return row < 0 ? -1 : any; /* the very first sample is marked */
}

static int mark_forth(struct recording *r, sqlite3_stmt *rows, const struct sample *from,
		      uint64_t marked, struct sample *found, struct error *e)
{
	const struct database *d = &r->db;
	struct sample before = *from;
	uint64_t sum;
	int row, is;

	while ((row = database_step(d, rows, e)) > 0) {
		if (sample_read(d, rows, found, &sum, e) < 0)
			return -1;
		is = is_marked(r, &before, found, marked, e);
		if (is != 0)
			return is;
		before = *found;
	}
	return row;
}

int seek_mark(struct recording *r, const struct sample *from, enum direction to, uint64_t marked,
	      struct sample *found, struct error *e)
{
	sqlite3_stmt *rows =
		database_prepare(&r->db,
				 to == BACK ? SAMPLE_SELECT "WHERE sample < ?1 ORDER BY sample DESC"
					    : SAMPLE_SELECT "WHERE sample > ?1 ORDER BY sample",
				 e);
	int status;

	if (!rows)
		return -1;
	sqlite3_bind_int64(rows, 1, (sqlite3_int64)from->number);
	status = (to == BACK ? mark_back : mark_forth)(r, rows, from, marked, found, e);
	sqlite3_finalize(rows);
	return status;
}

int seek_place(struct recording *r, const struct sample *s, uint64_t *index, uint64_t *count,
	       struct error *e)
{
	const struct database *d = &r->db;
	sqlite3_stmt *row =
		database_prepare(d, "SELECT count(*), sum(sample <= ?1) FROM sample", e);
	int found;

	if (!row)
		return -1;
	sqlite3_bind_int64(row, 1, (sqlite3_int64)s->number);
	found = database_step(d, row, e);
	*count = (uint64_t)sqlite3_column_int64(row, 0);
	*index = (uint64_t)sqlite3_column_int64(row, 1);
	sqlite3_finalize(row);
	return found < 0 ? -1 : 0;
}
