#include "recording/reader.h"

#include "recording/asked.h"
#include "recording/schema.h"
#include "recording/state.h"
#include "recording/when.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

bool recording_is(const char *path)
{
	static const char magic[16] = "SQLite format 3";
	char head[sizeof(magic)];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool is = fd >= 0 && read(fd, head, sizeof(head)) == sizeof(head) &&
		  memcmp(head, magic, sizeof(magic)) == 0;

	if (fd >= 0)
		close(fd);
	return is;
}

struct recording *recording_open(const char *path, struct error *e)
{
	struct recording *r = calloc(1, sizeof(*r));
	enum schema_kind kind = SCHEMA_EMPTY;

	if (!r) {
		error_memory(e);
		return NULL;
	}
	if (database_open_to_read(&r->db, path, e) == 0 && schema_check(&r->db, &kind, e) == 0 &&
	    kind == SCHEMA_RECORDING)
		return r;
	if (kind == SCHEMA_EMPTY && e->code == ERROR_NONE)
		error_set(e, ERROR_MALFORMED, "%s is an empty database, not a recording", path);
	recording_close(r);
	return NULL;
}

void recording_close(struct recording *r)
{
	if (!r)
		return;
	database_close(&r->db);
	free(r);
}

/* Finding a sample. */

enum { TIME_TEXT_MAX = 32 };

static void write_time(uint64_t time_ms, char text[TIME_TEXT_MAX])
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) ||
	    strftime(text, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		snprintf(text, TIME_TEXT_MAX, "?");
}

static int not_recorded(const struct recording *r, const char *asked, const struct sample *before,
			const struct sample *after, struct error *e)
{
	char from[TIME_TEXT_MAX] = "?", to[TIME_TEXT_MAX];

	if (!before && after) {
		write_time(after->time_ms, to);
		return error_set(e, ERROR_USAGE, "nothing was recorded at %s: %s begins at %s",
				 asked, r->db.path, to);
	}
	if (before)
		write_time(before->time_ms, from);
	if (!after)
		return error_set(e, ERROR_USAGE, "nothing was recorded at %s: %s ends at %s", asked,
				 r->db.path, from);
	write_time(after->time_ms, to);
	return error_set(e, ERROR_USAGE, "nothing was recorded at %s: %s has a gap from %s to %s",
			 asked, r->db.path, from, to);
}

/* The last sample at or before a time, unless a gap follows the sample. */
static int find_before(struct recording *r, const char *asked, uint64_t time_ms, struct error *e)
{
	struct sample after;
	uint64_t rows;
	int found = sample_find(&r->db,
				SAMPLE_SELECT
				"WHERE time_ms <= ?1 ORDER BY time_ms DESC, sample DESC LIMIT 1",
				time_ms, 0, &r->sample, &rows, e),
	    later;

	if (found < 0)
		return -1;
	if (found > 0 && time_ms - r->sample.time_ms <= sample_reach_ms(&r->sample))
		return 0;
	later = sample_find(&r->db,
			    SAMPLE_SELECT "WHERE time_ms > ?1 ORDER BY time_ms, sample LIMIT 1",
			    time_ms, 0, &after, &rows, e);
	if (later < 0)
		return -1;
	return not_recorded(r, asked, found ? &r->sample : NULL, later ? &after : NULL, e);
}

static int bad_time(const char *time, struct error *e)
{
	return error_set(e, ERROR_USAGE,
			 "invalid time \"%s\": expected 10:30, 2026-11-27T10:30, -1h, first "
			 "or last",
			 time);
}

int recording_find(struct recording *r, const char *time, struct error *e)
{
	struct when when = {WHEN_LAST, 0};
	uint64_t rows;
	int found = sample_find(&r->db, SAMPLE_SELECT "ORDER BY sample DESC LIMIT 1", 0, 0,
				&r->sample, &rows, e);

	if (found == 0)
		return error_set(e, ERROR_USAGE, "%s has no samples yet", r->db.path);
	if (found < 0)
		return -1;
	if (time && !when_parse(time, r->sample.time_ms, &when))
		return bad_time(time, e);
	if (when.kind == WHEN_TIME)
		return find_before(r, time, when.time_ms, e);
	if (when.kind == WHEN_FIRST)
		found = sample_find(&r->db, SAMPLE_SELECT "ORDER BY sample LIMIT 1", 0, 0,
				    &r->sample, &rows, e);
	return found < 0 ? -1 : 0;
}

