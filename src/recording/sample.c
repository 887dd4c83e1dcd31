#include "recording/sample.h"

#include "recording/checksum.h"
#include "recording/usage.h"

const char *const cause_names[CAUSE_COUNT] = {
	[CAUSE_START] = "start",       [CAUSE_TIME] = "time", [CAUSE_SIGNAL] = "signal",
	[CAUSE_PRESSURE] = "pressure", [CAUSE_OOM] = "oom",
};

/* Numbers that are always known come first, in this order. */
enum {
	NUMBERS_BEFORE = 7,
	CAUSE = 7,
	NUMBERS_BEHIND = 14,
	STALLS = 22,
	MEMINFO = 24,
	CHECKSUM = 33
};

const char sample_insert[] =
	"INSERT INTO sample(sample, run, base, time_ms, uptime_ms, elapsed_ms, span_ms, cause, "
	"read, no_memory, denied, vanished, truncated, malformed, unmatched, timed_out, scanned, "
	"names_kept, names_lost, lost_samples, reading_us, cpu_us, stall_some_us, stall_full_us, "
	"mem_total, mem_free, mem_available, mem_cache, anon_pages, shared_memory, mapped_files, "
	"swap_total, swap_free, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
	"?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

void sample_take_coverage(struct sample *s, const struct coverage *c)
{
	memcpy(s->by_outcome, c->by_outcome, sizeof(s->by_outcome));
	s->unmatched = c->unmatched;
	s->timed_out = c->by_how[HOW_TIMED_OUT];
	s->scanned = c->by_how[HOW_SCANNED];
	s->names_kept = c->by_how[HOW_NAMES_KEPT];
	s->names_lost = c->by_how[HOW_NAMES_LOST];
}

void sample_give_coverage(const struct sample *s, struct coverage *c)
{
	*c = (struct coverage){.unmatched = s->unmatched};
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		c->by_outcome[i] = s->by_outcome[i];
		c->seen += s->by_outcome[i];
	}
	c->by_how[HOW_SCANNED] = s->scanned;
	c->by_how[HOW_NAMES_KEPT] = s->names_kept;
	c->by_how[HOW_NAMES_LOST] = s->names_lost;
}

void sample_give_machine(const struct sample *s, struct machine *m)
{
	m->time_known = true;
	m->time = (struct timespec){.tv_sec = (time_t)(s->time_ms / 1000),
				    .tv_nsec = (long)(s->time_ms % 1000) * 1000000};
	m->meminfo_known = true;
	m->meminfo = s->meminfo;
}

uint64_t sample_reach_ms(const struct sample *s)
{
	enum { SPANS = 3, LEAST_MS = 1000 };

	return SPANS * s->span_ms > LEAST_MS ? SPANS * s->span_ms : LEAST_MS;
}

/* The numbers in the order of the columns, before and after the cause. */
static void numbers_of(struct sample *s, uint64_t *before[NUMBERS_BEFORE],
		       uint64_t *behind[NUMBERS_BEHIND])
{
	uint64_t *const first[NUMBERS_BEFORE] = {&s->number,  &s->run,	     &s->base,
						 &s->time_ms, &s->uptime_ms, &s->elapsed_ms,
						 &s->span_ms};
	uint64_t *const last[NUMBERS_BEHIND] = {&s->by_outcome[OUTCOME_READ],
						&s->by_outcome[OUTCOME_NO_MEMORY],
						&s->by_outcome[OUTCOME_DENIED],
						&s->by_outcome[OUTCOME_VANISHED],
						&s->by_outcome[OUTCOME_TRUNCATED],
						&s->by_outcome[OUTCOME_MALFORMED],
						&s->unmatched,
						&s->timed_out,
						&s->scanned,
						&s->names_kept,
						&s->names_lost,
						&s->lost,
						&s->reading_us,
						&s->cpu_us};

	memcpy(before, first, sizeof(first));
	memcpy(behind, last, sizeof(last));
}

uint64_t sample_checksum(const struct sample *s)
{
	uint64_t *before[NUMBERS_BEFORE], *behind[NUMBERS_BEHIND], sum = CHECKSUM_START;
	struct sample copy = *s;

	numbers_of(&copy, before, behind);
	for (int i = 0; i < NUMBERS_BEFORE; i++)
		sum = checksum_number(sum, *before[i]);
	sum = checksum_number(sum, s->cause);
	for (int i = 0; i < NUMBERS_BEHIND; i++)
		sum = checksum_number(sum, *behind[i]);
	sum = checksum_known(sum, s->stall_known, s->stall_some_us);
	sum = checksum_known(sum, s->stall_known, s->stall_full_us);
	for (int i = 0; i < MEMINFO_COUNT; i++)
		sum = checksum_known(sum, s->meminfo.known[i], s->meminfo.bytes[i]);
	return sum;
}

