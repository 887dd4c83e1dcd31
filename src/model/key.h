/*
 * key: the keys that memory is grouped by.
 *
 * A group has one symbol for each grouping key. Symbols stand for strings or, for some keys, for
 * small records: a label with its origin, a process, a mapping, an object of shared memory. Only
 * key.c knows how those are stored; use the key_*() functions to read them.
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
	KEY_CONTAINER,
	KEY_POD,
	KEY_UNIT,
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

/* The index of a key in a grouping; g->count if it is not there. */
unsigned grouping_find(const struct grouping *g, enum key key);
bool grouping_has(const struct grouping *g, enum key key);

/* Whether they have the same keys in the same order. */
bool grouping_equals(const struct grouping *a, const struct grouping *b);

/* The files of a process that the keys need: NEED_... of source.h. */
unsigned grouping_needs(const struct grouping *g);

/* Makes the symbol of a label. Like all functions here, SYMBOL_NONE if out of memory. */
symbol key_intern_label(struct intern *symbols, enum origin origin, struct slice label);
struct slice key_label(const struct intern *symbols, symbol label, enum origin *origin);

struct process_identity {
	unsigned known; /* enum process_field */
	pid_t pid;
	uint64_t start_time; /* clock ticks since boot */
	struct slice name;   /* points into the symbols */
};

symbol key_intern_process(struct intern *symbols, const struct process *process);
struct process_identity key_process(const struct intern *symbols, symbol process);
/* The same from the bytes of the symbol, into which the name points. */
struct process_identity key_identity(struct slice bytes);

/* The slices point into the symbols. */
struct mapping_identity {
	uint64_t start, end;
	struct slice perms;
	struct slice name;  /* the path, or the label if there is no file, */
	enum origin origin; /* and its origin */
	symbol process;
};

/* `name` is the symbol of the mapping's KEY_FILE, also made by key_intern_label(). Mappings of
 * different processes are always different. */
symbol key_intern_mapping(struct intern *symbols, const struct mapping *m, symbol process,
			  symbol name);
struct mapping_identity key_mapping(const struct intern *symbols, symbol mapping);

struct segment_identity {
	struct segment_id id;
	struct slice name; /* a path or a label; points into the symbols */
};

symbol key_intern_segment(struct intern *symbols, const struct segment_id *id, struct slice name);
struct segment_identity key_segment(const struct intern *symbols, symbol segment);

/* Replaces a symbol; false on failure. */
typedef bool key_part_fn(void *ctx, symbol *s);

/* For translate.c: the mapping's symbol in another table; `change` translates the symbols of its
 * process and name. SYMBOL_NONE on failure. */
symbol key_copy_mapping(const struct intern *from, struct intern *to, symbol mapping,
			key_part_fn *change, void *ctx);
symbol key_find_mapping(const struct intern *from, const struct intern *in, symbol mapping,
			key_part_fn *change, void *ctx);

#endif
