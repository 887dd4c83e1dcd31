#include "recording/reader.h"

#include "model/grouper.h"
#include "recording/identity.h"
#include "recording/schema.h"
#include "recording/state.h"
#include "recording/when.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct recording {
	struct database db;
	struct sample sample;
};

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
		error_set(e, ERROR_MALFORMED, "%s is an empty database, and no recording", path);
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

struct database *recording_database(struct recording *r)
{
	return &r->db;
}

struct sample *recording_sample(struct recording *r)
{
	return &r->sample;
}

/* Finding a sample */

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

/* The last sample at or before a time that is not so long before it that others are missing. */
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

int recording_find(struct recording *r, const char *time, struct error *e)
{
	struct when when = {WHEN_LAST, 0};
	uint64_t rows;
	int found = sample_find(&r->db, SAMPLE_SELECT "ORDER BY sample DESC LIMIT 1", 0, 0,
				&r->sample, &rows, e);

	if (found == 0)
		return error_set(e, ERROR_USAGE, "%s has no sample yet", r->db.path);
	if (found < 0)
		return -1;
	if (time && !when_parse(time, r->sample.time_ms, &when))
		return error_set(
			e, ERROR_USAGE,
			"invalid time \"%s\": expected 10:30, 2026-11-27T10:30, -1h, first "
			"or last",
			time);
	if (when.kind == WHEN_TIME)
		return find_before(r, time, when.time_ms, e);
	if (when.kind == WHEN_FIRST)
		found = sample_find(&r->db, SAMPLE_SELECT "ORDER BY sample LIMIT 1", 0, 0,
				    &r->sample, &rows, e);
	return found < 0 ? -1 : 0;
}

/* What the run says of all its samples */

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
		return error_set(e, ERROR_MALFORMED, "%s is damaged: a run is not what was written",
				 r->db.path);
	return found < 0 ? -1 : 0;
}

/* What is asked for */

bool recording_answers(const struct grouping *recorded, enum key key)
{
	return grouping_has(recorded, key) ||
	       (key == KEY_SUBSYSTEM && grouping_has(recorded, KEY_LABEL)) ||
	       (key == KEY_NAME && grouping_has(recorded, KEY_PROCESS));
}

static int need_key(const struct recording *r, const struct grouping *recorded, enum key key,
		    const char *what, struct error *e)
{
	if (recording_answers(recorded, key))
		return 0;
	return error_set(e, ERROR_USAGE,
			 "%s cannot answer %s: it was recorded without the key %s; see anonmem "
			 "record --by",
			 r->db.path, what, key_names[key]);
}

int recording_check(const struct recording *r, const struct grouping *recorded,
		    const struct recall *what, struct error *e)
{
	const struct {
		bool asked;
		enum key key;
		const char *option;
	} needs[] = {
		{what->selection.name != NULL, KEY_NAME, "--name"},
		{what->selection.by_user, KEY_USER, "--user"},
		{what->selection.cgroup != NULL, KEY_CGROUP, "--cgroup"},
		{what->selection.label_count > 0, KEY_LABEL, "--label"},
		{what->pid_count > 0, KEY_PROCESS, "--pid"},
	};

	for (unsigned i = 0; i < what->by.count; i++) {
		if (need_key(r, recorded, what->by.keys[i], "--by", e) < 0)
			return -1;
	}
	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++) {
		if (needs[i].asked && need_key(r, recorded, needs[i].key, needs[i].option, e) < 0)
			return -1;
	}
	return 0;
}

static bool wants_pid(const struct recall *what, const struct identity *id, bool *found)
{
	bool wanted = what->pid_count == 0;

	for (size_t i = 0; i < what->pid_count; i++) {
		if (id->known & PROCESS_PID && what->pids[i] == id->pid)
			wanted = found[i] = true;
	}
	return wanted;
}

