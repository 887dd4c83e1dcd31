#include "model/grouper.h"

#include "base/textstream.h"
#include "parse/cgroup_path.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SYSV_NAME_MAX = sizeof("[sysv_shm:00000000]") };

struct label_facts {
	enum { UNSEEN, WANTED, UNWANTED } state;
	symbol subsystem;
};

struct user_name {
	uint32_t uid;
	symbol name;
};

void grouper_init(struct grouper *k, struct intern *symbols, const struct grouping *by,
		  const struct selection *selection, const struct rules *rules,
		  const struct users *names, struct containers *containers)
{
	*k = (struct grouper){
		.symbols = symbols,
		.by = by,
		.selection = selection,
		.rules = rules,
		.names = names,
		.containers = containers,
		.needs_label = grouping_has(by, KEY_LABEL) || grouping_has(by, KEY_SUBSYSTEM) ||
			       grouping_has(by, KEY_FILE) || grouping_has(by, KEY_MAPPING) ||
			       grouping_has(by, KEY_SEGMENT) || selection->label_count > 0,
	};
}

void grouper_free(struct grouper *k)
{
	free(k->facts);
	free(k->users);
	free(k->scratch);
	for (int i = 0; i < GUESS_COUNT; i++)
		free(k->last[i].name);
}

static symbol make_user(struct grouper *k, uint32_t uid)
{
	char buffer[4096], number[16];
	const char *name = k->names ? users_find(k->names, uid, buffer, sizeof(buffer)) : NULL;

	if (name)
		return intern(k->symbols, slice_of(name));
	snprintf(number, sizeof(number), "%" PRIu32, uid);
	return intern(k->symbols, slice_of(number));
}

/* Looking up a user reads files, so it is done once per user. */
static symbol find_user(struct grouper *k, uint32_t uid)
{
	struct user_name *larger;

	for (size_t i = 0; i < k->user_count; i++) {
		if (k->users[i].uid == uid)
			return k->users[i].name;
	}
	larger = reallocarray(k->users, k->user_count + 1, sizeof(*k->users));
	if (!larger)
		return SYMBOL_NONE;
	k->users = larger;
	k->users[k->user_count] = (struct user_name){uid, make_user(k, uid)};
	return k->users[k->user_count++].name;
}

/* A value may be unknown, and then is SYMBOL_NONE; that is not an error. */
static bool set(symbol *where, bool known, symbol value)
{
	*where = known ? value : SYMBOL_NONE;
	return !known || value != SYMBOL_NONE;
}

/* Where a process runs, according to its control group. */
static bool set_place(struct grouper *k, const struct process *p)
{
	char name[CONTAINER_NAME_MAX] = "";
	bool known = p->known & PROCESS_CGROUP, has;
	struct cgroup_path path;

	has = known && grouping_has(k->by, KEY_CONTAINER) &&
	      containers_name(k->containers, p->cgroup, name);
	if (!set(&k->process[KEY_CONTAINER], has, has ? intern(k->symbols, slice_of(name)) : 0))
		return false;
	has = known && grouping_has(k->by, KEY_POD) &&
	      containers_pod(k->containers, p->cgroup, name);
	if (!set(&k->process[KEY_POD], has, has ? intern(k->symbols, slice_of(name)) : 0))
		return false;
	cgroup_path_parse(known ? p->cgroup : SLICE(""), &path);
	has = grouping_has(k->by, KEY_UNIT) && path.unit.len > 0;
	return set(&k->process[KEY_UNIT], has, has ? intern(k->symbols, path.unit) : 0);
}

bool grouper_process(struct grouper *k, const struct process *p)
{
	bool has_process = grouping_has(k->by, KEY_PROCESS) || grouping_has(k->by, KEY_MAPPING);
	bool has_name = grouping_has(k->by, KEY_NAME) && p->known & PROCESS_NAME;
	bool has_user = grouping_has(k->by, KEY_USER) && p->known & PROCESS_UID;
	bool has_command = grouping_has(k->by, KEY_COMMAND) && p->known & PROCESS_COMMAND;
	bool has_cgroup = grouping_has(k->by, KEY_CGROUP) && p->known & PROCESS_CGROUP;

	for (int i = 0; i < GUESS_COUNT; i++)
		k->last[i].valid = false;
	return set_place(k, p) &&
	       set(&k->process[KEY_PROCESS], has_process,
		   has_process ? key_intern_process(k->symbols, p) : 0) &&
	       set(&k->process[KEY_NAME], has_name, has_name ? intern(k->symbols, p->name) : 0) &&
	       set(&k->process[KEY_USER], has_user, has_user ? find_user(k, p->uid) : 0) &&
	       set(&k->process[KEY_CGROUP], has_cgroup,
		   has_cgroup ? intern(k->symbols, p->cgroup) : 0) &&
	       set(&k->process[KEY_COMMAND], has_command,
		   has_command ? intern(k->symbols, p->command) : 0);
}

