/*
 * key: what memory is grouped by.
 *
 * A group is known by one symbol for each grouping key. The symbols stand for strings, and for some
 * keys for small records: a label with its origin, a process, a mapping, an object of shared
 * memory. Nothing outside key.c knows how those are stored; the key_*() functions read them.
 */
#ifndef MODEL_KEY_H
#define MODEL_KEY_H

#include "base/intern.h"
#include "classify/class.h"
#include "source/segment.h"

enum key {
	KEY_LABEL,
	KEY_SUBSYSTEM,
	KEY_KIND,
	KEY_PROCESS,
	KEY_NAME,
	KEY_USER,
	KEY_CGROUP,
	KEY_COMMAND,
	KEY_FILE,
	KEY_MAPPING,
	KEY_SEGMENT,
	KEY_COUNT
};

extern const char *const key_names[KEY_COUNT];

/* The keys of a report, in the user's order, each at most once. */
struct grouping {
	enum key keys[KEY_COUNT];
	unsigned count;
};

/* The place of a key in a grouping; its count if it has none such. */
unsigned grouping_find(const struct grouping *g, enum key key);
bool grouping_has(const struct grouping *g, enum key key);

/* Which files of a process the keys need: NEED_... of source.h. */
unsigned grouping_needs(const struct grouping *g);

/* A label as a symbol. SYMBOL_NONE if out of memory, as in all of these. */
symbol key_intern_label(struct intern *symbols, enum origin origin, struct slice label);
struct slice key_label(const struct intern *symbols, symbol label, enum origin *origin);

struct process_identity {
	unsigned known; /* enum process_field */
	pid_t pid;
	uint64_t start_time; /* clock ticks after boot */
	struct slice name;   /* points into the symbols */
};

symbol key_intern_process(struct intern *symbols, const struct process *process);
struct process_identity key_process(const struct intern *symbols, symbol process);

/* The slices point into the symbols. */
struct mapping_identity {
	uint64_t start, end;
	struct slice perms;
	struct slice name;  /* path, or the label of memory without a file, */
	enum origin origin; /* and whose word that is */
	symbol process;
};

/* `name` is the symbol of the mapping's KEY_FILE, which is one of key_intern_label() too. Mappings
 * of two processes are never one. */
symbol key_intern_mapping(struct intern *symbols, const struct mapping *m, symbol process,
			  symbol name);
struct mapping_identity key_mapping(const struct intern *symbols, symbol mapping);

struct segment_identity {
	struct segment_id id;
	struct slice name; /* a path or a label; points into the symbols */
};

symbol key_intern_segment(struct intern *symbols, const struct segment_id *id, struct slice name);
struct segment_identity key_segment(const struct intern *symbols, symbol segment);

/* Changes a symbol in place; false if that cannot be done. */
typedef bool key_part_fn(void *ctx, symbol *s);

/* For translate.c: the mapping in another table, of which `change` gives the symbols of process and
 * name. SYMBOL_NONE if that cannot be done. */
symbol key_copy_mapping(const struct intern *from, struct intern *to, symbol mapping,
			key_part_fn *change, void *ctx);
symbol key_find_mapping(const struct intern *from, const struct intern *in, symbol mapping,
			key_part_fn *change, void *ctx);

#endif