/* The first sample at or after a time. */
static int find_after(struct recording *r, const char *asked, uint64_t time_ms,
		      struct sample *first, struct error *e)
{
	uint64_t rows;
	int found = sample_find(
		&r->db, SAMPLE_SELECT "WHERE time_ms >= ?1 ORDER BY time_ms, sample LIMIT 1",
		time_ms, 0, first, &rows, e);

	if (found == 0)
		return error_set(e, ERROR_USAGE, "nothing was recorded from %s on: see %s@last",
				 asked, r->db.path);
	return found < 0 ? -1 : 0;
}

/* Goes to the first sample of a span: at a given time, or the first of all. */
static int find_first(struct recording *r, const char *from, uint64_t end_ms, struct sample *first,
		      struct error *e)
{
	struct when when = {WHEN_FIRST, 0};

	if (*from && !when_parse(from, end_ms, &when))
		return bad_time(from, e);
	if (when.kind == WHEN_TIME) {
		uint64_t whole_second = when.time_ms - when.time_ms % 1000;

		return find_after(r, from, whole_second, first, e);
	}
	if (recording_find(r, when.kind == WHEN_FIRST ? "first" : "last", e) < 0)
		return -1;
	*first = r->sample;
	return 0;
}

/* The last sample at or before the end of a span; the end may lie in a gap. */
static int find_last(struct recording *r, const char *to, uint64_t end_ms, struct error *e)
{
	struct when when = {WHEN_LAST, 0};
	uint64_t rows;
	int found;

	if (*to && !when_parse(to, end_ms, &when))
		return bad_time(to, e);
	if (when.kind != WHEN_TIME)
		return recording_find(r, when.kind == WHEN_FIRST ? "first" : "last", e);
	found = sample_find(&r->db,
			    SAMPLE_SELECT
			    "WHERE time_ms <= ?1 ORDER BY time_ms DESC, sample DESC LIMIT 1",
			    when.time_ms, 0, &r->sample, &rows, e);
	return found == 0 ? find_before(r, to, when.time_ms, e) : found < 0 ? -1 : 0;
}

int recording_find_span(struct recording *r, const char *span, struct sample *first,
			struct error *e)
{
	const char *dots = span ? strstr(span, "..") : NULL;
	char from[TIME_TEXT_MAX * 2];
	uint64_t end_ms;

	if (recording_find(r, NULL, e) < 0)
		return -1;
	end_ms = r->sample.time_ms;
	snprintf(from, sizeof(from), "%.*s", dots ? (int)(dots - span) : 0, span ? span : "");
	if (find_first(r, from, end_ms, first, e) < 0 ||
	    find_last(r, dots ? dots + 2 : "", end_ms, e) < 0)
		return -1;
	if (first->number > r->sample.number)
		return error_set(e, ERROR_USAGE, "nothing was recorded from %s to %s",
				 *from ? from : "first", dots ? dots + 2 : "last");
	return 0;
}

/* The facts of a run. */

static void copy_text(sqlite3_stmt *s, int column, char *out, size_t size)
{
	bool known;
	struct slice text = database_bytes(s, column, &known);

	snprintf(out, size, "%.*s", (int)(text.len < size ? text.len : size - 1), text.ptr);
}

static bool take_keys(struct slice text, struct grouping *by)
{
	*by = (struct grouping){.count = 0};
	while (text.len > 0) {
		const char *comma = memchr(text.ptr, ',', text.len);
		struct slice name = {text.ptr, comma ? (size_t)(comma - text.ptr) : text.len};
		int key = 0;

		while (key < KEY_COUNT && !slice_equals(slice_of(key_names[key]), name))
			key++;
		if (key == KEY_COUNT || !identity_can_have((enum key)key) ||
		    grouping_has(by, (enum key)key))
			return false;
		by->keys[by->count++] = (enum key)key;
		text = slice_inner(text, name.len + (comma != NULL), 0);
	}
	return grouping_has(by, KEY_KIND);
}

int recording_read_run(struct recording *r, struct machine *machine, bool *inferred,
		       struct grouping *recorded, struct error *e)
{
	sqlite3_stmt *row = database_prepare(&r->db,
					     "SELECT host, kernel, page_size, kernel_labels, keys, "
					     "guesses, boot_id, checksum FROM run WHERE run = ?1",
					     e);
	uint64_t page_size = 0, labels = 0, guesses = 0;
	bool known, labels_known, whole;
	struct run_text text;
	int found;

