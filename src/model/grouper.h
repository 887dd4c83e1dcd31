/*
 * keyer: makes the group keys of mappings, and knows which mappings are wanted.
 *
 *	keyer_init(&k, ...)
 *	for each process: keyer_process(&k, process)
 *		for each mapping: keyer_mapping(&k, m, key)
 *	keyer_free(&k)
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

enum keyed {
	KEYED,
	KEYED_AGAIN, /* the key is that of the last mapping with this guess; it was not filled in */
	KEYED_UNWANTED,
	KEYED_NO_MEMORY,
};

struct keyer {
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
		bool valid, shared, inode, by_process;
		char *name;
		size_t length, capacity;
		enum keyed result;
		enum kind kind;
	} last[GUESS_COUNT]; /* by guess: guesses take turns where names do not */
};

/* Everything is borrowed and must outlive the keyer. `rules` may be NULL if KEY_SUBSYSTEM is not in
 * `by`, and `names` where users are numbers. */
void keyer_init(struct keyer *k, struct intern *symbols, const struct grouping *by,
		const struct selection *selection, const struct rules *rules,
		const struct users *names);
void keyer_free(struct keyer *k);

/* False when there is no memory. */
bool keyer_process(struct keyer *k, const struct process *process);

/* Fills key[0 .. by->count), and *kind in any case. A guess becomes the label of unnamed memory. */
enum keyed keyer_mapping(struct keyer *k, const struct mapping *m, enum guess guess, symbol *key,
			 enum kind *kind);

#endif
