#include "recording/usage.h"

#include "recording/checksum.h"

#include <math.h>

enum { KIB = 1024, FIRST_COUNTER = 4, FIRST_EXTREME = FIRST_COUNTER + COUNTER_REPORTED };

#define COLUMN(id, key, name, header, help) ", " name
#define MARK(id, key, name, header, help)   ", ?"
#define COUNTERS			    SMAPS_COUNTERS(COLUMN) DERIVED_COUNTERS(COLUMN)

static const char *const names[] = {
#define NAME(id, key, name, header, help) name,
	SMAPS_COUNTERS(NAME) DERIVED_COUNTERS(NAME)};

const char usage_insert[] =
	"INSERT INTO usage(sample, grp, processes, mappings" COUNTERS
	", pss_min, pss_max, swap_min, swap_max) VALUES (?, ?, ?, ?" SMAPS_COUNTERS(MARK)
		DERIVED_COUNTERS(MARK) ", ?, ?, ?, ?)";

const char usage_select[] =
	"SELECT sample, grp, processes, mappings" COUNTERS
	", pss_min, pss_max, swap_min, swap_max FROM usage WHERE sample BETWEEN ?1 AND ?2 "
	"ORDER BY sample, grp";

const char bound_insert[] = "INSERT INTO at_least(sample, grp, counter, kib) VALUES (?, ?, ?, ?)";
const char bound_select[] = "SELECT sample, grp, counter, kib FROM at_least "
			    "WHERE sample BETWEEN ?1 AND ?2 ORDER BY sample, grp, counter";

/* The counters that are unknown but have a known lower bound. */
static uint32_t bounded_of(const struct usage *u)
{
	uint32_t bounded = 0;

	for (int i = 0; i < COUNTER_REPORTED; i++) {
		if (!counters_know(&u->group.counters, (enum counter)i) &&
		    u->group.counters.bytes[i] > 0)
			bounded |= COUNTER_BIT(i);
	}
	return bounded;
}

static uint32_t known_of(const struct group *g)
{
	return g->counters.known & (COUNTER_BIT(COUNTER_REPORTED) - 1);
}

void usage_round(struct group *g)
{
	const uint64_t exact = UINT64_C(1) << 53;

	for (int i = 0; i < COUNTER_REPORTED; i++) {
		if (g->counters.bytes[i] > exact && g->counters.bytes[i] != COUNTER_MAX)
			g->counters.bytes[i] -= g->counters.bytes[i] % KIB;
	}
}

bool usage_equals(const struct group *a, const struct group *b)
{
	return a->processes == b->processes && a->mappings == b->mappings &&
	       known_of(a) == known_of(b) &&
	       memcmp(a->counters.bytes, b->counters.bytes,
		      COUNTER_REPORTED * sizeof(*a->counters.bytes)) == 0;
}

uint64_t usage_checksum(const struct usage *u)
{
	uint64_t sum = checksum_number(CHECKSUM_START, u->sample);

	sum = checksum_number(sum, u->grp);
	sum = checksum_number(sum, u->group.processes);
	sum = checksum_number(sum, u->group.mappings);
	sum = checksum_number(sum, known_of(&u->group));
	for (int i = 0; i < COUNTER_REPORTED; i++)
		sum = checksum_number(sum, u->group.counters.bytes[i]);
	sum = checksum_known(sum, u->pss.known, u->pss.least);
	sum = checksum_known(sum, u->pss.known, u->pss.most);
	sum = checksum_known(sum, u->swap.known, u->swap.least);
	return checksum_known(sum, u->swap.known, u->swap.most);
}

void kib_bind(sqlite3_stmt *s, int index, bool known, uint64_t bytes)
{
	if (!known)
		sqlite3_bind_null(s, index);
	else if (bytes % KIB == 0)
		sqlite3_bind_int64(s, index, (sqlite3_int64)(bytes / KIB));
	else
		sqlite3_bind_double(s, index, (double)bytes / KIB);
}

int kib_column(sqlite3_stmt *s, int column, bool *known, uint64_t *bytes)
{
	const int64_t most = INT64_C(1) << 53;
	int type = sqlite3_column_type(s, column);
	int64_t whole;
	double number;

	*known = type != SQLITE_NULL;
	*bytes = 0;
	if (type == SQLITE_INTEGER) {
		whole = sqlite3_column_int64(s, column);
		*bytes = (uint64_t)whole * KIB;
		return whole >= 0 && whole < most ? 0 : -1;
	}
	if (type == SQLITE_FLOAT) {
		number = sqlite3_column_double(s, column);
		if (!(number >= 0 && number <= (double)most))
			return -1;
		*bytes = number < (double)most ? (uint64_t)llround(number * KIB) : COUNTER_MAX;
		return 0;
	}
	return type == SQLITE_NULL ? 0 : -1;
}