/* The label as one string; its bytes are NULL if out of memory. */
static struct slice whole_label(struct grouper *k, const struct class *c)
{
	size_t len = c->wrap.len + c->label.len + 1;

	if (c->wrap.len == 0)
		return c->label;
	if (len > k->scratch_capacity) {
		char *larger = realloc(k->scratch, len);

		if (!larger)
			return (struct slice){NULL, 0};
		k->scratch = larger;
		k->scratch_capacity = len;
	}
	memcpy(k->scratch, c->wrap.ptr, c->wrap.len);
	if (c->label.len)
		memcpy(k->scratch + c->wrap.len, c->label.ptr, c->label.len);
	k->scratch[len - 1] = ']';
	return (struct slice){k->scratch, len};
}

/* A name that a process chose must not pass for the kernel's or for a guess: [memfd:[heap]] is not
 * the heap, and [anon:~go heap] is not a guess. */
static bool pretends(struct slice label, struct slice subsystem)
{
	return label_text(label).len < label.len &&
	       (slice_begins(subsystem, SLICE("[")) || slice_begins(subsystem, SLICE("~")));
}

symbol grouper_subsystem(struct intern *symbols, const struct rules *rules, struct slice label)
{
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);
	symbol s = SYMBOL_NONE;
	bool applied;

	if (!out)
		return SYMBOL_NONE;
	applied = rules_apply(rules, label, out);
	if (textstream_close(out, &text) && applied) {
		const struct slice subsystem = {text, size};

		s = intern(symbols, pretends(label, subsystem) ? label : subsystem);
	}
	free(text);
	return s;
}

/* NULL if out of memory. */
static const struct label_facts *find_facts(struct grouper *k, symbol s, struct slice label,
					    struct slice beside)
{
	struct label_facts *f;

	if (s >= k->facts_capacity) {
		size_t capacity = k->facts_capacity ? k->facts_capacity : 64;

		while (capacity <= s)
			capacity *= 2;
		f = reallocarray(k->facts, capacity, sizeof(*f));
		if (!f)
			return NULL;
		memset(f + k->facts_capacity, 0, (capacity - k->facts_capacity) * sizeof(*f));
		k->facts = f;
		k->facts_capacity = capacity;
	}
	f = &k->facts[s];
	if (f->state == UNSEEN) {
		int wanted = selection_wants_label(k->selection, label);

		if (wanted == 0 && beside.len)
			wanted = selection_wants_label(k->selection, beside);
		if (wanted < 0)
			return NULL;
		if (grouping_has(k->by, KEY_SUBSYSTEM)) {
			f->subsystem = grouper_subsystem(k->symbols, k->rules, label);
			if (f->subsystem == SYMBOL_NONE)
				return NULL;
		}
		f->state = wanted ? WANTED : UNWANTED;
	}
	return f;
}

/* A mapping and what is known about it. */
struct classified {
	const struct mapping *mapping;
	struct class class;
	struct slice label;
	struct slice beside; /* a guess beside a name that a process keeps, or empty */
	symbol label_symbol;
	const struct label_facts *facts;
};

/* The path of a file, or else the label; both with their origin. */
static symbol file_key(struct grouper *k, const struct classified *v)
{
	if (!v->class.is_file)
		return v->label_symbol;
	return key_intern_label(k->symbols, v->class.origin, v->mapping->name);
}

static symbol mapping_key(struct grouper *k, const struct classified *v)
{
	symbol file = file_key(k, v);

	if (file == SYMBOL_NONE)
		return SYMBOL_NONE;
	return key_intern_mapping(k->symbols, v->mapping, k->process[KEY_PROCESS], file);
}

/* A deleted file keeps its name. A System V segment is named by its key. */
static struct slice segment_name(const struct classified *v, char sysv[SYSV_NAME_MAX])
{
	static const struct slice deleted = SLICE_INIT(" (deleted)");
	struct slice name = v->mapping->name;
	bool ends = slice_ends(name, deleted);

	if (segment_is_sysv(v->mapping)) {
		snprintf(sysv, SYSV_NAME_MAX, "[sysv_shm:%.*s]", SEGMENT_KEY_DIGITS,
			 name.ptr + strlen("/SYSV"));
		return slice_of(sysv);
	}
	if (!v->class.is_file)
		return v->label;
	return ends ? slice_inner(name, 0, deleted.len) : name;
}

/* Sets SYMBOL_NONE, without failing, if it is not shared memory. */
static bool segment_key(struct grouper *k, const struct classified *v, symbol *value)
{
	const struct segment_id id = segment_of(v->mapping);
	char sysv[SYSV_NAME_MAX];

	*value = SYMBOL_NONE;
	if (v->class.kind != KIND_SHMEM)
		return true;
	*value = key_intern_segment(k->symbols, &id, segment_name(v, sysv));
	return *value != SYMBOL_NONE;
}

