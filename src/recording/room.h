/*
 * room: how large a recording may get, and what has to go for that; for writer.c only.
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
	uint64_t max_pages;	 /* of the database; 0 for any number */
	uint64_t max_log_pages;	 /* of the WAL */
	uint64_t log_pages;	 /* that the WAL has */
	uint64_t pages_at_whole; /* in use when the last whole state was written */
	uint64_t written;	 /* bytes that went to the WAL and the database */
};

/* Gives back what a larger recording has beyond the limit. 0, or -1 with *e. */
int room_init(struct room *r, const struct database *d, uint64_t max_bytes, struct error *e);

/* Makes room for so many rows; says whether samples had to go, and groups with them. 0, or -1 with
 * *e. */
int room_make(struct room *r, uint64_t rows, bool *dropped, struct error *e);

/* The next sample had better be whole, so that what is before it can go. */
bool room_wants_whole(const struct room *r);
void room_note_whole(struct room *r);

/* Drops what is older; 0 for nothing. 0, or -1 with *e. */
int room_keep(struct room *r, uint64_t now_ms, uint64_t keep_ms, struct error *e);

uint64_t room_used_bytes(const struct room *r);

/* Drops groups that no sample has. 0, or -1 with *e. */
int room_drop_unused(struct room *r, struct error *e);

/* Moves what is in the WAL to the database and to disk, if no reader is in the way. */
void room_checkpoint(struct room *r);

#endif
