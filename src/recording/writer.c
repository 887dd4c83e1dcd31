#include "recording/writer.h"

#include "recording/checksum.h"
#include "recording/groups.h"
#include "recording/room.h"
#include "recording/schema.h"
#include "recording/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bsd/string.h>

enum {
	HOUR_MS = 3600000,
	WHOLE_MS = HOUR_MS, /* a whole state is written at least this often */
	CHECKPOINT_MS = HOUR_MS / 6,
	CHANGES_TO_WHOLE = 40, /* or when the changes are this many times as large as one */
	DAY_OF_WHOLES = 24, /* groups without a row are searched for after this many whole states */
};

struct writer {
	struct database db;
	char *path;
	int lock;  /* the file itself, locked */
	bool made; /* there was none before */
	struct recording_limits limits;
	const struct run_facts *facts;
	struct grouping sets_by;
	struct room room;
	sqlite3_stmt *insert, *bound, *insert_sample;

	struct groups groups;
	uint64_t run, lost, wholes;
	struct sample last; /* the last sample written; number 0 for none */
	uint64_t base, base_elapsed_ms, changes, checkpoint_ms;
	bool fresh; /* the contents of the file are unknown, so the next sample is whole */
};

/* Opening. */

/* SQLite has locks of its own, which are released as soon as any descriptor of the file is closed;
 * so this one stays open until the end. */
