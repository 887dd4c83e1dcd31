#include "report/budget.h"

#include <fnmatch.h>
#include <stdlib.h>

const char *const verdict_names[VERDICT_COUNT] = {
	[VERDICT_WITHIN] = "within", [VERDICT_SKIPPED] = "skipped", [VERDICT_NOISE] = "noise",
	[VERDICT_OVER] = "over",     [VERDICT_UNKNOWN] = "unknown",
};

void budget_free(struct budget *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct budget_rule *r = &b->list[i];

		for (size_t k = 0; k < r->memory.label_count; k++)
			free(r->labels[k]);
		if (r->by_name)
			regfree(&r->name);
		free(r->labels);
		free(r->text);
		free(r->scope);
		free(r->subsystem);
		free(r->cgroup);
	}
	free(b->list);
	*b = (struct budget){NULL, 0};
}

static void add_key(struct grouping *by, enum key key)
{
	if (!grouping_has(by, key))
		by->keys[by->count++] = key;
}

struct grouping budget_grouping(const struct budget *b)
{
	struct grouping by = {.keys = {KEY_LABEL}, .count = 1};

	for (size_t i = 0; i < b->count; i++) {
		const struct budget_rule *r = &b->list[i];

		if (r->subsystem)
			add_key(&by, KEY_SUBSYSTEM);
		if (r->by_name)
			add_key(&by, KEY_NAME);
		if (r->cgroup)
			add_key(&by, KEY_CGROUP);
		if (r->by_key)
			add_key(&by, r->key);
	}
	return by;
}

void usage_init(struct usage *u)
{
	*u = (struct usage){.list = NULL};
	intern_init(&u->names);
}

void usage_free(struct usage *u)
{
	intern_free(&u->names);
	free(u->list);
	u->list = NULL;
}

struct usage *budget_runs_add(struct budget_runs *r, const struct budget *b)
{
	struct usage **larger = reallocarray(r->list, r->count + 1, sizeof(struct usage *));
	struct usage *usages = calloc(b->count, sizeof(*usages));

	if (larger)
		r->list = larger;
	if (!larger || !usages) {
		free(usages);
		return NULL;
	}
	for (size_t i = 0; i < b->count; i++)
		usage_init(&usages[i]);
	r->list[r->count++] = usages;
	return usages;
}

void budget_runs_free(struct budget_runs *r, const struct budget *b)
{
	for (size_t i = 0; i < r->count; i++) {
		for (size_t k = 0; k < b->count; k++)
			usage_free(&r->list[i][k]);
		free(r->list[i]);
	}
	free(r->list);
	*r = (struct budget_runs){NULL, 0};
}

/* The entry of a name; NULL if out of memory. */
static struct usage_entry *entry_of(struct usage *u, struct slice name)
{
	symbol s = intern(&u->names, name);

	if (s == SYMBOL_NONE)
		return NULL;
	if (s >= u->capacity) {
		uint32_t capacity = u->capacity ? 2 * u->capacity : 16;
		struct usage_entry *larger = reallocarray(u->list, capacity, sizeof(*larger));

		if (!larger)
			return NULL;
		memset(larger + u->capacity, 0, (capacity - u->capacity) * sizeof(*larger));
		u->list = larger;
		u->capacity = capacity;
	}
	return &u->list[s];
}

bool usage_put(struct usage *u, struct slice name, uint64_t bytes, bool unknown)
{
	struct usage_entry *entry = entry_of(u, name);

	if (!entry)
		return false;
	entry->unknown |= unknown;
	if (bytes > entry->bytes)
		entry->bytes = bytes;
	return true;
}

static struct cell text_of(const struct snapshot *s, const symbol *key, enum key which)
{
	const struct column *column = column_find(slice_of(key_names[which]));
	const struct column_input in = {.snapshot = s, .group = &s->totals, .key = key};

	return column->get(column, &in);
}

/* 1, 0, or -1 if out of memory, here and below. */
static int matches_glob(const char *glob, const struct cell *text)
{
	char *string = text->known ? strndup(text->text.ptr, text->text.len) : NULL;
	int status = string ? fnmatch(glob, string, 0) : FNM_NOMATCH;

	if (text->known && !string)
		return -1;
	free(string);
	return status == 0 ? 1 : status == FNM_NOMATCH ? 0 : -1;
}

