#include "cli/series.h"

#include "collect/lineage.h"
#include "report/measured.h"

#include <stdlib.h>

static struct side *add_side(struct series *s, struct error *e)
{
	struct side *larger = reallocarray(s->sides, s->side_count + 1, sizeof(*larger));

	if (!larger) {
		error_memory(e);
		return NULL;
	}
	s->sides = larger;
	larger[s->side_count] = (struct side){.path = NULL};
	return &larger[s->side_count++];
}

int series_open(struct series *s, char **paths, size_t count, const struct options *o,
		struct error *e)
{
	size_t i = 0;

	/* A source keeps the address of the path of its side, so the sides must not move. */
	s->sides = calloc(count + 1, sizeof(*s->sides));
	if (!s->sides)
		return error_memory(e);
	do {
		s->side_count++;
		if (side_open(&s->sides[i], count ? paths[i] : NULL, o, e) < 0)
			return -1;
	} while (++i < count);
	return 0;
}

int series_load(struct series *s, struct error *e)
{
	for (size_t i = 0; i < s->side_count; i++) {
		if (side_load(&s->sides[i], e) < 0)
			return -1;
	}
	return 0;
}

int series_add_check(struct series *s, struct slice text, const struct options *o, struct error *e)
{
	struct side *side = add_side(s, e);

	return side ? side_parse(side, text, o, e) : -1;
}

enum inferring series_inferring(const struct series *s, enum inferring asked)
{
	for (size_t i = 0; i < s->side_count; i++)
		asked = side_inferring(&s->sides[i], asked);
	return asked;
}

struct usage *series_add_run(struct series *s, const struct budget *b,
			     const struct snapshot *snapshot, bool is_program, uint64_t readings)
{
	struct run_view *larger = reallocarray(s->views, s->runs.count + 1, sizeof(*larger));
	struct usage *usages;

	if (!larger)
		return NULL;
	s->views = larger;
	usages = budget_runs_add(&s->runs, b);
	if (!usages)
		return NULL;
	larger[s->runs.count - 1] = (struct run_view){snapshot, usages, is_program, readings};
	s->readings += readings;
	return usages;
}

/* An empty snapshot that the series owns. */
static struct snapshot *make_snapshot(struct series *s)
{
	struct snapshot **larger =
		reallocarray(s->made, s->made_count + 1, sizeof(struct snapshot *));

	if (!larger)
		return NULL;
	s->made = larger;
	larger[s->made_count] = calloc(1, sizeof(struct snapshot));
	return larger[s->made_count] ? larger[s->made_count++] : NULL;
}

static uint64_t number_in(const cJSON *run, const char *name, bool *known)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(run, name);

	*known = cJSON_IsNumber(item) && item->valuedouble >= 0 &&
		 item->valuedouble < (double)COUNTER_MAX;
	return *known ? (uint64_t)item->valuedouble : 0;
}

static int read_run(struct series *s, const struct side *side, size_t run, const struct budget *b,
		    const struct grouping *by, struct error *e)
{
	struct snapshot *snapshot = make_snapshot(s);
	const cJSON *json = document_run(side->document, run);
	struct usage *usages;
	uint64_t readings;
	bool is_program;

	if (!snapshot)
		return error_memory(e);
	if (side_read_run(side, run, by, snapshot, e) < 0)
		return -1;
	readings = number_in(json, "readings", &is_program);
	usages = series_add_run(s, b, snapshot, is_program, readings);
	return usages && measured_read(json, b, usages) ? 0 : error_memory(e);
}

static int read_check(struct series *s, const struct side *side, const struct budget *b,
		      const struct grouping *by, struct error *e)
{
	bool known;
	uint64_t status = number_in(document_root(side->document), "program_status", &known);

	if (s->program_status == 0)
		s->program_status = (int)(status < 256 ? status : 255);
	for (size_t i = 0; i < side_runs(side); i++) {
		if (read_run(s, side, i, b, by, e) < 0)
			return -1;
	}
	return 0;
}

static int read_snapshot(struct series *s, struct side *side, const struct budget *b,
			 const struct collect_options *collecting, struct error *e)
{
	struct collect_options options = *collecting;
	struct lineage lineage = {.unmatched = 0};
	struct usage *usages;
	int status;

	options.children = side->options->children ? &lineage : NULL;
	status = side_read(side, &options, e);
	lineage_free(&lineage);
	if (status < 0)
		return -1;
	usages = series_add_run(s, b, &side->snapshot, false, 0);
	for (size_t i = 0; usages && i < b->count; i++) {
		usages[i].open = budget_is_open(&b->list[i], &side->snapshot);
		if (!budget_measure(&b->list[i], &side->snapshot, &usages[i]))
			usages = NULL;
	}
	return usages ? 0 : error_memory(e);
}

int series_read(struct series *s, const struct budget *b, const struct collect_options *collecting,
		struct error *e)
{
	for (size_t i = 0; i < s->side_count; i++) {
		struct side *side = &s->sides[i];

		if ((side_runs(side) ? read_check(s, side, b, &collecting->by, e)
				     : read_snapshot(s, side, b, collecting, e)) < 0)
			return -1;
	}
	return 0;
}

static uint64_t total_of(const struct budget *b, const struct snapshot *s)
{
	uint64_t bytes;

	return budget_figure(&b->list[0], s, &s->totals, &bytes) ? bytes : 0;
}

/* Whether as many runs are smaller as are not, or one fewer. */
static bool is_in_middle(const struct series *s, const struct budget *b, size_t i)
{
	uint64_t total = total_of(b, s->views[i].snapshot), other;
	size_t before = 0;

	for (size_t k = 0; k < s->runs.count; k++) {
		other = total_of(b, s->views[k].snapshot);
		before += other < total || (other == total && k < i);
	}
	return before == (s->runs.count - 1) / 2;
}

const struct snapshot *series_middle(const struct series *s, const struct budget *b)
{
	for (size_t i = 0; i < s->runs.count; i++) {
		if (is_in_middle(s, b, i))
			return s->views[i].snapshot;
	}
	return NULL;
}

uint64_t series_lost_names(const struct series *s)
{
	uint64_t count = 0;

	for (size_t i = 0; i < s->side_count; i++)
		count += s->sides[i].snapshot.coverage.by_how[HOW_NAMES_LOST];
	return count;
}

bool series_say_problems(const struct series *s)
{
	bool whole = true;

	for (size_t i = 0; i < s->side_count; i++)
		whole = side_say_problems(&s->sides[i]) && whole;
	return whole;
}

void series_free(struct series *s, const struct budget *b)
{
	budget_runs_free(&s->runs, b);
	for (size_t i = 0; i < s->made_count; i++) {
		snapshot_free(s->made[i]);
		free(s->made[i]);
	}
	for (size_t i = 0; i < s->side_count; i++)
		side_free(&s->sides[i]);
	free(s->made);
	free(s->views);
	free(s->sides);
	*s = (struct series){.sides = NULL};
}
