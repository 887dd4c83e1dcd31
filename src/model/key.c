#include "model/key.h"

#include <stdlib.h>

const char *const key_names[KEY_COUNT] = {
	[KEY_LABEL] = "label",	   [KEY_SUBSYSTEM] = "subsystem", [KEY_KIND] = "kind",
	[KEY_PROCESS] = "process", [KEY_NAME] = "name",		  [KEY_USER] = "user",
	[KEY_CGROUP] = "cgroup",   [KEY_CONTAINER] = "container", [KEY_POD] = "pod",
	[KEY_UNIT] = "unit",	   [KEY_COMMAND] = "command",	  [KEY_FILE] = "file",
	[KEY_MAPPING] = "mapping", [KEY_SEGMENT] = "segment",
};

unsigned grouping_find(const struct grouping *g, enum key key)
{
	unsigned i = 0;

	while (i < g->count && g->keys[i] != key)
		i++;
	return i;
}

bool grouping_has(const struct grouping *g, enum key key)
{
	return grouping_find(g, key) < g->count;
}

bool grouping_equals(const struct grouping *a, const struct grouping *b)
{
	return a->count == b->count && memcmp(a->keys, b->keys, a->count * sizeof(*a->keys)) == 0;
}

unsigned grouping_needs(const struct grouping *g)
{
	static const unsigned needs[KEY_COUNT] = {
		[KEY_PROCESS] = NEED_STAT,     [KEY_NAME] = NEED_STAT,
		[KEY_USER] = NEED_UID,	       [KEY_CGROUP] = NEED_CGROUP,
		[KEY_CONTAINER] = NEED_CGROUP, [KEY_POD] = NEED_CGROUP,
		[KEY_UNIT] = NEED_CGROUP,      [KEY_COMMAND] = NEED_COMMAND | NEED_STAT,
	};
	unsigned all = 0;

	for (unsigned i = 0; i < g->count; i++)
		all |= needs[g->keys[i]];
	return all;
}

/* Interns a fixed part followed by a string. `head` must not have padding, so that equal values
 * have equal bytes. */
static symbol intern_record(struct intern *symbols, const void *head, size_t head_size,
			    struct slice tail)
{
	char small[512], *bytes = small;
	size_t size = head_size + tail.len;
	symbol s;

	if (size > sizeof(small)) {
		bytes = malloc(size);
		if (!bytes)
			return SYMBOL_NONE;
	}
	memcpy(bytes, head, head_size);
	if (tail.len)
		memcpy(bytes + head_size, tail.ptr, tail.len);
	s = intern(symbols, (struct slice){bytes, size});
	if (bytes != small)
		free(bytes);
	return s;
}

symbol key_intern_label(struct intern *symbols, enum origin origin, struct slice label)
{
	char head = (char)origin;

	return intern_record(symbols, &head, sizeof(head), label);
}

struct slice key_label(const struct intern *symbols, symbol label, enum origin *origin)
{
	struct slice bytes = intern_bytes(symbols, label);

	*origin = (enum origin)bytes.ptr[0];
	return slice_inner(bytes, 1, 0);
}

struct process_head {
	uint64_t start_time;
	int32_t pid;
	uint32_t known;
};

symbol key_intern_process(struct intern *symbols, const struct process *process)
{
	struct process_head head = {.known = process->known &
					     (PROCESS_PID | PROCESS_START | PROCESS_NAME)};

	if (head.known & PROCESS_PID)
		head.pid = process->pid;
	if (head.known & PROCESS_START)
		head.start_time = process->start_time;
	return intern_record(symbols, &head, sizeof(head),
			     head.known & PROCESS_NAME ? process->name : SLICE(""));
}

struct process_identity key_process(const struct intern *symbols, symbol process)
{
	return key_identity(intern_bytes(symbols, process));
}

struct process_identity key_identity(struct slice bytes)
{
	struct process_head head;

	memcpy(&head, bytes.ptr, sizeof(head));
	return (struct process_identity){
		.known = head.known,
		.pid = head.pid,
		.start_time = head.start_time,
		.name = slice_inner(bytes, sizeof(head), 0),
	};
}

struct mapping_head {
	uint64_t start, end;
	uint32_t process, name;
	char perms[8];
};

symbol key_intern_mapping(struct intern *symbols, const struct mapping *m, symbol process,
			  symbol name)
{
	struct mapping_head head = {
		.start = m->start, .end = m->end, .process = process, .name = name};

	memcpy(head.perms, m->perms, sizeof(m->perms));
	return intern_record(symbols, &head, sizeof(head), SLICE(""));
}

struct mapping_identity key_mapping(const struct intern *symbols, symbol mapping)
{
	struct slice bytes = intern_bytes(symbols, mapping);
	struct mapping_identity identity;
	struct mapping_head head;

	memcpy(&head, bytes.ptr, sizeof(head));
	identity = (struct mapping_identity){
		.start = head.start,
		.end = head.end,
		.perms = {bytes.ptr + offsetof(struct mapping_head, perms), strlen(head.perms)},
		.process = head.process,
	};
	identity.name = key_label(symbols, head.name, &identity.origin);
	return identity;
}

symbol key_intern_segment(struct intern *symbols, const struct segment_id *id, struct slice name)
{
	return intern_record(symbols, id, sizeof(*id), name);
}

struct segment_identity key_segment(const struct intern *symbols, symbol segment)
{
	struct slice bytes = intern_bytes(symbols, segment);
	struct segment_identity identity = {.name = slice_inner(bytes, sizeof(identity.id), 0)};

	memcpy(&identity.id, bytes.ptr, sizeof(identity.id));
	return identity;
}

/* Replaces the symbols in a mapping's record. */
static bool change_parts(const struct intern *from, symbol mapping, key_part_fn *change, void *ctx,
			 struct mapping_head *head)
{
	memcpy(head, intern_bytes(from, mapping).ptr, sizeof(*head));
	return change(ctx, &head->process) && change(ctx, &head->name);
}

symbol key_copy_mapping(const struct intern *from, struct intern *to, symbol mapping,
			key_part_fn *change, void *ctx)
{
	struct mapping_head head;

	return change_parts(from, mapping, change, ctx, &head)
		       ? intern_record(to, &head, sizeof(head), SLICE(""))
		       : SYMBOL_NONE;
}

symbol key_find_mapping(const struct intern *from, const struct intern *in, symbol mapping,
			key_part_fn *change, void *ctx)
{
	struct mapping_head head;

	return change_parts(from, mapping, change, ctx, &head)
		       ? intern_find(in, (struct slice){(const char *)&head, sizeof(head)})
		       : SYMBOL_NONE;
}
