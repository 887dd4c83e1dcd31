#include "recording/asked.h"

#include "model/grouper.h"
#include "parse/cgroup_path.h"
#include "source/containers.h"

#include <inttypes.h>
#include <stdio.h>

static bool follows_from_cgroup(enum key key)
{
	return key == KEY_CONTAINER || key == KEY_POD || key == KEY_UNIT;
}

static bool can_answer(const struct grouping *recorded, enum key key)
{
	return grouping_has(recorded, key) ||
	       (key == KEY_SUBSYSTEM && grouping_has(recorded, KEY_LABEL)) ||
	       (key == KEY_NAME && grouping_has(recorded, KEY_PROCESS)) ||
	       (follows_from_cgroup(key) && grouping_has(recorded, KEY_CGROUP));
}

static int need_key(const struct recording *r, const struct grouping *recorded, enum key key,
		    const char *what, struct error *e)
{
	if (can_answer(recorded, key))
		return 0;
	return error_set(
		e, ERROR_USAGE,
		"%s was recorded without the key %s, which %s needs; see anonmem record --by",
		r->db.path, key_names[key], what);
}

int asked_check(const struct recording *r, const struct grouping *recorded,
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
		if (!(id->known & PROCESS_PID) || what->pids[i] != id->pid)
			continue;
		wanted = true;
		if (found)
			found[i] = true;
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

int asked_wants(const struct recall *what, const struct identity *id, bool *found)
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

void asked_leave_keys(const struct grouping *recorded, struct grouping *by)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < by->count; i++) {
		if (can_answer(recorded, by->keys[i]))
			by->keys[kept++] = by->keys[i];
	}
	by->count = kept;
}

static bool put_subsystem(const struct recall *what, const struct identity *id,
			  struct intern *symbols, symbol *key)
{
	unsigned place = grouping_find(&what->by, KEY_SUBSYSTEM);

	if (place == what->by.count || !id->label.known)
		return true;
	key[place] = grouper_subsystem(symbols, what->rules, id->label.bytes);
	return key[place] != SYMBOL_NONE;
}

/* The container, pod or unit that the path of a control group belongs to; false if there is none.
 */
static bool place_of(enum key which, struct slice cgroup, char name[CONTAINER_NAME_MAX])
{
	struct cgroup_path path;

	if (which == KEY_CONTAINER)
		return containers_name(NULL, cgroup, name);
	if (which == KEY_POD)
		return containers_pod(NULL, cgroup, name);
	cgroup_path_parse(cgroup, &path);
	if (path.unit.len == 0 || path.unit.len >= CONTAINER_NAME_MAX)
		return false;
	snprintf(name, CONTAINER_NAME_MAX, "%.*s", (int)path.unit.len, path.unit.ptr);
	return true;
}

/* Adds keys that were not recorded but follow from the control group. */
static bool put_places(const struct grouping *recorded, const struct recall *what,
		       const struct identity *id, struct intern *symbols, symbol *key)
{
	for (unsigned i = 0; i < what->by.count; i++) {
		enum key k = what->by.keys[i];
		char name[CONTAINER_NAME_MAX];

		if (!follows_from_cgroup(k) || grouping_has(recorded, k) || !id->cgroup.known)
			continue;
		key[i] = SYMBOL_NONE;
		if (!place_of(k, id->cgroup.bytes, name))
			continue;
		key[i] = intern(symbols, slice_of(name));
		if (key[i] == SYMBOL_NONE)
			return false;
	}
	return true;
}

bool asked_key(const struct grouping *recorded, const struct recall *what,
	       const struct identity *id, struct intern *symbols, symbol *key)
{
	return identity_key(id, symbols, &what->by, key) && put_subsystem(what, id, symbols, key) &&
	       put_places(recorded, what, id, symbols, key);
}
