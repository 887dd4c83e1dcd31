/*
 * schema: the tables of a recording, an SQLite database.
 *
 * anonmem-recording(5) describes each table and column. The application_id of a file shows that it
 * is a recording, and its user_version which version.
 */
#ifndef RECORDING_SCHEMA_H
#define RECORDING_SCHEMA_H

#include "recording/database.h"

enum { SCHEMA_APPLICATION = 0x616e6f6d, SCHEMA_VERSION = 2 }; /* "anom" */

/* Creates the tables in a database that has none. 0, or -1 with *e. */
int schema_create(struct database *d, struct error *e);

/* Upgrades the tables of an earlier version, in the caller's transaction; rows are not changed. 0,
 * or -1 with *e. */
int schema_upgrade(struct database *d, struct error *e);

enum schema_kind {
	SCHEMA_EMPTY,	  /* a database without any table */
	SCHEMA_RECORDING, /* of version d->version, this one or an earlier one */
};

/* Finds out what a file contains. -1 with *e if it is not a recording, of a later version, or
 * damaged. */
int schema_check(struct database *d, enum schema_kind *kind, struct error *e);

#endif
