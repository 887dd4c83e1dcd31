/*
 * exposition: writes metrics as text, in the format of Prometheus (0.0.4) or OpenMetrics (1.0.0).
 *
 *	exposition_family(&x, ...)	begins a family; its samples follow
 *	exposition_sample(&x, labels, value)
 *	exposition_end(&x)
 */
#ifndef RENDER_EXPOSITION_H
#define RENDER_EXPOSITION_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum exposition_format { EXPOSITION_PROMETHEUS, EXPOSITION_OPENMETRICS };

struct exposition {
	FILE *out;
	enum exposition_format format;
	const struct metric_family *family; /* of the next samples */
	size_t series;			    /* samples written so far */
};

struct metric_family {
	const char *name; /* without the suffix _total of a counter */
	enum { METRIC_GAUGE, METRIC_COUNTER, METRIC_INFO } type;
	const char *unit; /* which the name ends in; or NULL */
	const char *help; /* a sentence without characters that need an escape */
};

/* `family` must outlive its samples. */
void exposition_family(struct exposition *x, const struct metric_family *family);

/* `labels` are what stands between the braces, with its values escaped; or empty. */
void exposition_sample(struct exposition *x, struct slice labels, uint64_t value);
void exposition_signed(struct exposition *x, struct slice labels, int64_t value);
void exposition_seconds(struct exposition *x, uint64_t ns);

void exposition_end(const struct exposition *x);

#endif
