#include "recording/schema.h"

#include "parse/counters.h"

#include <stdio.h>

#define COUNTER_COLUMN(id, key, name, header, help) ", " name

#define COUNTER_COLUMNS				  SMAPS_COUNTERS(COUNTER_COLUMN) DERIVED_COUNTERS(COUNTER_COLUMN)
#define USAGE_COLUMN(id, key, name, header, help) ", u." name
#define USAGE_COLUMNS				  SMAPS_COUNTERS(USAGE_COLUMN) DERIVED_COUNTERS(USAGE_COLUMN)
#define MEMINFO_COLUMNS                                                                            \
	"mem_total, mem_free, mem_available, mem_cache, anon_pages, shared_memory, mapped_files, " \
	"swap_total, swap_free"

/* Rows of usage are in the order in which they are written, so that a sample touches few pages. */
static const char tables[] =
	"CREATE TABLE run("
	"run INTEGER PRIMARY KEY, version TEXT, host TEXT, kernel TEXT, boot_id TEXT, "
	"page_size INTEGER, kernel_labels INTEGER, keys TEXT, options TEXT, guesses INTEGER, "
	"rules TEXT, checksum INTEGER, redacted INTEGER);"
	"CREATE TABLE sample("
	"sample INTEGER PRIMARY KEY, run INTEGER, base INTEGER, time_ms INTEGER, "
	"uptime_ms INTEGER, elapsed_ms INTEGER, span_ms INTEGER, cause TEXT, "
	"read INTEGER, no_memory INTEGER, denied INTEGER, vanished INTEGER, truncated INTEGER, "
	"malformed INTEGER, unmatched INTEGER, timed_out INTEGER, scanned INTEGER, "
	"names_kept INTEGER, names_lost INTEGER, lost_samples INTEGER, "
	"reading_us INTEGER, cpu_us INTEGER, stall_some_us INTEGER, stall_full_us "
	"INTEGER, " MEMINFO_COLUMNS ", checksum INTEGER);"
	"CREATE TABLE groups("
	"grp INTEGER PRIMARY KEY, boot_id TEXT, pid INTEGER, start_time INTEGER, name TEXT, "
	"user TEXT, cgroup TEXT, label TEXT, origin TEXT, subsystem TEXT, kind TEXT, "
	"checksum INTEGER, container TEXT, pod TEXT, unit TEXT);"
	"CREATE INDEX groups_key ON groups(label, name, cgroup, pid);"
	"CREATE TABLE usage("
	"sample INTEGER, grp INTEGER, processes INTEGER, mappings INTEGER" COUNTER_COLUMNS
	", pss_min, pss_max, swap_min, swap_max, PRIMARY KEY(sample, grp)) WITHOUT ROWID;"
	"CREATE TABLE at_least("
	"sample INTEGER, grp INTEGER, counter TEXT, kib, "
	"PRIMARY KEY(sample, grp, counter)) WITHOUT ROWID;";

/* Version 2 has container, pod and unit, and redaction. */
static const char tables_from_1[] = "ALTER TABLE run ADD COLUMN redacted INTEGER;"
				    "ALTER TABLE groups ADD COLUMN container TEXT;"
				    "ALTER TABLE groups ADD COLUMN pod TEXT;"
				    "ALTER TABLE groups ADD COLUMN unit TEXT;";

/* The whole state at each sample, although only changes are stored; and the number of processes of
 * each name, control group and so on. */
#define STATE                                                                                      \
	"max(u.sample) AS latest FROM sample s JOIN usage u ON u.sample BETWEEN s.base AND "       \
	"s.sample JOIN groups g ON g.grp = u.grp WHERE g.kind IS "
static const char views[] =
	"DROP VIEW IF EXISTS memory;"
	"DROP VIEW IF EXISTS population;"
	"CREATE VIEW memory AS SELECT s.sample, s.time_ms, g.*, u.sample AS changed, u.processes, "
	"u.mappings" USAGE_COLUMNS ", u.pss_min, u.pss_max, u.swap_min, u.swap_max, " STATE
	"NOT NULL GROUP BY s.sample, u.grp;"
	"CREATE VIEW population AS SELECT s.sample, s.time_ms, g.grp, g.name, g.user, g.cgroup, "
	"g.container, g.pod, g.unit, u.processes, " STATE "NULL GROUP BY s.sample, u.grp;"
	"PRAGMA user_version = 2;";

/* The tables that a recording must have to be read; more are harmless. */
static const char *const needed[] = {"run", "sample", "groups", "usage", "at_least"};

int schema_create(struct database *d, struct error *e)
{
	_Static_assert(SCHEMA_VERSION == 2, "the views say which version the tables are");
	char application[64];

	snprintf(application, sizeof(application), "PRAGMA application_id = %d",
		 SCHEMA_APPLICATION);
	if (database_run(d, application, e) < 0 || database_run(d, tables, e) < 0 ||
	    database_run(d, views, e) < 0)
		return -1;
	d->version = SCHEMA_VERSION;
	return 0;
}

int schema_upgrade(struct database *d, struct error *e)
{
	if (database_run(d, tables_from_1, e) < 0 || database_run(d, views, e) < 0)
		return -1;
	d->version = SCHEMA_VERSION;
	return 0;
}

/* Checks that a table is one, not a view or a module that would do more than hold rows. */
static int check_table(struct database *d, const char *name, struct error *e)
{
	sqlite3_stmt *s =
		database_prepare(d,
				 "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1 "
				 "AND sql GLOB 'CREATE TABLE *' AND sql NOT LIKE '% AS (%'",
				 e);
	int row;

	if (!s)
		return -1;
	sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	row = database_step(d, s, e);
	sqlite3_finalize(s);
	if (row == 0)
		return error_set(e, ERROR_MALFORMED,
				 "%s is a damaged recording: it has no table %s", d->path, name);
	return row < 0 ? -1 : 0;
}

int schema_check(struct database *d, enum schema_kind *kind, struct error *e)
{
	int64_t application, version, tables_there;

	if (database_number(d, "PRAGMA application_id", &application, e) < 0 ||
	    database_number(d, "PRAGMA user_version", &version, e) < 0 ||
	    database_number(d, "SELECT count(*) FROM sqlite_schema", &tables_there, e) < 0)
		return -1;
	*kind = SCHEMA_EMPTY;
	if (application == 0 && version == 0 && tables_there == 0)
		return 0;
	*kind = SCHEMA_RECORDING;
	if (application != SCHEMA_APPLICATION)
		return error_set(e, ERROR_MALFORMED, "%s is a database, but not a recording",
				 d->path);
	if (version < 1 || version > SCHEMA_VERSION)
		return error_set(e, ERROR_MALFORMED,
				 "%s is a recording of version %lld; this anonmem knows versions 1 "
				 "to %d: use the anonmem that made it, or a later one",
				 d->path, (long long)version, SCHEMA_VERSION);
	d->version = (unsigned)version;
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		if (check_table(d, needed[i], e) < 0)
			return -1;
	}
	return 0;
}
