/*
 * document: a JSON report (anonmem/1), or the runs of a check (anonmem-check/1), that is read back.
 *
 *	d = document_parse(text, &e)
 *	document_gives(d, key)			whether memory can be told apart by a key
 *	document_fold(d, run, by, &snapshot, &e)	its groups, by these keys
 *	document_free(d)
 *
 * Whoever wrote the text may have written anything: what is not a report is refused.
 */
#ifndef MODEL_DOCUMENT_H
#define MODEL_DOCUMENT_H

#include "base/json.h"
#include "model/snapshot.h"

struct document;

/* NULL with *e. */
struct document *document_parse(struct slice text, struct error *e);
void document_free(struct document *d);

/* The runs that a check holds, at least one; 0 for a report. */
size_t document_runs(const struct document *d);

/* All of it. Valid as long as the document is. */
const cJSON *document_root(const struct document *d);

/* A run, or the report with number 0. */
const cJSON *document_run(const struct document *d, size_t run);

/* The keys that it is grouped by, without those that this version does not know. */
struct grouping document_keys(const struct document *d);

/* Also true for a key that follows from another: the name of a process, the file of a mapping. */
bool document_gives(const struct document *d, enum key key);

/* The groups of a report, with number 0, or of a run of a check, folded by keys that it gives, with
 * its totals, machine and coverage. A group that is folded from several may count a process more
 * than once. Sizes above 2^53 are rounded. 0, or -1 with *e; snapshot_free() in any case. */
int document_fold(const struct document *d, size_t run, const struct grouping *by,
		  struct snapshot *s, struct error *e);

#endif