/* False if out of memory. */
static bool make_key(struct grouper *k, enum key key, const struct classified *v, symbol *value)
{
	switch (key) {
	case KEY_LABEL:
		*value = v->label_symbol;
		break;
	case KEY_SUBSYSTEM:
		*value = v->facts->subsystem;
		break;
	case KEY_KIND:
		*value = intern(k->symbols, slice_of(kind_names[v->class.kind]));
		break;
	case KEY_FILE:
		*value = file_key(k, v);
		break;
	case KEY_MAPPING:
		*value = mapping_key(k, v);
		break;
	case KEY_SEGMENT:
		return segment_key(k, v, value);
	case KEY_PROCESS:
	case KEY_NAME:
	case KEY_USER:
	case KEY_CGROUP:
	case KEY_CONTAINER:
	case KEY_POD:
	case KEY_UNIT:
	case KEY_COMMAND:
		*value = k->process[key]; /* may be unknown */
		return true;
	case KEY_COUNT:
		return false;
	}
	return *value != SYMBOL_NONE;
}

/* What a process calls its memory, and what it probably is. */
static void add_guess(struct grouper *k, struct classified *v)
{
	int len = snprintf(k->beside, sizeof(k->beside), "%.*s %.*s", (int)v->label.len,
			   v->label.ptr, (int)v->beside.len, v->beside.ptr);

	if (len > 0 && (size_t)len < sizeof(k->beside))
		v->label = (struct slice){k->beside, (size_t)len};
}

static bool look_up_label(struct grouper *k, struct classified *v)
{
	struct slice name;

	v->label = whole_label(k, &v->class);
	if (!v->label.ptr)
		return false;
	name = v->label;
	if (v->beside.len)
		add_guess(k, v);
	v->label_symbol = key_intern_label(k->symbols, v->class.origin, v->label);
	if (v->label_symbol == SYMBOL_NONE)
		return false;
	v->facts = find_facts(k, v->label_symbol, name, v->beside);
	return v->facts != NULL;
}

static enum key_result key_of(struct grouper *k, const struct mapping *m, enum guess guess,
			      symbol *key, enum kind *kind)
{
	struct classified v = {.mapping = m};

	classify(m, &v.class);
	if (guess != GUESS_NONE && v.class.origin == ORIGIN_PROCESS) {
		v.beside = guess_labels[guess];
	} else if (guess != GUESS_NONE) {
		v.class.label = guess_labels[guess];
		v.class.origin = ORIGIN_INFERRED;
	}
	*kind = v.class.kind;
	if (!selection_wants_kind(k->selection, v.class.kind))
		return KEY_UNWANTED;
	if (k->needs_label) {
		if (!look_up_label(k, &v))
			return KEY_NO_MEMORY;
		if (v.facts->state == UNWANTED)
			return KEY_UNWANTED;
	}
	for (unsigned i = 0; i < k->by->count; i++) {
		if (!make_key(k, k->by->keys[i], &v, &key[i]))
			return KEY_NO_MEMORY;
	}
	return KEY_MADE;
}

static bool is_like_last(const struct last_mapping *last, const struct mapping *m)
{
	return last->valid && last->shared == (m->perms[3] == 's') &&
	       last->inode == mapping_has_inode(m) && last->by_process == m->by_process &&
	       last->backing == m->backing && last->device == (m->dev_major != 0) &&
	       slice_equals((struct slice){last->name, last->length}, m->name);
}

static bool remember(struct last_mapping *last, const struct mapping *m)
{
	if (m->name.len > last->capacity) {
		char *larger = realloc(last->name, m->name.len);

		if (!larger)
			return false;
		last->name = larger;
		last->capacity = m->name.len;
	}
	if (m->name.len)
		memcpy(last->name, m->name.ptr, m->name.len);
	last->length = m->name.len;
	last->shared = m->perms[3] == 's';
	last->inode = mapping_has_inode(m);
	last->by_process = m->by_process;
	last->backing = m->backing;
	last->device = m->dev_major != 0;
	return true;
}

enum key_result grouper_mapping(struct grouper *k, const struct mapping *m, enum guess guess,
				symbol *key, enum kind *kind)
{
	struct last_mapping *last = &k->last[guess];

	/* Neighbours are often alike; then there is nothing to look up. */
	if (is_like_last(last, m)) {
		*kind = last->kind;
		return last->result == KEY_MADE ? KEY_SAME : last->result;
	}
	last->result = key_of(k, m, guess, key, kind);
	last->kind = *kind;
	last->valid = !grouping_has(k->by, KEY_MAPPING) && !grouping_has(k->by, KEY_SEGMENT) &&
		      last->result != KEY_NO_MEMORY;
	return remember(last, m) ? last->result : KEY_NO_MEMORY;
}
