/*
 * room: limits the size of a recording, by dropping samples; for writer.c only.
 *
 * The limit applies to the database and its WAL together. The oldest samples go first: a whole
 * state with all changes to it, up to the next whole state.
 */
#ifndef RECORDING_ROOM_H
#define RECORDING_ROOM_H

#include "recording/database.h"

struct room {
	const struct database *db;
	uint64_t page_size;
	uint64_t max_pages;	 /* of the database; 0 for no limit */
	uint64_t max_log_pages;	 /* limit of the WAL */
	uint64_t log_pages;	 /* current size of the WAL */
	uint64_t pages_at_whole; /* in use when the last whole state was written */
	uint64_t written;	 /* bytes written to the WAL and the database */
};

/* Frees what a recording has beyond the limit. 0, or -1 with *e. */
int room_init(struct room *r, const struct database *d, uint64_t max_bytes, struct error *e);

/* Makes room for a number of rows; tells whether samples, and groups with them, were dropped. 0, or
 * -1 with *e. */
int room_make(struct room *r, uint64_t rows, bool *dropped, struct error *e);

/* Whether the next sample should be whole, so that earlier ones can be dropped. */
bool room_wants_whole(const struct room *r);
void room_note_whole(struct room *r);

/* Drops samples that are older; 0 for none. 0, or -1 with *e. */
int room_keep(struct room *r, uint64_t now_ms, uint64_t keep_ms, struct error *e);

uint64_t room_used_bytes(const struct room *r);

/* Drops groups that no sample refers to. 0, or -1 with *e. */
int room_drop_unused(struct room *r, struct error *e);

/* Moves the WAL into the database and to disk, if no reader prevents it. */
void room_checkpoint(struct room *r);

#endif