int sample_write(const struct database *d, sqlite3_stmt *insert, const struct sample *s,
		 uint64_t rows, struct error *e)
{
	uint64_t *before[NUMBERS_BEFORE], *behind[NUMBERS_BEHIND];
	struct sample copy = *s;

	numbers_of(&copy, before, behind);
	for (int i = 0; i < NUMBERS_BEFORE; i++)
		database_bind_number(insert, 1 + i, true, *before[i]);
	database_bind_bytes(insert, 1 + CAUSE, true, slice_of(cause_names[s->cause]));
	for (int i = 0; i < NUMBERS_BEHIND; i++)
		database_bind_number(insert, 2 + CAUSE + i, true, *behind[i]);
	database_bind_number(insert, 1 + STALLS, s->stall_known, s->stall_some_us);
	database_bind_number(insert, 2 + STALLS, s->stall_known, s->stall_full_us);
	for (int i = 0; i < MEMINFO_COUNT; i++)
		kib_bind(insert, 1 + MEMINFO + i, s->meminfo.known[i], s->meminfo.bytes[i]);
	database_bind_number(insert, 1 + CHECKSUM, true, sample_checksum(s) + rows);
	return database_finish(d, insert, e);
}

static bool read_cause(sqlite3_stmt *row, enum cause *cause)
{
	bool known;
	struct slice name = database_bytes(row, CAUSE, &known);
	int i = 0;

	while (i < CAUSE_COUNT && !slice_equals(slice_of(cause_names[i]), name))
		i++;
	*cause = (enum cause)i;
	return i < CAUSE_COUNT;
}

static bool read_number(sqlite3_stmt *row, int column, uint64_t *number)
{
	bool known;

	return database_column(row, column, &known, number) == 0 && known;
}

static bool read_columns(sqlite3_stmt *row, struct sample *s)
{
	uint64_t *before[NUMBERS_BEFORE], *behind[NUMBERS_BEHIND];
	bool whole = read_cause(row, &s->cause), known;

	numbers_of(s, before, behind);
	for (int i = 0; i < NUMBERS_BEFORE; i++)
		whole = whole && read_number(row, i, before[i]);
	for (int i = 0; i < NUMBERS_BEHIND; i++)
		whole = whole && read_number(row, 1 + CAUSE + i, behind[i]);
	whole = whole && database_column(row, STALLS, &s->stall_known, &s->stall_some_us) == 0 &&
		database_column(row, STALLS + 1, &known, &s->stall_full_us) == 0 &&
		known == s->stall_known;
	for (int i = 0; i < MEMINFO_COUNT; i++)
		whole = whole && kib_column(row, MEMINFO + i, &s->meminfo.known[i],
					    &s->meminfo.bytes[i]) == 0;
	return whole && s->base > 0 && s->base <= s->number;
}

int sample_read(const struct database *d, sqlite3_stmt *row, struct sample *s, uint64_t *rows,
		struct error *e)
{
	*s = (struct sample){.number = 0};
	if (!read_columns(row, s) || sqlite3_column_type(row, CHECKSUM) != SQLITE_INTEGER)
		return error_set(e, ERROR_MALFORMED,
				 "%s is damaged: the checksum of a sample is wrong", d->path);
	*rows = (uint64_t)sqlite3_column_int64(row, CHECKSUM) - sample_checksum(s);
	return 0;
}

int sample_find(const struct database *d, const char *select, uint64_t first, uint64_t second,
		struct sample *s, uint64_t *rows, struct error *e)
{
	sqlite3_stmt *row = database_prepare(d, select, e);
	int found;

	if (!row)
		return -1;
	sqlite3_bind_int64(row, 1, (sqlite3_int64)first);
	sqlite3_bind_int64(row, 2, (sqlite3_int64)second);
	found = database_step(d, row, e);
	if (found > 0 && sample_read(d, row, s, rows, e) < 0)
		found = -1;
	sqlite3_finalize(row);
	return found;
}
