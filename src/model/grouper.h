/*
 * grouper: makes the group keys of mappings, and decides which mappings are wanted.
 *
 *	grouper_init(&k, ...)
 *	for each process: grouper_process(&k, process)
 *		for each mapping: grouper_mapping(&k, m, key)
 *	grouper_free(&k)
 *
 * Whatever depends on the label only (its subsystem, whether it is selected) is computed once per
 * label. Not thread-safe.
 */
#ifndef MODEL_GROUPER_H
#define MODEL_GROUPER_H

#include "classify/infer.h"
#include "classify/rules.h"
#include "model/key.h"
#include "model/selection.h"
#include "source/containers.h"
#include "source/users.h"

enum key_result {
	KEY_MADE,
	KEY_SAME, /* the key is that of the last mapping with this guess, and was not set */
	KEY_UNWANTED,
	KEY_NO_MEMORY,
};

enum { LABEL_BESIDE_MAX = 160 };

struct grouper {
	struct intern *symbols;
	const struct grouping *by;
	const struct selection *selection;
	const struct rules *rules;
	const struct users *names;     /* of users; NULL if the users are not this system's */
	struct containers *containers; /* NULL to use ids */
	bool needs_label;

	symbol process[KEY_COUNT]; /* the keys that all mappings of the process have */
	struct label_facts *facts; /* by symbol of the label */
	size_t facts_capacity;
	struct user_name *users;
	size_t user_count;
	char *scratch; /* for composing a label */
	size_t scratch_capacity;
	char beside[LABEL_BESIDE_MAX]; /* a name that a process keeps, with a guess */
	struct last_mapping {	       /* everything that a key without KEY_MAPPING depends on */
		bool valid, shared, inode, by_process, device;
		enum backing backing;
		char *name;
		size_t length, capacity;
		enum key_result result;
		enum kind kind;
	} last[GUESS_COUNT]; /* by guess: guesses alternate where names do not */
};

/* Everything is borrowed and must outlive the grouper. `rules` may be NULL if `by` lacks
 * KEY_SUBSYSTEM, `names` if users are numbers, and `containers` if containers are ids. */
void grouper_init(struct grouper *k, struct intern *symbols, const struct grouping *by,
		  const struct selection *selection, const struct rules *rules,
		  const struct users *names, struct containers *containers);
void grouper_free(struct grouper *k);

/* False if out of memory. */
bool grouper_process(struct grouper *k, const struct process *process);

/* Sets key[0 .. by->count), and *kind in any case. A guess becomes the label of unnamed memory. */
enum key_result grouper_mapping(struct grouper *k, const struct mapping *m, enum guess guess,
				symbol *key, enum kind *kind);

/* The subsystem of a label. SYMBOL_NONE if out of memory. */
symbol grouper_subsystem(struct intern *symbols, const struct rules *rules, struct slice label);

#endif
