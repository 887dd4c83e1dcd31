/*
 * database: the use of SQLite by recordings; for src/recording/ only.
 *
 * Functions return -1 (or NULL) with *e, whose text names the file.
 */
#ifndef RECORDING_DATABASE_H
#define RECORDING_DATABASE_H

#include "base/error.h"
#include "base/slice.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct database {
	sqlite3 *db;
	const char *path; /* borrowed */
	unsigned version; /* of the recording's tables, after schema_check() */
};

/* Opens a file to write; creates it if it does not exist. */
int database_open(struct database *d, const char *path, struct error *e);

/* Opens a file to read, without the right to write to it or its folder. */
int database_open_to_read(struct database *d, const char *path, struct error *e);
void database_close(struct database *d);

/* The log beside a file: 1 with its size, 0 if there is none, -1 with *e. */
int database_find_log(const char *path, uint64_t *size, struct error *e);

/* Fills *e with SQLite's message about its last call, and returns -1. */
int database_failed(const struct database *d, struct error *e);

/* Runs statements without a result. */
int database_run(const struct database *d, const char *sql, struct error *e);

/* Finalized by the caller. */
sqlite3_stmt *database_prepare(const struct database *d, const char *sql, struct error *e);

/* 1 with a row, 0 at the end, -1 with *e. */
int database_step(const struct database *d, sqlite3_stmt *s, struct error *e);

/* Runs a statement that returns no row, and resets it. */
int database_finish(const struct database *d, sqlite3_stmt *s, struct error *e);

/* The first number of the first row; 0 if there is none. */
int database_number(const struct database *d, const char *sql, int64_t *number, struct error *e);

/* Binds bytes: as text if they are UTF-8 without NUL, otherwise as a blob, and as NULL if `known`
 * is false. The bytes must last until the statement is reset. */
void database_bind_bytes(sqlite3_stmt *s, int index, bool known, struct slice bytes);
void database_bind_number(sqlite3_stmt *s, int index, bool known, uint64_t number);

/* Lasts until the next step; an empty slice for NULL. */
struct slice database_bytes(sqlite3_stmt *s, int column, bool *known);

/* A number that is not negative. -1 without an error if it is anything else. */
int database_column(sqlite3_stmt *s, int column, bool *known, uint64_t *number);

#endif
