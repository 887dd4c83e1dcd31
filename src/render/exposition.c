#include "render/exposition.h"

#include "base/clock.h"

#include <inttypes.h>

static const char *const types[][2] = {
	[METRIC_GAUGE] = {"gauge", "gauge"},
	[METRIC_COUNTER] = {"counter", "counter"},
	[METRIC_INFO] = {"gauge", "info"},
};

/* In the samples, and in the older format in the head of the family. */
static const char *suffix(const struct metric_family *f)
{
	return f->type == METRIC_COUNTER ? "_total" : f->type == METRIC_INFO ? "_info" : "";
}

void exposition_family(struct exposition *x, const struct metric_family *f)
{
	bool open = x->format == EXPOSITION_OPENMETRICS;
	const char *end = open ? "" : suffix(f);

	x->family = f;
	fprintf(x->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", f->name, end, f->help, f->name, end,
		types[f->type][open]);
	if (open && f->unit)
		fprintf(x->out, "# UNIT %s %s\n", f->name, f->unit);
}

static void write_name(struct exposition *x, struct slice labels)
{
	x->series++;
	fprintf(x->out, "%s%s", x->family->name, suffix(x->family));
	if (labels.len) {
		putc('{', x->out);
		fwrite(labels.ptr, 1, labels.len, x->out);
		putc('}', x->out);
	}
	putc(' ', x->out);
}

void exposition_sample(struct exposition *x, struct slice labels, uint64_t value)
{
	write_name(x, labels);
	fprintf(x->out, "%" PRIu64 "\n", value);
}

void exposition_signed(struct exposition *x, struct slice labels, int64_t value)
{
	write_name(x, labels);
	fprintf(x->out, "%" PRId64 "\n", value);
}

void exposition_seconds(struct exposition *x, uint64_t ns)
{
	write_name(x, SLICE(""));
	fprintf(x->out, "%" PRIu64 ".%09" PRIu64 "\n", ns / SECOND_NS, ns % SECOND_NS);
}

void exposition_end(const struct exposition *x)
{
	if (x->format == EXPOSITION_OPENMETRICS)
		fputs("# EOF\n", x->out);
}
