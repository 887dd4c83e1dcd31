/*
 * grouper: makes the group keys of mappings, and knows which mappings are wanted.
 *
 *	grouper_init(&k, ...)
 *	for each process: grouper_process(&k, process)
 *		for each mapping: grouper_mapping(&k, m, key)
 *	grouper_free(&k)
 *
 * What depends on a label alone (its subsystem, whether it is selected) is worked out once for each
 * label. One thread each.
 */
#ifndef MODEL_GROUPER_H
#define MODEL_GROUPER_H

#include "classify/infer.h"
#include "classify/rules.h"
#include "model/key.h"
#include "model/selection.h"
#include "source/users.h"

enum key_result {
	KEY_MADE,
	KEY_SAME, /* the key is that of the last mapping with this guess; it was not filled in */
	KEY_UNWANTED,
	KEY_NO_MEMORY,
};

struct grouper {
	struct intern *symbols;
	const struct grouping *by;
	const struct selection *selection;
	const struct rules *rules;
	const struct users *names; /* of users; NULL if they are not of this system */
	bool needs_label;

	symbol process[KEY_COUNT]; /* the keys that a process gives all its mappings */
	struct label_facts *facts; /* by symbol of the label */
	size_t facts_capacity;
	struct user_name *users;
	size_t user_count;
	char *scratch; /* a label that is put together */
	size_t scratch_capacity;
	struct last_mapping { /* all of it that a key without KEY_MAPPING depends on */
		bool valid, shared, inode, by_process, device;
		enum backing backing;
		char *name;
		size_t length, capacity;
		enum key_result result;
		enum kind kind;
	} last[GUESS_COUNT]; /* by guess: guesses take turns where names do not */
};

/* Everything is borrowed and must outlive the grouper. `rules` may be NULL if KEY_SUBSYSTEM is not
 * in `by`, and `names` where users are numbers. */
void grouper_init(struct grouper *k, struct intern *symbols, const struct grouping *by,
		  const struct selection *selection, const struct rules *rules,
		  const struct users *names);
void grouper_free(struct grouper *k);

/* False if out of memory. */
bool grouper_process(struct grouper *k, const struct process *process);

/* Fills key[0 .. by->count), and *kind in any case. A guess becomes the label of unnamed memory. */
enum key_result grouper_mapping(struct grouper *k, const struct mapping *m, enum guess guess,
				symbol *key, enum kind *kind);

/* The subsystem of a label. SYMBOL_NONE if out of memory. */
symbol grouper_subsystem(struct intern *symbols, const struct rules *rules, struct slice label);

#endif