static void bind_extremes(sqlite3_stmt *s, int index, const struct extremes *x)
{
	kib_bind(s, index, x->known, x->least);
	kib_bind(s, index + 1, x->known, x->most);
}

static int write_bounds(const struct database *d, sqlite3_stmt *bound, const struct usage *u,
			struct error *e)
{
	uint32_t bounded = bounded_of(u);

	for (int i = 0; bounded >> i; i++) {
		if (!(bounded >> i & 1))
			continue;
		database_bind_number(bound, 1, true, u->sample);
		database_bind_number(bound, 2, true, u->grp);
		database_bind_bytes(bound, 3, true, slice_of(names[i]));
		kib_bind(bound, 4, true, u->group.counters.bytes[i]);
		if (database_finish(d, bound, e) < 0)
			return -1;
	}
	return 0;
}

int usage_write(const struct database *d, sqlite3_stmt *insert, sqlite3_stmt *bound,
		const struct usage *u, struct error *e)
{
	database_bind_number(insert, 1, true, u->sample);
	database_bind_number(insert, 2, true, u->grp);
	database_bind_number(insert, 3, true, u->group.processes);
	database_bind_number(insert, 4, true, u->group.mappings);
	for (int i = 0; i < COUNTER_REPORTED; i++)
		kib_bind(insert, FIRST_COUNTER + 1 + i,
			 counters_know(&u->group.counters, (enum counter)i),
			 u->group.counters.bytes[i]);
	bind_extremes(insert, FIRST_EXTREME + 1, &u->pss);
	bind_extremes(insert, FIRST_EXTREME + 3, &u->swap);
	return database_finish(d, insert, e) < 0 ? -1 : write_bounds(d, bound, u, e);
}

static bool read_extremes(sqlite3_stmt *s, int column, struct extremes *x)
{
	bool known;

	return kib_column(s, column, &x->known, &x->least) == 0 &&
	       kib_column(s, column + 1, &known, &x->most) == 0 && known == x->known &&
	       x->least <= x->most;
}

static int damaged(const struct database *d, struct error *e)
{
	return error_set(e, ERROR_MALFORMED, "%s is damaged: the checksum of a row is wrong",
			 d->path);
}

int usage_read(const struct database *d, sqlite3_stmt *s, struct usage *u, struct error *e)
{
	bool known[FIRST_COUNTER], is_known;

	*u = (struct usage){.sample = 0};
	if (database_column(s, 0, &known[0], &u->sample) < 0 ||
	    database_column(s, 1, &known[1], &u->grp) < 0 ||
	    database_column(s, 2, &known[2], &u->group.processes) < 0 ||
	    database_column(s, 3, &known[3], &u->group.mappings) < 0 ||
	    !(known[0] && known[1] && known[2] && known[3]))
		return damaged(d, e);
	for (int i = 0; i < COUNTER_REPORTED; i++) {
		if (kib_column(s, FIRST_COUNTER + i, &is_known, &u->group.counters.bytes[i]) < 0)
			return damaged(d, e);
		u->group.counters.known |= is_known ? COUNTER_BIT(i) : 0;
	}
	if (!read_extremes(s, FIRST_EXTREME, &u->pss) ||
	    !read_extremes(s, FIRST_EXTREME + 2, &u->swap))
		return damaged(d, e);
	return 0;
}

int bound_read(const struct database *d, sqlite3_stmt *s, struct bound *b, struct error *e)
{
	bool known[4];
	struct slice name;
	int i = 0;

	if (database_column(s, 0, &known[0], &b->sample) < 0 ||
	    database_column(s, 1, &known[1], &b->grp) < 0 ||
	    kib_column(s, 3, &known[2], &b->bytes) < 0)
		return damaged(d, e);
	name = database_bytes(s, 2, &known[3]);
	while (i < COUNTER_REPORTED && !slice_equals(slice_of(names[i]), name))
		i++;
	if (i == COUNTER_REPORTED || !(known[0] && known[1] && known[2] && known[3]))
		return damaged(d, e);
	b->counter = (enum counter)i;
	return 0;
}