static int lock_file(struct writer *w, struct error *e)
{
	enum { HOW = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC };
	struct stat st;
	bool made;

	w->lock = open(w->path, HOW | O_EXCL, 0600);
	made = w->lock >= 0;
	if (!made)
		w->lock = open(w->path, HOW, 0600);
	if (w->lock < 0 && errno == ELOOP)
		return error_set(e, ERROR_SYSTEM,
				 "cannot record to %s: a symbolic link; give the file itself",
				 w->path);
	if (w->lock < 0)
		return error_errno(e, "cannot write %s", w->path);
	if (flock(w->lock, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return error_set(
				e, ERROR_SYSTEM,
				"another anonmem is recording to %s; give another --output",
				w->path);
		return error_errno(e, "cannot lock %s", w->path);
	}
	w->made = made;
	if (fstat(w->lock, &st) < 0)
		return error_errno(e, "cannot write %s", w->path);
	if (S_ISREG(st.st_mode))
		return 0;
	return error_set(e, ERROR_SYSTEM, "cannot record to %s: not a regular file", w->path);
}

static int open_database(struct writer *w, struct error *e)
{
	enum schema_kind kind;

	if (database_open(&w->db, w->path, e) < 0 || schema_check(&w->db, &kind, e) < 0)
		return -1;
	/* Debian's SQLite overwrites deleted data unless told not to. */
	if (database_run(&w->db,
			 "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
			 "PRAGMA secure_delete = OFF; PRAGMA wal_autocheckpoint = 0",
			 e) < 0)
		return -1;
	if (kind == SCHEMA_RECORDING && w->db.version == SCHEMA_VERSION)
		return 0;
	if (database_run(&w->db, "BEGIN IMMEDIATE", e) < 0 ||
	    (kind == SCHEMA_EMPTY ? schema_create : schema_upgrade)(&w->db, e) < 0)
		return -1;
	return database_run(&w->db, "COMMIT", e);
}

static int prepare_all(struct writer *w, struct error *e)
{
	const struct {
		sqlite3_stmt **statement;
		const char *sql;
	} list[] = {
		{&w->insert, usage_insert},
		{&w->bound, bound_insert},
		{&w->insert_sample, sample_insert},
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		*list[i].statement = database_prepare(&w->db, list[i].sql, e);
		if (!*list[i].statement)
			return -1;
	}
	return 0;
}

static void write_keys(const struct grouping *by, char *out, size_t size)
{
	*out = '\0';
	for (unsigned i = 0; i < by->count; i++) {
		strlcat(out, i ? "," : "", size);
		strlcat(out, key_names[by->keys[i]], size);
	}
}

static int insert_run(struct writer *w, struct error *e)
{
	const struct run_facts *f = w->facts;
	char keys[128];
	struct run_text text;
	sqlite3_stmt *s = database_prepare(
		&w->db,
		"INSERT INTO run(run, version, host, kernel, boot_id, page_size, kernel_labels, "
		"keys, options, guesses, rules, checksum, redacted) VALUES (?, ?, ?, ?, ?, ?, ?, "
		"?, ?, ?, ?, ?, ?)",
		e);
	int status;

	if (!s)
		return -1;
	write_keys(f->by, keys, sizeof(keys));
	text = (struct run_text){slice_of(f->host), slice_of(f->kernel), slice_of(f->boot_id),
				 slice_of(keys)};
	database_bind_number(s, 1, true, w->run);
	database_bind_bytes(s, 2, true, slice_of(f->version));
	database_bind_bytes(s, 3, f->host[0], slice_of(f->host));
	database_bind_bytes(s, 4, f->kernel[0], slice_of(f->kernel));
	database_bind_bytes(s, 5, f->boot_id[0], slice_of(f->boot_id));
	database_bind_number(s, 6, f->page_size > 0, (uint64_t)f->page_size);
	database_bind_number(s, 7, f->keeps_labels != ANSWER_UNKNOWN,
			     f->keeps_labels == ANSWER_YES);
	database_bind_bytes(s, 8, true, slice_of(keys));
	database_bind_bytes(s, 9, f->options[0], slice_of(f->options));
	database_bind_number(s, 10, true, f->guesses);
	database_bind_bytes(s, 11, f->rules, slice_of(f->rules ? f->rules : ""));
	database_bind_number(s, 12, true, run_checksum(&text, w->run));
	database_bind_number(s, 13, true, f->redaction != NULL);
	status = database_finish(&w->db, s, e);
	sqlite3_finalize(s);
	return status;
}

/* Where the recording continues. */
static int find_end(struct writer *w, struct error *e)
{
	uint64_t rows;
	int64_t run, grp;

	if (database_number(&w->db, "SELECT max(run) FROM run", &run, e) < 0 ||
	    database_number(&w->db, "SELECT max(grp) FROM groups", &grp, e) < 0 ||
	    sample_find(&w->db, SAMPLE_SELECT "ORDER BY sample DESC LIMIT 1", 0, 0, &w->last, &rows,
			e) < 0)
		return -1;
	if (run < 0 || run == INT64_MAX || grp < 0 || grp == INT64_MAX ||
	    w->last.number >= INT64_MAX - 1)
		return error_set(e, ERROR_MALFORMED, "%s is damaged: its numbers are too large",
				 w->path);
	w->run = (uint64_t)run + 1;
	return groups_open(&w->groups, (uint64_t)grp + 1, e);
}

/* A file has either names or none, so that nobody passes on the names of an earlier run by mistake.
 */
static int check_redaction(const struct writer *w, struct error *e)
{
	int64_t redacted, runs;

	if (database_number(&w->db, "SELECT count(*) FROM run", &runs, e) < 0 ||
	    database_number(&w->db, "SELECT count(*) FROM run WHERE redacted = 1", &redacted, e) <
		    0)
		return -1;
	if (w->facts->redaction && redacted < runs)
		return error_set(e, ERROR_USAGE,
				 "%s has names from a run without --redact; give another --output",
				 w->path);
	if (!w->facts->redaction && redacted > 0)
		return error_set(e, ERROR_USAGE,
				 "%s was recorded with --redact; add --redact or give another "
				 "--output",
				 w->path);
	return 0;
}

static int begin_run(struct writer *w, struct error *e)
{
	if (database_run(&w->db, "BEGIN IMMEDIATE", e) < 0 || check_redaction(w, e) < 0 ||
	    find_end(w, e) < 0 || insert_run(w, e) < 0 || database_run(&w->db, "COMMIT", e) < 0)
		return -1;
	return room_init(&w->room, &w->db, w->limits.max_bytes, e);
}

/* Removes what was made of a file in which nothing can be recorded. */
static void remove_files(const struct writer *w)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char path[PATH_MAX + sizeof("-wal")];

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		snprintf(path, sizeof(path), "%s%s", w->path, ends[i]);
		unlink(path);
	}
}