static int matches_name(const regex_t *pattern, const struct cell *text)
{
	char *string = text->known ? strndup(text->text.ptr, text->text.len) : NULL;
	int status = string ? regexec(pattern, string, 0, NULL, 0) : REG_NOMATCH;

	if (text->known && !string)
		return -1;
	free(string);
	return status == 0 ? 1 : status == REG_NOMATCH ? 0 : -1;
}

static int matches(const struct budget_rule *r, const struct snapshot *s, const symbol *key)
{
	struct cell cell;
	int match = 1;

	if (r->memory.label_count) {
		cell = text_of(s, key, KEY_LABEL);
		match = cell.known ? selection_wants_label(&r->memory, cell.text) : 0;
	}
	if (match == 1 && r->subsystem) {
		cell = text_of(s, key, KEY_SUBSYSTEM);
		match = matches_glob(r->subsystem, &cell);
	}
	if (match == 1 && r->cgroup) {
		cell = text_of(s, key, KEY_CGROUP);
		match = matches_glob(r->cgroup, &cell);
	}
	if (match == 1 && r->by_name) {
		cell = text_of(s, key, KEY_NAME);
		match = matches_name(&r->name, &cell);
	}
	return match;
}

/* The value of the rule's key, "-" if it is unknown. */
static struct slice name_in(const struct budget_rule *r, const struct snapshot *s,
			    const symbol *key)
{
	struct cell cell;

	if (!r->by_key)
		return SLICE("");
	cell = text_of(s, key, r->key);
	return cell.known ? cell.text : SLICE("-");
}

bool budget_figure(const struct budget_rule *rule, const struct snapshot *side,
		   const struct group *group, uint64_t *bytes)
{
	const struct column_input in = {.snapshot = side, .group = group};
	struct cell cell = rule->column->get(rule->column, &in);

	*bytes = cell.number;
	return cell.known;
}

static bool sum_up(const struct budget_rule *rule, const struct snapshot *s, struct usage *u)
{
	for (uint32_t i = 0; i < aggregate_count(&s->groups); i++) {
		const symbol *key = aggregate_key(&s->groups, i);
		int match = matches(rule, s, key);
		struct usage_entry *entry;
		uint64_t bytes;

		if (match == 0)
			continue;
		entry = match > 0 ? entry_of(u, name_in(rule, s, key)) : NULL;
		if (!entry)
			return false;
		if (!budget_figure(rule, s, &s->groups.groups[i], &bytes))
			entry->unknown = true;
		else
			entry->bytes = bytes > COUNTER_MAX - entry->bytes ? COUNTER_MAX
									  : entry->bytes + bytes;
	}
	return true;
}

bool budget_measure(const struct budget_rule *rule, const struct snapshot *s, struct usage *u)
{
	struct usage now;
	bool whole;

	usage_init(&now);
	whole = sum_up(rule, s, &now);
	for (symbol i = 0; whole && i < now.names.count; i++)
		whole = usage_put(u, intern_bytes(&now.names, i), now.list[i].bytes,
				  now.list[i].unknown);
	usage_free(&now);
	u->exists = true;
	return whole;
}

/* Whether a rule is about names of memory. */
static bool tells_names(const struct budget_rule *r)
{
	return r->memory.label_count > 0 || r->subsystem ||
	       (r->by_key && (r->key == KEY_LABEL || r->key == KEY_SUBSYSTEM));
}

bool budget_is_open(const struct budget_rule *rule, const struct snapshot *s)
{
	return coverage_incomplete(&s->coverage) > 0 || s->rows_left_out ||
	       (s->coverage.by_how[HOW_NAMES_LOST] > 0 && tells_names(rule));
}

static uint64_t add_up_to_most(uint64_t a, uint64_t b)
{
	return b > COUNTER_MAX - a ? COUNTER_MAX : a + b;
}

/* Exact, since what is at its limit is within it: 15 % of 400 KiB are 60 KiB, but 1.15 times as
 * much is less than 460 KiB in floating point. */
static uint64_t share_of(uint64_t bytes, uint64_t part)
{
	const uint64_t whole = UINT64_C(100) * BUDGET_PERCENT;
	uint64_t share;

	if (__builtin_mul_overflow(bytes / whole, part, &share))
		return COUNTER_MAX;
	return add_up_to_most(share < COUNTER_MAX ? share : COUNTER_MAX,
			      bytes % whole * part / whole);
}

