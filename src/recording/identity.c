#include "recording/identity.h"

#include "recording/checksum.h"

#include <limits.h>

#define FIRST_COLUMNS "boot_id, pid, start_time, name, user, cgroup, label, origin, subsystem, kind"
#define COLUMNS	      FIRST_COLUMNS ", container, pod, unit"

const char identity_insert[] = "INSERT INTO groups(" COLUMNS ", grp, checksum) "
			       "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const char identity_find[] =
	"SELECT grp FROM groups WHERE boot_id IS ?1 AND pid IS ?2 AND start_time IS ?3 "
	"AND name IS ?4 AND user IS ?5 AND cgroup IS ?6 AND label IS ?7 AND origin IS ?8 "
	"AND subsystem IS ?9 AND kind IS ?10 AND container IS ?11 AND pod IS ?12 AND unit IS ?13";

const char *identity_select(unsigned version)
{
	return version == 1 ? "SELECT " FIRST_COLUMNS
			      ", NULL, NULL, NULL, checksum FROM groups WHERE grp = ?1"
			    : "SELECT " COLUMNS ", checksum FROM groups WHERE grp = ?1";
}

bool identity_can_have(enum key key)
{
	static const bool can[KEY_COUNT] = {
		[KEY_LABEL] = true,   [KEY_SUBSYSTEM] = true, [KEY_KIND] = true,
		[KEY_PROCESS] = true, [KEY_NAME] = true,      [KEY_USER] = true,
		[KEY_CGROUP] = true,  [KEY_CONTAINER] = true, [KEY_POD] = true,
		[KEY_UNIT] = true,
	};

	return can[key];
}

struct grouping identity_sets(const struct grouping *by)
{
	static const bool of_process[KEY_COUNT] = {
		[KEY_NAME] = true,	[KEY_USER] = true, [KEY_CGROUP] = true,
		[KEY_CONTAINER] = true, [KEY_POD] = true,  [KEY_UNIT] = true};
	struct grouping sets = {.count = 0};

	for (unsigned i = 0; i < by->count; i++) {
		if (of_process[by->keys[i]])
			sets.keys[sets.count++] = by->keys[i];
	}
	return sets;
}

struct grouping identity_process_keys(const struct grouping *recorded)
{
	static const struct grouping process = {.keys = {KEY_PROCESS}, .count = 1};

	return grouping_has(recorded, KEY_PROCESS) ? process : identity_sets(recorded);
}

/* Where the string of a key is stored; NULL if the key is not a string. */
static struct text *text_of(struct identity *id, enum key key)
{
	switch (key) {
	case KEY_NAME:
		return &id->name;
	case KEY_USER:
		return &id->user;
	case KEY_CGROUP:
		return &id->cgroup;
	case KEY_CONTAINER:
		return &id->container;
	case KEY_POD:
		return &id->pod;
	case KEY_UNIT:
		return &id->unit;
	case KEY_SUBSYSTEM:
		return &id->subsystem;
	case KEY_KIND:
		return &id->kind;
	default:
		return NULL;
	}
}

static void take_process(struct identity *id, const struct intern *symbols, symbol value)
{
	struct process_identity p = key_process(symbols, value);

	id->has_process = true;
	id->known = p.known;
	id->pid = p.pid;
	id->start_time = p.start_time;
	if (p.known & PROCESS_NAME)
		id->name = (struct text){true, p.name};
}

struct identity identity_of(const struct intern *symbols, const struct grouping *by,
			    const symbol *key, struct slice boot_id)
{
	struct identity id = {.has_process = false};

	for (unsigned i = 0; i < by->count; i++) {
		struct text text = {key[i] != SYMBOL_NONE, SLICE("")};

		if (!text.known)
			continue;
		text.bytes = intern_bytes(symbols, key[i]);
		switch (by->keys[i]) {
		case KEY_LABEL:
			text.bytes = key_label(symbols, key[i], &id.origin);
			id.label = text;
			break;
		case KEY_PROCESS:
			take_process(&id, symbols, key[i]);
			id.boot_id = (struct text){boot_id.len > 0, boot_id};
			break;
		default:
			if (text_of(&id, by->keys[i]))
				*text_of(&id, by->keys[i]) = text;
			break;
		}
	}
	return id;
}

static bool put(struct intern *symbols, const struct text *text, symbol *value)
{
	*value = text->known ? intern(symbols, text->bytes) : SYMBOL_NONE;
	return !text->known || *value != SYMBOL_NONE;
}

static bool put_label(struct intern *symbols, const struct identity *id, symbol *value)
{
	*value = id->label.known ? key_intern_label(symbols, id->origin, id->label.bytes)
				 : SYMBOL_NONE;
	return !id->label.known || *value != SYMBOL_NONE;
}

static bool put_process(struct intern *symbols, const struct identity *id, symbol *value)
{
	const struct process p = {
		.known = id->known | (id->name.known ? PROCESS_NAME : 0),
		.pid = id->pid,
		.start_time = id->start_time,
		.name = id->name.bytes,
	};

	*value = id->has_process ? key_intern_process(symbols, &p) : SYMBOL_NONE;
	return !id->has_process || *value != SYMBOL_NONE;
}

bool identity_key(const struct identity *id, struct intern *symbols, const struct grouping *by,
		  symbol *key)
{
	static const struct text none = {false, {NULL, 0}};
	struct identity copy = *id;
	bool whole = true;

	for (unsigned i = 0; whole && i < by->count; i++) {
		enum key k = by->keys[i];
		const struct text *text = text_of(&copy, k);

		if (k == KEY_LABEL)
			whole = put_label(symbols, id, &key[i]);
		else if (k == KEY_PROCESS)
			whole = put_process(symbols, id, &key[i]);
		else
			whole = put(symbols, text ? text : &none, &key[i]);
	}
	return whole;
}

