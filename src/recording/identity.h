/*
 * identity: the keys of a group of a recording, as a row of the table groups; for src/recording/
 * only.
 */
#ifndef RECORDING_IDENTITY_H
#define RECORDING_IDENTITY_H

#include "model/key.h"
#include "recording/database.h"

struct identity {
	bool has_process;
	unsigned known; /* of the process: PROCESS_PID, PROCESS_START */
	pid_t pid;
	uint64_t start_time;
	struct text {
		bool known;
		struct slice bytes;
	} boot_id, name, user, cgroup, container, pod, unit, label, subsystem, kind;
	enum origin origin; /* of the label */
};

/* Whether a recording can have a key. */
bool identity_can_have(enum key key);

/* The keys of a grouping of which a process has only one value, except KEY_PROCESS. */
struct grouping identity_sets(const struct grouping *by);

/* The keys by which a recording distinguishes processes: KEY_PROCESS if it has that, or else the
 * keys of identity_sets(). */
struct grouping identity_process_keys(const struct grouping *recorded);

/* The identity for a key; its strings belong to the symbols. */
struct identity identity_of(const struct intern *symbols, const struct grouping *by,
			    const symbol *key, struct slice boot_id);

/* The key of an identity in a table of symbols; what the identity lacks has no symbol. False if out
 * of memory. */
bool identity_key(const struct identity *id, struct intern *symbols, const struct grouping *by,
		  symbol *key);

/* The texts of a run that readers show; empty if unknown. */
struct run_text {
	struct slice host, kernel, boot_id, keys;
};
uint64_t run_checksum(const struct run_text *text, uint64_t run);

/* Replaces the names of a group by others, which last until the next call; different names stay
 * different. False if out of memory. */
struct renaming {
	bool (*rename)(void *ctx, struct identity *id);
	void *ctx;
};

extern const char identity_insert[], identity_find[];

/* SELECT of the group ?1 from the tables of a version. */
const char *identity_select(unsigned version);

/* For the first two statements: binds the columns from ?1 on. INSERT has the checksum after them.
 */
void identity_bind(sqlite3_stmt *s, const struct identity *id, uint64_t grp);
void identity_bind_to_find(sqlite3_stmt *s, const struct identity *id);

/* Reads a group with a statement of identity_select(). Its strings last until the statement is used
 * again. 0, or -1 with *e. */
int identity_get(const struct database *d, sqlite3_stmt *s, uint64_t grp, struct identity *id,
		 struct error *e);

#endif
