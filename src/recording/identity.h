/*
 * identity: what a group of a recording is of, as a row of the table groups; for src/recording/
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

/* Which keys a recording can have. */
bool identity_can_have(enum key key);

/* Those keys of a grouping that a process has one value of, KEY_PROCESS left out. */
struct grouping identity_sets(const struct grouping *by);

/* By which keys a recording tells processes apart: KEY_PROCESS if it has that, or else those. */
struct grouping identity_process_keys(const struct grouping *recorded);

/* Those of a key, whose strings are the symbols'. */
struct identity identity_of(const struct intern *symbols, const struct grouping *by,
			    const symbol *key, struct slice boot_id);

/* The key of an identity in a table of symbols; what it lacks has no symbol. False if out of
 * memory. */
bool identity_key(const struct identity *id, struct intern *symbols, const struct grouping *by,
		  symbol *key);

/* What a run says that readers show, an empty text for what is unknown. */
struct run_text {
	struct slice host, kernel, boot_id, keys;
};
uint64_t run_checksum(const struct run_text *text, uint64_t run);

/* Gives a group other names than its own, which last until the next call; different ones if its own
 * were different. False if out of memory. */
struct renaming {
	bool (*rename)(void *ctx, struct identity *id);
	void *ctx;
};

extern const char identity_insert[], identity_find[];

/* SELECT of the group ?1 from tables of a version. */
const char *identity_select(unsigned version);

/* For the first two statements, the columns from ?1 on: INSERT has its checksum behind them. */
void identity_bind(sqlite3_stmt *s, const struct identity *id, uint64_t grp);
void identity_bind_to_find(sqlite3_stmt *s, const struct identity *id);

/* Reads a group with a statement of identity_select(), until whose next use its strings last. 0, or
 * -1 with *e. */
int identity_get(const struct database *d, sqlite3_stmt *s, uint64_t grp, struct identity *id,
		 struct error *e);

#endif