/* The origin of the label, if the label is known. */
static struct slice origin_of(const struct identity *id)
{
	return slice_of(origin_names[id->origin]);
}

uint64_t run_checksum(const struct run_text *text, uint64_t run)
{
	uint64_t sum = checksum_number(CHECKSUM_START, run);

	sum = checksum_bytes(sum, true, text->host);
	sum = checksum_bytes(sum, true, text->kernel);
	sum = checksum_bytes(sum, true, text->boot_id);
	return checksum_bytes(sum, true, text->keys);
}

static uint64_t sum_text(uint64_t sum, const struct text *text)
{
	return checksum_bytes(sum, text->known, text->bytes);
}

static uint64_t sum_up(const struct identity *id, uint64_t grp)
{
	uint64_t sum = checksum_number(CHECKSUM_START, grp);

	sum = sum_text(sum, &id->boot_id);
	sum = checksum_known(sum, id->known & PROCESS_PID, (uint64_t)id->pid);
	sum = checksum_known(sum, id->known & PROCESS_START, id->start_time);
	sum = sum_text(sum, &id->name);
	sum = sum_text(sum, &id->user);
	sum = sum_text(sum, &id->cgroup);
	sum = sum_text(sum, &id->label);
	sum = checksum_bytes(sum, id->label.known, origin_of(id));
	sum = sum_text(sum, &id->subsystem);
	sum = sum_text(sum, &id->kind);
	/* Version 1 lacks these. */
	sum = id->container.known ? sum_text(checksum_number(sum, 1), &id->container) : sum;
	sum = id->pod.known ? sum_text(checksum_number(sum, 2), &id->pod) : sum;
	return id->unit.known ? sum_text(checksum_number(sum, 3), &id->unit) : sum;
}

static void bind_text(sqlite3_stmt *s, int index, struct text text)
{
	database_bind_bytes(s, index, text.known, text.bytes);
}

void identity_bind_to_find(sqlite3_stmt *s, const struct identity *id)
{
	bind_text(s, 1, id->boot_id);
	database_bind_number(s, 2, id->known & PROCESS_PID, (uint64_t)id->pid);
	database_bind_number(s, 3, id->known & PROCESS_START, id->start_time);
	bind_text(s, 4, id->name);
	bind_text(s, 5, id->user);
	bind_text(s, 6, id->cgroup);
	bind_text(s, 7, id->label);
	database_bind_bytes(s, 8, id->label.known, origin_of(id));
	bind_text(s, 9, id->subsystem);
	bind_text(s, 10, id->kind);
	bind_text(s, 11, id->container);
	bind_text(s, 12, id->pod);
	bind_text(s, 13, id->unit);
}

void identity_bind(sqlite3_stmt *s, const struct identity *id, uint64_t grp)
{
	identity_bind_to_find(s, id);
	database_bind_number(s, 14, true, grp);
	database_bind_number(s, 15, true, sum_up(id, grp));
}

static void read_text(sqlite3_stmt *s, int column, struct text *text)
{
	text->bytes = database_bytes(s, column, &text->known);
}

static bool read_origin(sqlite3_stmt *s, struct identity *id)
{
	bool known;
	struct slice name = database_bytes(s, 7, &known);
	int i = 0;

	if (known != id->label.known)
		return false;
	while (known && i < ORIGIN_COUNT && !slice_equals(slice_of(origin_names[i]), name))
		i++;
	id->origin = (enum origin)(i < ORIGIN_COUNT ? i : 0);
	return i < ORIGIN_COUNT;
}

static int read_row(const struct database *d, sqlite3_stmt *s, uint64_t grp, struct identity *id,
		    struct error *e)
{
	bool pid_known, start_known;
	uint64_t pid;

	*id = (struct identity){.has_process = false};
	read_text(s, 0, &id->boot_id);
	read_text(s, 3, &id->name);
	read_text(s, 4, &id->user);
	read_text(s, 5, &id->cgroup);
	read_text(s, 6, &id->label);
	read_text(s, 8, &id->subsystem);
	read_text(s, 9, &id->kind);
	read_text(s, 10, &id->container);
	read_text(s, 11, &id->pod);
	read_text(s, 12, &id->unit);
	if (database_column(s, 1, &pid_known, &pid) == 0 && pid <= INT_MAX &&
	    database_column(s, 2, &start_known, &id->start_time) == 0 && read_origin(s, id)) {
		id->pid = (pid_t)pid;
		id->has_process = pid_known;
		id->known = (pid_known ? PROCESS_PID : 0U) | (start_known ? PROCESS_START : 0U);
		if (sum_up(id, grp) == (uint64_t)sqlite3_column_int64(s, 13))
			return 0;
	}
	return error_set(e, ERROR_MALFORMED, "%s is damaged: the checksum of a name is wrong",
			 d->path);
}

int identity_get(const struct database *d, sqlite3_stmt *s, uint64_t grp, struct identity *id,
		 struct error *e)
{
	int found;

	sqlite3_reset(s);
	sqlite3_bind_int64(s, 1, (sqlite3_int64)grp);
	found = database_step(d, s, e);
	if (found == 0)
		return error_set(e, ERROR_MALFORMED, "%s is damaged: it lacks a group", d->path);
	return found < 0 ? -1 : read_row(d, s, grp, id, e);
}