	if (!row)
		return -1;
	sqlite3_bind_int64(row, 1, (sqlite3_int64)r->sample.run);
	found = database_step(&r->db, row, e);
	text = (struct run_text){database_bytes(row, 0, &known), database_bytes(row, 1, &known),
				 database_bytes(row, 6, &known), database_bytes(row, 4, &known)};
	whole = found > 0 && take_keys(text.keys, recorded) &&
		run_checksum(&text, r->sample.run) == (uint64_t)sqlite3_column_int64(row, 7) &&
		database_column(row, 2, &known, &page_size) == 0 && page_size <= INT32_MAX &&
		database_column(row, 3, &labels_known, &labels) == 0 &&
		database_column(row, 5, &known, &guesses) == 0;
	if (whole) {
		copy_text(row, 0, machine->host, sizeof(machine->host));
		copy_text(row, 1, machine->kernel, sizeof(machine->kernel));
		machine->page_size = (long)page_size;
		machine->keeps_labels = !labels_known ? ANSWER_UNKNOWN
					: labels      ? ANSWER_YES
						      : ANSWER_NO;
		*inferred = guesses != 0;
	}
	sqlite3_finalize(row);
	if (found >= 0 && !whole)
		return error_set(e, ERROR_MALFORMED,
				 "%s is damaged: the checksum of a run is wrong", r->db.path);
	return found < 0 ? -1 : 0;
}

int recording_guesses(struct recording *r, bool *guesses, struct error *e)
{
	struct grouping recorded;
	struct machine machine;

	return recording_read_run(r, &machine, guesses, &recorded, e);
}

int recording_leave_keys(struct recording *r, struct grouping *by, struct error *e)
{
	struct grouping recorded;
	struct machine machine;
	bool guesses;

	if (recording_read_run(r, &machine, &guesses, &recorded, e) < 0)
		return -1;
	asked_leave_keys(&recorded, by);
	return 0;
}

/* Adding up. */

/* A group of the sample that is wanted: the key under which it is added, and its set of processes.
 */
struct part {
	uint32_t set, folded;
	uint64_t processes;
};

struct recalling {
	struct recording *recording;
	const struct recall *what;
	struct snapshot *snapshot;
	struct grouping recorded, set_keys;
	struct past_state state;
	struct intern sets;    /* by the symbols of their keys */
	uint64_t *populations; /* of each set; 0 where that is unknown */
	uint32_t population_capacity;
	bool *found; /* by index of the requested pids */
	struct part *parts;
	size_t count, capacity;
	sqlite3_stmt *identity;
};

/* The set of an identity: the processes with the same keys. SYMBOL_NONE if out of memory. */
static symbol find_set(struct recalling *c, const struct identity *id)
{
	symbol key[KEY_COUNT], set;

	if (!identity_key(id, &c->snapshot->symbols, &c->set_keys, key))
		return SYMBOL_NONE;
	set = intern(&c->sets, (struct slice){(const char *)key, c->set_keys.count * sizeof(*key)});
	if (set != SYMBOL_NONE && set >= c->population_capacity) {
		uint32_t capacity = set + 64;
		void *larger = reallocarray(c->populations, capacity, sizeof(*c->populations));

		if (!larger)
			return SYMBOL_NONE;
		c->populations = larger;
		memset(c->populations + c->population_capacity, 0,
		       (capacity - c->population_capacity) * sizeof(*c->populations));
		c->population_capacity = capacity;
	}
	return set;
}

static bool keep_part(struct recalling *c, struct part part)
{
	if (c->count == c->capacity) {
		size_t capacity = c->capacity ? 2 * c->capacity : 256;
		void *larger = reallocarray(c->parts, capacity, sizeof(*c->parts));

		if (!larger)
			return false;
		c->parts = larger;
		c->capacity = capacity;
	}
	c->parts[c->count++] = part;
	return true;
}

/* Adds a group without its processes. */
static bool fold_group(struct recalling *c, const struct identity *id, const struct usage *u)
{
	struct snapshot *s = c->snapshot;
	struct group group = u->group;
	symbol key[KEY_COUNT], set = find_set(c, id);
	uint32_t before = aggregate_count(&s->groups);
	struct group *at;

	group.processes = 0;
	if (set == SYMBOL_NONE || !asked_key(&c->recorded, c->what, id, &s->symbols, key))
		return false;
	at = aggregate_group(&s->groups, key);
	if (!at)
		return false;
	if (aggregate_count(&s->groups) > before)
		at->processes = 0;
	s->groups.inexact |= !group_add(at, &group);
	s->groups.inexact |= !group_add(&s->totals, &group);
	return keep_part(c,
			 (struct part){set, (uint32_t)(at - s->groups.groups), u->group.processes});
}

