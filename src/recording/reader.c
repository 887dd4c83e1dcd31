#include "recording/reader.h"

#include "recording/asked.h"
#include "recording/schema.h"
#include "recording/state.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
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
