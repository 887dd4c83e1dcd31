/*
 * usages: what the control groups of rows use and may use, as the kernel counts it.
 *
 *	usages_init(&u, by)
 *	usages_add(&u, by, record)	each record
 *	usages_read(&u, source)		once, then usages_find()
 *	usages_free(&u)
 *
 * Rows are of control groups if they are by container, pod, unit or cgroup; the first of these
 * counts. Names are symbols of the records.
 */
#ifndef MODEL_USAGES_H
#define MODEL_USAGES_H

#include "model/record.h"
#include "source/cgroup_memory.h"

struct usages {
	enum key key;	     /* KEY_COUNT if rows are of no control group */
	struct intern paths; /* of control groups; for each: */
	struct named_usage {
		symbol name;
		struct cgroup_usage usage; /* once they were read, of all groups of the name */
	} * list;
	uint32_t capacity;
	uint32_t count; /* once they were read; in the order of names */
};

/* The control group, within a process's, that a value of a key is of; empty if none. */
struct slice usages_group(enum key key, struct slice cgroup);

void usages_init(struct usages *u, const struct grouping *by);
void usages_free(struct usages *u);

/* False if out of memory. */
bool usages_add(struct usages *u, const struct grouping *by, const struct record *r);

void usages_read(struct usages *u, const struct source *s);

/* NULL if unknown. */
const struct cgroup_usage *usages_find(const struct usages *u, symbol name);

#endif