static int recall_group(struct recalling *c, const struct usage *u, struct error *e)
{
	struct identity id;
	symbol set;
	int wanted;

	if (identity_get(&c->recording->db, c->identity, u->grp, &id, e) < 0)
		return -1;
	if (!id.kind.known) {
		set = find_set(c, &id);
		if (set == SYMBOL_NONE)
			return error_memory(e);
		c->populations[set] = u->group.processes;
		return 0;
	}
	wanted = asked_wants(c->what, &id, c->found);
	if (wanted < 0 || (wanted > 0 && !fold_group(c, &id, u)))
		return error_memory(e);
	return 0;
}

static int by_set(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->set != y->set)
		return x->set < y->set ? -1 : 1;
	return (x->folded > y->folded) - (x->folded < y->folded);
}

/* The number of processes of a set that have any of some groups: at least that of the largest
 * group, and possibly more, if the set has more. */
static uint64_t count_any(struct recalling *c, const struct part *parts, size_t count)
{
	uint64_t most = 0, population = c->populations[parts->set];

	for (size_t i = 0; i < count; i++)
		most = parts[i].processes > most ? parts[i].processes : most;
	if (count > 1 && most != population && !grouping_has(&c->recorded, KEY_PROCESS))
		c->snapshot->processes_at_least = true;
	return most;
}

static void count_processes(struct recalling *c)
{
	struct snapshot *s = c->snapshot;

	if (c->count)
		qsort(c->parts, c->count, sizeof(*c->parts), by_set);
	for (size_t i = 0, end; i < c->count; i = end) {
		for (end = i; end < c->count && c->parts[end].set == c->parts[i].set; end++)
			;
		s->totals.processes += count_any(c, &c->parts[i], end - i);
		for (size_t k = i, same; k < end; k = same) {
			for (same = k; same < end && c->parts[same].folded == c->parts[k].folded;
			     same++)
				;
			s->groups.groups[c->parts[k].folded].processes +=
				count_any(c, &c->parts[k], same - k);
		}
	}
}

/* As on the running system, it is an error if a requested process does not exist. */
static bool add_missing(struct recalling *c)
{
	bool added = true;
	char text[128];

	for (size_t i = 0; added && i < c->what->pid_count; i++) {
		snprintf(text, sizeof(text), "process %d: not in the recording at that time",
			 c->what->pids[i]);
		added = c->found[i] || problems_add(&c->snapshot->problems, i, text);
	}
	return added;
}

static int recall_all(struct recalling *c, struct error *e)
{
	const struct past_reading reading = {.state = &c->state};
	const struct sample *s = &c->recording->sample;

	if (past_read(&c->recording->db, &reading, s->base, s->number, e) < 0)
		return -1;
	c->identity =
		database_prepare(&c->recording->db, identity_select(c->recording->db.version), e);
	if (!c->identity)
		return -1;
	for (uint32_t i = 0; i < c->state.numbers.count; i++) {
		if (c->state.list[i].group.processes > 0 &&
		    recall_group(c, &c->state.list[i], e) < 0)
			return -1;
	}
	count_processes(c);
	return add_missing(c) ? 0 : error_memory(e);
}

static void describe(const struct recording *r, struct snapshot *s)
{
	const struct sample *sample = &r->sample;

	sample_give_machine(sample, &s->machine);
	s->sample = sample->number;
	sample_give_coverage(sample, &s->coverage);
}

int recording_read(struct recording *r, const struct recall *what, struct snapshot *s,
		   struct error *e)
{
	struct recalling c = {.recording = r, .what = what, .snapshot = s};
	int status = -1;

	snapshot_init(s, SOURCE_RECORDING, &what->by);
	past_state_init(&c.state);
	intern_init(&c.sets);
	if (recording_read_run(r, &s->machine, &s->inferred, &c.recorded, e) == 0 &&
	    asked_check(r, &c.recorded, what, e) == 0) {
		c.set_keys = identity_process_keys(&c.recorded);
		describe(r, s);
		c.found = calloc(what->pid_count + 1, sizeof(*c.found));
		status = c.found ? recall_all(&c, e) : error_memory(e);
	}
	snapshot_finish(s);
	sqlite3_finalize(c.identity);
	past_state_free(&c.state);
	intern_free(&c.sets);
	free(c.populations);
	free(c.found);
	free(c.parts);
	return status;
}