static uint64_t limit_of(const struct budget_rule *r, uint64_t before)
{
	switch (r->limit) {
	case BUDGET_GROWTH:
		return add_up_to_most(before, r->size);
	case BUDGET_GROWTH_PERCENT:
		return add_up_to_most(before, share_of(before, r->percent));
	case BUDGET_MAX:
		break;
	}
	return r->size;
}

/* How much a run had under a name. Without an entry, 0 if everything was read, else unknown. */
static bool value_in(const struct usage *u, struct slice name, uint64_t *bytes)
{
	symbol s = intern_find(&u->names, name);

	*bytes = s == SYMBOL_NONE ? 0 : u->list[s].bytes;
	return s == SYMBOL_NONE ? u->exists && !u->open : !u->list[s].unknown;
}

/* The median of all runs. False if it is unknown, or there is none. */
static bool take_values(const struct budget_runs *runs, size_t rule, struct slice name,
			uint64_t *values, uint64_t *median)
{
	bool known = runs->count > 0;

	for (size_t i = 0; i < runs->count; i++)
		known &= value_in(&runs->list[i][rule], name, &values[i]);
	*median = runs->count ? noise_median(values, runs->count) : 0;
	return known;
}

static bool any_is_open(const struct budget_runs *runs, size_t rule)
{
	bool open = false;

	for (size_t i = 0; i < runs->count; i++)
		open |= runs->list[i][rule].open;
	return open;
}

static bool is_tested(enum noise_result d)
{
	return d != NOISE_UNTESTED;
}

/* Of what is over its limit. */
static enum verdict weigh_excess(const struct finding *f, bool grows, bool baseline_open)
{
	if (!grows)
		return VERDICT_OVER;
	if (f->difference == NOISE_TOO_FEW || baseline_open)
		return VERDICT_UNKNOWN;
	return is_tested(f->difference) && f->difference != NOISE_MORE ? VERDICT_NOISE
								       : VERDICT_OVER;
}

static void judge(const struct budget_rule *r, bool now_open, bool baseline_open, struct finding *f)
{
	bool grows = r->limit != BUDGET_MAX;

	if (grows && !f->before_known) {
		f->verdict = VERDICT_UNKNOWN;
		return;
	}
	f->limit = limit_of(r, f->before);
	if (f->bytes > f->limit)
		f->verdict = weigh_excess(f, grows, baseline_open);
	else
		f->verdict = f->known && !now_open ? VERDICT_WITHIN : VERDICT_UNKNOWN;
}

/* Over matters more than unknown. */
static int by_excess(const void *x, const void *y)
{
	const struct finding *a = x, *b = y;
	double p = (double)a->bytes - (double)a->limit, q = (double)b->bytes - (double)b->limit;

	if (a->verdict != b->verdict && (a->verdict == VERDICT_OVER || b->verdict == VERDICT_OVER))
		return a->verdict == VERDICT_OVER ? -1 : 1;
	if (a->verdict != b->verdict)
		return a->verdict > b->verdict ? -1 : 1;
	if (p != q)
		return p > q ? -1 : 1;
	return slice_compare(a->name, b->name);
}

/* The findings of a rule are about the names of all runs. False if out of memory. */
static bool list_names(const struct budget_runs *now, size_t rule, struct judgement *j)
{
	size_t most = 1;

	for (size_t i = 0; i < now->count; i++)
		most += now->list[i][rule].names.count;
	j->list = calloc(most, sizeof(*j->list));
	for (size_t i = 0; j->list && i < now->count; i++) {
		const struct intern *names = &now->list[i][rule].names;

		for (symbol s = 0; s < names->count; s++) {
			struct slice name = intern_bytes(names, s);
			size_t earlier = 0;

			while (earlier < i &&
			       intern_find(&now->list[earlier][rule].names, name) == SYMBOL_NONE)
				earlier++;
			if (earlier == i)
				j->list[j->count++].name = name;
		}
	}
	return j->list != NULL;
}

/* False if out of memory. */
static bool find(const struct budget_runs *now, const struct budget_runs *baseline, size_t rule,
		 struct finding *f, uint64_t *values)
{
	uint64_t *before = values + now->count;