struct writer *writer_open(const char *path, const struct recording_limits *limits,
			   const struct run_facts *facts, struct error *e)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (!w) {
		error_memory(e);
		return NULL;
	}
	*w = (struct writer){
		.lock = -1, .limits = *limits, .facts = facts, .path = strdup(path), .fresh = true};
	w->sets_by = identity_sets(facts->by);
	groups_init(&w->groups, &w->db, facts->boot_id, facts->redaction);
	if (!w->path)
		error_memory(e);
	else if (lock_file(w, e) == 0 && open_database(w, e) == 0 && begin_run(w, e) == 0 &&
		 prepare_all(w, e) == 0)
		return w;
	if (w->made)
		remove_files(w);
	writer_close(w);
	return NULL;
}

/* Whether all of a recording is in its one file. */
static int check_log(const struct writer *w, struct error *e)
{
	uint64_t size = 0;

	if (w->room.db && database_find_log(w->path, &size, e) < 0)
		return -1;
	if (size == 0)
		return 0;
	return error_set(e, ERROR_SYSTEM,
			 "some of the recording is in %s-wal still; keep it beside %s", w->path,
			 w->path);
}

void writer_close(struct writer *w)
{
	struct error ignored;

	if (w)
		writer_end(w, &ignored);
}

int writer_end(struct writer *w, struct error *e)
{
	int status;

	sqlite3_finalize(w->insert);
	sqlite3_finalize(w->bound);
	sqlite3_finalize(w->insert_sample);
	groups_free(&w->groups);
	if (w->room.db)
		room_checkpoint(&w->room);
	database_close(&w->db);
	status = check_log(w, e);
	if (w->lock >= 0)
		close(w->lock);
	free(w->path);
	free(w);
	return status;
}

void writer_lose(struct writer *w)
{
	w->lost++;
}

uint64_t writer_bytes(const struct writer *w)
{
	return w->room.written;
}

uint64_t writer_used_bytes(const struct writer *w)
{
	return room_used_bytes(&w->room);
}

/* Samples. */

/* Whether the path still leads to the file being written. */
static bool is_in_place(const struct writer *w)
{
	struct stat there, mine;

	return stat(w->path, &there) == 0 && fstat(w->lock, &mine) == 0 &&
	       there.st_dev == mine.st_dev && there.st_ino == mine.st_ino;
}

static int write_changed(struct writer *w, uint64_t *sum, struct error *e)
{
	const struct groups *g = &w->groups;

	for (size_t i = 0; i < g->changed_count; i++) {
		const struct known_group *k = &g->known[g->changed[i]];
		const struct usage u = {.sample = g->sample, .grp = k->grp, .group = k->last};

		*sum += usage_checksum(&u);
		if (usage_write(&w->db, w->insert, w->bound, &u, e) < 0)
			return -1;
	}
	w->changes += g->changed_count;
	return 0;
}

static bool has_process(const struct writer *w)
{
	return grouping_has(w->facts->by, KEY_PROCESS);
}

/* Forgets the last sample; the next one is whole. */
static void forget(struct writer *w)
{
	groups_forget(&w->groups);
	w->fresh = true;
}

static int write_sample(struct writer *w, struct sample *s, const struct recorded_memory *m,
			struct error *e)
{
	const struct recorded_groups memory = {m->symbols, w->facts->by, m->groups, false};
	const struct recorded_groups sets = {m->symbols, m->sets_by, m->sets, true};
	uint64_t sum = 0;

	groups_begin(&w->groups, s->number, s->base == s->number);
	if (groups_note(&w->groups, &memory, e) < 0 ||
	    (!has_process(w) && groups_note(&w->groups, &sets, e) < 0) ||
	    groups_note_gone(&w->groups, e) < 0)
		return -1;
	groups_sort(&w->groups);
	if (write_changed(w, &sum, e) < 0)
		return -1;
	return sample_write(&w->db, w->insert_sample, s, sum, e);
}

