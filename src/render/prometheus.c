/*
 * The text format of Prometheus, for the textfile collector of its node exporter. Columns, order
 * and limit of the report do not matter: the metrics are always the same.
 */
#include "render/metrics.h"
#include "render/render.h"

static int render(const struct report *report, const struct render_options *options, FILE *out,
		  struct error *e)
{
	const struct metrics m = {.snapshot = report->snapshot,
				  .series = METRICS_SERIES,
				  .version = options->version};

	return metrics_write(&m, EXPOSITION_PROMETHEUS, out, e);
}

const struct renderer render_prometheus = {
	.name = "prometheus",
	.reports_only = true,
	.render = render,
};