	f->values = values;
	f->before_values = before;
	f->known = take_values(now, rule, f->name, values, &f->bytes);
	f->before_known = take_values(baseline, rule, f->name, before, &f->before);
	f->p = 1;
	if (f->known && f->before_known)
		f->difference = noise_compare(before, baseline->count, values, now->count, &f->p);
	return f->p >= 0;
}

int budget_judge(const struct budget *b, size_t rule, const struct budget_runs *now,
		 const struct budget_runs *baseline, struct judgement *j, struct error *e)
{
	const struct budget_rule *r = &b->list[rule];
	bool open = any_is_open(now, rule), baseline_open = any_is_open(baseline, rule);
	size_t runs = now->count + baseline->count;

	*j = (struct judgement){.verdict = r->optional && !open ? VERDICT_SKIPPED : VERDICT_UNKNOWN,
				.runs = now->count,
				.before_runs = baseline->count};
	for (size_t i = 0; i < now->count; i++)
		j->unmeasured |= now->list[i][rule].unmeasured;
	for (size_t i = 0; i < baseline->count; i++)
		j->before_unmeasured |= baseline->list[i][rule].unmeasured;
	if (!list_names(now, rule, j))
		return error_memory(e);
	j->values = calloc(j->count * runs + 1, sizeof(*j->values));
	if (!j->values)
		return error_memory(e);
	for (size_t i = 0; i < j->count; i++) {
		if (!find(now, baseline, rule, &j->list[i], j->values + i * runs))
			return error_memory(e);
		judge(r, open, baseline_open, &j->list[i]);
	}
	if (j->count) {
		qsort(j->list, j->count, sizeof(*j->list), by_excess);
		j->verdict = j->list[0].verdict;
	}
	return 0;
}

void judgement_free(struct judgement *j)
{
	free(j->list);
	free(j->values);
}

/* The weight of a row in the order of parts; 0 leaves it out. */
static uint64_t weight_of(const struct budget_rule *rule, const struct delta *d, uint32_t row,
			  bool has_baseline)
{
	const struct delta_row *r = &d->list[row];
	uint64_t before = 0, after = 0;

	if (!budget_figure(rule, d->after, &r->after, &after) || !has_baseline)
		return after;
	if (!budget_figure(rule, d->before, &r->before, &before) || r->before_open)
		return 0;
	return after > before ? after - before : 0;
}

static int is_inside(const struct budget_rule *rule, const struct finding *finding,
		     const struct delta *d, uint32_t row)
{
	const symbol *key = aggregate_key(&d->rows.groups, row);
	int match = matches(rule, &d->rows, key);

	return match == 1 ? slice_equals(name_in(rule, &d->rows, key), finding->name) : match;
}

/* Rows come in the order in which processes were read; equal ones are put in that of their keys. */
static int compare_keys(const struct snapshot *rows, uint32_t a, uint32_t b)
{
	int order = 0;

	for (unsigned i = 0; order == 0 && i < rows->by.count; i++) {
		struct cell x = text_of(rows, aggregate_key(&rows->groups, a), rows->by.keys[i]);
		struct cell y = text_of(rows, aggregate_key(&rows->groups, b), rows->by.keys[i]);

		order = x.known && y.known ? slice_compare(x.text, y.text)
					   : (int)y.known - (int)x.known;
	}
	return order;
}

int budget_parts(const struct budget_rule *rule, const struct finding *finding,
		 const struct delta *d, bool inside, bool has_baseline, uint32_t *parts, int most)
{
	int count = 0;

	for (uint32_t i = 0; i < aggregate_count(&d->rows.groups); i++) {
		uint64_t weight = weight_of(rule, d, i, has_baseline);
		int at = count, lies = weight ? is_inside(rule, finding, d, i) : 0;

		if (lies < 0)
			return -1;
		if (weight == 0 || (lies > 0) != inside)
			continue;
		for (; at > 0; at--) {
			uint64_t other = weight_of(rule, d, parts[at - 1], has_baseline);

			if (other > weight ||
			    (other == weight && compare_keys(&d->rows, parts[at - 1], i) < 0))
				break;
		}
		if (at == most)
			continue;
		count += count < most;
		memmove(parts + at + 1, parts + at, (size_t)(count - at - 1) * sizeof(*parts));
		parts[at] = i;
	}
	return count;
}