/* A user was recorded by name, or by number if there was none. */
static bool wants_user(const struct recall *what, const struct identity *id)
{
	char number[16];

	if (!what->selection.by_user)
		return true;
	snprintf(number, sizeof(number), "%" PRIu32, what->selection.uid);
	return id->user.known && (slice_equals(id->user.bytes, slice_of(what->user)) ||
				  slice_equals(id->user.bytes, slice_of(number)));
}

int recall_wants(const struct recall *what, const struct identity *id, bool *found)
{
	struct selection selection = what->selection;
	const struct process p = {
		.known = (id->name.known ? PROCESS_NAME : 0U) |
			 (id->cgroup.known ? PROCESS_CGROUP : 0U),
		.name = id->name.bytes,
		.cgroup = id->cgroup.bytes,
	};
	int wanted;

	selection.by_user = false;
	if (!wants_pid(what, id, found) || !wants_user(what, id))
		return 0;
	wanted = selection_wants_process(&selection, &p);
	if (wanted > 0 && id->label.known)
		wanted = selection_wants_label(&selection, id->label.bytes);
	for (int kind = 0; wanted > 0 && selection.kinds && kind < KIND_COUNT; kind++) {
		if (slice_equals(id->kind.bytes, slice_of(kind_names[kind])))
			wanted = selection_wants_kind(&selection, (enum kind)kind);
	}
	return wanted;
}

/* Adding up */

/* A group of the sample that is wanted: under which key it comes, and whose it is. */
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
	uint64_t *populations; /* of each; 0 where that is not known */
	uint32_t population_capacity;
	bool *found; /* by number of the pids that are asked for */
	struct part *parts;
	size_t count, capacity;
	sqlite3_stmt *identity;
};

/* The set of an identity: the processes that cannot be told apart. SYMBOL_NONE if out of memory. */
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

static bool put_subsystem(struct recalling *c, const struct identity *id, symbol *key)
{
	unsigned place = grouping_find(&c->what->by, KEY_SUBSYSTEM);

	if (place == c->what->by.count || !id->label.known)
		return true;
	key[place] = grouper_subsystem(&c->snapshot->symbols, c->what->rules, id->label.bytes);
	return key[place] != SYMBOL_NONE;
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
	if (set == SYMBOL_NONE || !identity_key(id, &s->symbols, &c->what->by, key) ||
	    !put_subsystem(c, id, key))
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
	struct database *d = &c->recording->db;
	struct identity id;
	symbol set;
	int row, wanted;

	sqlite3_reset(c->identity);
	sqlite3_bind_int64(c->identity, 1, (sqlite3_int64)u->grp);
	row = database_step(d, c->identity, e);
	if (row == 0)
		return error_set(e, ERROR_MALFORMED, "%s is damaged: it lacks a group", d->path);
	if (row < 0 || identity_read(d, c->identity, u->grp, &id, e) < 0)
		return -1;
	if (!id.kind.known) {
		set = find_set(c, &id);
		if (set == SYMBOL_NONE)
			return error_memory(e);
		c->populations[set] = u->group.processes;
		return 0;
	}
	wanted = recall_wants(c->what, &id, c->found);
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

/* The processes of a set that have any of some groups: as many as have the largest of them, and
 * perhaps others, if there are any. */
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

/* As live, it is an error if a process is not there. */
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
	c->identity = database_prepare(&c->recording->db, identity_select, e);
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
	static const struct grouping process = {.keys = {KEY_PROCESS}, .count = 1};
	struct recalling c = {.recording = r, .what = what, .snapshot = s};
	int status = -1;

	snapshot_init(s, SOURCE_RECORDING, &what->by);
	past_state_init(&c.state);
	intern_init(&c.sets);
	if (recording_read_run(r, &s->machine, &s->inferred, &c.recorded, e) == 0 &&
	    recording_check(r, &c.recorded, what, e) == 0) {
		c.set_keys = grouping_has(&c.recorded, KEY_PROCESS) ? process
								    : identity_sets(&c.recorded);
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