static uint64_t distance(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

/* Whether the last sample in the file is of the current boot. */
static int is_same_boot(const struct writer *w, bool *same, struct error *e)
{
	sqlite3_stmt *s;
	bool known;
	struct slice boot;
	int row;

	*same = true;
	if (w->last.run == w->run)
		return 0;
	s = database_prepare(&w->db, "SELECT boot_id FROM run WHERE run = ?1", e);
	if (!s)
		return -1;
	sqlite3_bind_int64(s, 1, (sqlite3_int64)w->last.run);
	row = database_step(&w->db, s, e);
	boot = row > 0 ? database_bytes(s, 0, &known) : SLICE("");
	*same = slice_equals(boot, slice_of(w->facts->boot_id));
	sqlite3_finalize(s);
	return row < 0 ? -1 : 0;
}

/* Within a boot, its own clock counts; between two boots, there is only the wall clock. */
static int set_time(struct writer *w, struct sample *s, struct error *e)
{
	bool same;

	s->elapsed_ms = 0;
	if (w->last.number == 0)
		return 0;
	if (is_same_boot(w, &same, e) < 0)
		return -1;
	s->elapsed_ms = w->last.elapsed_ms + (same ? distance(w->last.uptime_ms, s->uptime_ms)
						   : distance(w->last.time_ms, s->time_ms));
	return 0;
}

static bool is_due_whole(const struct writer *w, const struct sample *s)
{
	return w->fresh || s->elapsed_ms - w->base_elapsed_ms >= WHOLE_MS ||
	       w->changes > CHANGES_TO_WHOLE * ((uint64_t)w->groups.there + 64) ||
	       room_wants_whole(&w->room);
}

static int number_sample(struct writer *w, struct sample *s, struct error *e)
{
	if (set_time(w, s, e) < 0)
		return -1;
	s->number = w->last.number + 1;
	s->run = w->run;
	s->lost = w->lost;
	s->base = is_due_whole(w, s) ? s->number : w->base;
	return 0;
}

static int add(struct writer *w, struct sample *s, const struct recorded_memory *m, struct error *e)
{
	uint64_t rows = aggregate_count(m->groups) + w->groups.keys.count;
	bool dropped = false;

	if (room_make(&w->room, rows, &dropped, e) < 0)
		return -1;
	if (dropped)
		forget(w);
	if (number_sample(w, s, e) < 0)
		return -1;
	if (s->base == s->number)
		w->changes = 0;
	if (database_run(&w->db, "BEGIN IMMEDIATE", e) < 0 || write_sample(w, s, m, e) < 0)
		return -1;
	return database_run(&w->db, "COMMIT", e);
}

/* Slow work is done after a whole state was written: once an hour. */
static int keep_house(struct writer *w, const struct sample *s, struct error *e)
{
	if (s->base == s->number) {
		w->base = s->number;
		w->base_elapsed_ms = s->elapsed_ms;
		room_note_whole(&w->room);
		if (thin(&w->db, &w->limits.tiers, s->elapsed_ms, e) < 0 ||
		    room_keep(&w->room, s->elapsed_ms, w->limits.keep_ms, e) < 0)
			return -1;
		if (++w->wholes % DAY_OF_WHOLES == 0 &&
		    (forget(w), room_drop_unused(&w->room, e)) < 0)
			return -1;
	}
	if (s->elapsed_ms - w->checkpoint_ms >= CHECKPOINT_MS) {
		room_checkpoint(&w->room);
		w->checkpoint_ms = s->elapsed_ms;
	}
	if (groups_are_stale(&w->groups))
		forget(w);
	return 0;
}

/* Whether later samples may be written although one failed. */
static enum writing judge(const struct writer *w)
{
	switch (sqlite3_errcode(w->db.db) & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_READONLY:
	case SQLITE_CONSTRAINT:
		return WRITING_ENDED;
	default:
		return WRITING_LOST;
	}
}

static enum writing failed(struct writer *w, const struct error *e)
{
	enum writing how = e->code == ERROR_MALFORMED ? WRITING_ENDED : judge(w);

	if (!sqlite3_get_autocommit(w->db.db))
		sqlite3_exec(w->db.db, "ROLLBACK", NULL, NULL, NULL);
	forget(w);
	return how;
}

enum writing writer_add(struct writer *w, struct sample *s, const struct recorded_memory *memory,
			struct error *e)
{
	if (!is_in_place(w)) {
		room_checkpoint(&w->room);
		error_set(e, ERROR_SYSTEM,
			  "%s was moved or removed during recording; start anonmem record again to "
			  "continue in a new file",
			  w->path);
		return WRITING_ENDED;
	}
	if (add(w, s, memory, e) < 0) {
		w->lost++;
		return failed(w, e);
	}
	w->last = *s;
	w->lost = 0;
	w->fresh = false;
	if (keep_house(w, s, e) < 0) {
		enum writing how = failed(w, e);

		return how == WRITING_LOST ? WRITING_DONE : how;
	}
	return WRITING_DONE;
}
