#include "render/metric_rows.h"

#include "base/textstream.h"
#include "render/metric_value.h"

#include <stdlib.h>

static struct slice bytes_of(const struct snapshot *s, enum key key, symbol value)
{
	enum origin origin;

	if (value == SYMBOL_NONE)
		return SLICE("");
	return key == KEY_LABEL ? key_label(&s->symbols, value, &origin)
				: intern_bytes(&s->symbols, value);
}

/* A value that a group lacks is empty, which is the same as no such label. */
static void write_labels(const struct snapshot *s, const symbol *key, FILE *out)
{
	for (unsigned i = 0; i < s->by.count; i++) {
		const enum key k = s->by.keys[i];
		char buffer[METRIC_VALUE_MAX];
		struct slice value;

		value = metric_value(bytes_of(s, k, key[i]), metric_folds(k), buffer);
		metric_label_write(i == 0, key_names[k], value, out);
	}
}

static void write_other(const struct snapshot *s, FILE *out)
{
	for (unsigned i = 0; i < s->by.count; i++)
		metric_label_write(i == 0, key_names[s->by.keys[i]], SLICE("(other)"), out);
}

/* The labels of a group, or of the rest if `key` is NULL. SYMBOL_NONE if out of memory. */
static symbol intern_labels(struct metric_rows *r, const struct snapshot *s, const symbol *key)
{
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);
	symbol labels;

	if (!out)
		return SYMBOL_NONE;
	if (key)
		write_labels(s, key, out);
	else
		write_other(s, out);
	if (!textstream_close(out, &text))
		return SYMBOL_NONE;
	labels = intern(&r->labels, (struct slice){text, size});
	free(text);
	return labels;
}

static void add(struct metric_row *row, const struct group *g, unsigned parts)
{
	if (row->parts == 0)
		group_zero(&row->sum);
	group_add(&row->sum, g);
	row->parts += parts;
}

/* Symbols of labels count up from 0, as rows do. */
static bool add_groups(struct metric_rows *r, const struct snapshot *s)
{
	for (uint32_t i = 0; i < aggregate_count(&s->groups); i++) {
		symbol labels = intern_labels(r, s, aggregate_key(&s->groups, i));

		if (labels == SYMBOL_NONE)
			return false;
		r->list[labels].labels = labels;
		add(&r->list[labels], &s->groups.groups[i], 1);
	}
	r->count = r->labels.count;
	return true;
}

static uint64_t weight(const struct metric_row *row)
{
	const struct counters *c = &row->sum.counters;
	enum counter size = counters_know(c, COUNTER_PSS) ? COUNTER_PSS : COUNTER_RSS;

	return c->bytes[size] + c->bytes[COUNTER_SWAP];
}

/* Rows of the same size keep the order of their names, whatever the order of reading. */
static int heavier_first(const void *a, const void *b, void *labels)
{
	const struct metric_row *x = a, *y = b;
	uint64_t left = weight(x), right = weight(y);

	if (left != right)
		return left < right ? 1 : -1;
	return slice_compare(intern_bytes(labels, x->labels), intern_bytes(labels, y->labels));
}

/* A process may be in several of the rows, so their number of processes is no sum. */
static bool join_others(struct metric_rows *r, const struct snapshot *s, size_t most)
{
	struct metric_row rest = {.parts = 0};

	if (r->count <= most)
		return true;
	r->others = r->count - (most - 1);
	for (size_t i = most - 1; i < r->count; i++)
		add(&rest, &r->list[i].sum, r->list[i].parts);
	rest.labels = intern_labels(r, s, NULL);
	/* A process may have chosen this very name. */
	for (size_t i = 0; i < most - 1; i++) {
		if (r->list[i].labels != rest.labels)
			continue;
		add(&r->list[i], &rest.sum, rest.parts);
		r->count = most - 1;
		return true;
	}
	r->list[most - 1] = rest;
	r->count = most;
	return rest.labels != SYMBOL_NONE;
}

bool metric_rows_make(struct metric_rows *r, const struct snapshot *s, size_t most)
{
	*r = (struct metric_rows){.count = 0};
	intern_init(&r->labels);
	r->list = calloc(aggregate_count(&s->groups) + 1, sizeof(*r->list));
	if (!r->list || !add_groups(r, s))
		return false;
	if (r->count)
		qsort_r(r->list, r->count, sizeof(*r->list), heavier_first, &r->labels);
	return join_others(r, s, most ? most : 1);
}

void metric_rows_free(struct metric_rows *r)
{
	free(r->list);
	intern_free(&r->labels);
}
