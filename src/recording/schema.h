/*
 * schema: what a recording is made of, as an SQLite database.
 *
 * anonmem-recording(5) says what each table and column means. A file says by its application_id
 * that it is a recording and by its user_version of which version.
 */
#ifndef RECORDING_SCHEMA_H
#define RECORDING_SCHEMA_H

#include "recording/database.h"

enum { SCHEMA_APPLICATION = 0x616e6f6d, SCHEMA_VERSION = 2 }; /* "anom" */

/* Makes the tables of a database that has none. 0, or -1 with *e. */
int schema_create(struct database *d, struct error *e);

/* Makes the tables of an earlier version those of this one, in the caller's transaction; rows stay
 * as they are. 0, or -1 with *e. */
int schema_upgrade(struct database *d, struct error *e);

enum schema_kind {
	SCHEMA_EMPTY,	  /* a database without any table */
	SCHEMA_RECORDING, /* of d->version, this one or an earlier one */
};

/* What a file holds. -1 with *e if it is not a recording, of a later version, or damaged. */
int schema_check(struct database *d, enum schema_kind *kind, struct error *e);

#endif
