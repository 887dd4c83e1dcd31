#include "render/metrics.h"

#include "base/textstream.h"
#include "render/metric_rows.h"
#include "render/metric_value.h"

#include <stdlib.h>

/* Families of rows */

static bool find_counter(const struct group *g, enum counter c, uint64_t *value)
{
	*value = g->counters.bytes[c];
	return counters_know(&g->counters, c);
}

/* Of processes too large to be read, it is what pages that no other process maps have at least. */
static bool get_pss(const struct metric_row *row, uint64_t *value)
{
	return find_counter(&row->sum, COUNTER_PSS, value) ||
	       counters_know(&row->sum.counters, COUNTER_USS);
}

static bool get_rss(const struct metric_row *row, uint64_t *value)
{
	return find_counter(&row->sum, COUNTER_RSS, value);
}

static bool get_uss(const struct metric_row *row, uint64_t *value)
{
	return find_counter(&row->sum, COUNTER_USS, value);
}

static bool get_swap(const struct metric_row *row, uint64_t *value)
{
	return find_counter(&row->sum, COUNTER_SWAP, value);
}

static bool get_heap_free(const struct metric_row *row, uint64_t *value)
{
	*value = row->sum.heap.free;
	return row->sum.heap.known;
}

static bool get_mappings(const struct metric_row *row, uint64_t *value)
{
	*value = row->sum.mappings;
	return true;
}

/* One process may be in several parts. */
static bool get_processes(const struct metric_row *row, uint64_t *value)
{
	*value = row->sum.processes;
	return row->parts == 1;
}

static const struct row_family {
	struct metric_family family;
	bool (*get)(const struct metric_row *row, uint64_t *value);
} row_families[] = {
	{{"anonmem_pss_bytes", METRIC_GAUGE, "bytes",
	  "Resident memory, each page divided by the number of processes that map it (PSS)."},
	 get_pss},
	{{"anonmem_rss_bytes", METRIC_GAUGE, "bytes",
	  "Resident memory, shared pages counted in full for every process (RSS)."},
	 get_rss},
	{{"anonmem_uss_bytes", METRIC_GAUGE, "bytes",
	  "Resident memory that no other process maps (USS)."},
	 get_uss},
	{{"anonmem_swap_bytes", METRIC_GAUGE, "bytes",
	  "Swapped out memory, shared memory counted in full for every process."},
	 get_swap},
	{{"anonmem_heap_free_bytes", METRIC_GAUGE, "bytes",
	  "Memory that malloc keeps free for its program."},
	 get_heap_free},
	{{"anonmem_mappings", METRIC_GAUGE, NULL, "Mappings."}, get_mappings},
	{{"anonmem_processes", METRIC_GAUGE, NULL, "Processes that have such memory."},
	 get_processes},
};

enum { ROW_FAMILIES = sizeof(row_families) / sizeof(*row_families) };

static void write_rows(struct exposition *x, const struct metric_rows *rows)
{
	for (size_t f = 0; f < ROW_FAMILIES; f++) {
		exposition_family(x, &row_families[f].family);
		for (size_t i = 0; i < rows->count; i++) {
			const struct metric_row *row = &rows->list[i];
			uint64_t value;

			if (row_families[f].get(row, &value))
				exposition_sample(x, intern_bytes(&rows->labels, row->labels),
						  value);
		}
	}
}

static void write_number(struct exposition *x, const struct metric_family *family, uint64_t value)
{
	exposition_family(x, family);
	exposition_sample(x, SLICE(""), value);
}

static void write_bounds(struct exposition *x, const struct metric_rows *rows)
{
	static const struct metric_family shown = {
		"anonmem_groups", METRIC_GAUGE, NULL,
		"Groups of memory with series of their own, including the sum of the others."};
	static const struct metric_family others = {
		"anonmem_other_groups", METRIC_GAUGE, NULL,
		"Groups of memory that are only included in the sum of the others."};

	write_number(x, &shown, rows->count);
	write_number(x, &others, rows->others);
}

/* Coverage */

static void label_of(const char *name, struct slice value, char *buffer, size_t size,
		     struct slice *label)
{
	char *text = NULL, kept[METRIC_VALUE_MAX];
	size_t length;
	FILE *out = textstream_open(&text, &length);

	*label = (struct slice){buffer, 0};
	if (!out)
		return;
	metric_label_write(true, name, metric_value(value, false, kept), out);
	if (textstream_close(out, &text) && length <= size) {
		memcpy(buffer, text, length);
		label->len = length;
	}
	free(text);
}

enum { LABEL_SIZE = 4 * METRIC_VALUE_MAX };

static void write_coverage(struct exposition *x, const struct coverage *c)
{
	static const struct metric_family processes = {"anonmem_coverage_processes", METRIC_GAUGE,
						       NULL,
						       "Processes of the last reading by outcome."};
	static const struct metric_family denied = {
		"anonmem_coverage_denied_resident_bytes", METRIC_GAUGE, "bytes",
		"Resident memory of processes that may not be read, as far as known."};
	static const struct metric_family scanned = {"anonmem_processes_scanned", METRIC_GAUGE,
						     NULL,
						     "Processes scanned because they are too large "
						     "to read; their PSS lacks shared pages."};
	char buffer[LABEL_SIZE];
	struct slice label;

	exposition_family(x, &processes);
	for (unsigned i = 0; i < OUTCOME_COUNT; i++) {
		label_of("outcome", slice_of(outcome_names[i]), buffer, sizeof(buffer), &label);
		exposition_sample(x, label, c->by_outcome[i]);
	}
	write_number(x, &denied, c->denied_resident);
	write_number(x, &scanned, c->by_how[HOW_SCANNED]);
}

/* The machine */

static void write_account(struct exposition *x, const struct account *a,
			  const struct metric_family *total, const struct metric_family *parts)
{
	char buffer[LABEL_SIZE];
	struct slice label;

	write_number(x, total, a->total);
	exposition_family(x, parts);
	for (size_t i = 0; i < a->count; i++) {
		if (a->rows[i].level > 0 || !a->rows[i].known)
			continue;
		label_of("part", slice_of(a->rows[i].name), buffer, sizeof(buffer), &label);
		exposition_signed(x, label, a->rows[i].bytes);
	}
}

static void write_machine(struct exposition *x, const struct machine_account *account)
{
	static const struct metric_family families[] = {
		{"anonmem_machine_memory_total_bytes", METRIC_GAUGE, "bytes",
		 "Memory of the machine."},
		{"anonmem_machine_memory_bytes", METRIC_GAUGE, "bytes",
		 "Memory of the machine by what it is used for; adds up to the total."},
		{"anonmem_machine_swap_total_bytes", METRIC_GAUGE, "bytes", "Swap of the machine."},
		{"anonmem_machine_swap_bytes", METRIC_GAUGE, "bytes",
		 "Swap of the machine by what it is used for; adds up to the total."},
	};

	if (!account)
		return;
	write_account(x, &account->memory, &families[0], &families[1]);
	write_account(x, &account->swap, &families[2], &families[3]);
}

/* Control groups */

static void write_amounts(struct exposition *x, const struct metrics *m,
			  const struct metric_family *family, size_t offset)
{
	exposition_family(x, family);
	for (size_t i = 0; i < m->cgroup_count; i++) {
		const struct metric_cgroup *g = &m->cgroups[i];
		const struct amount *a = (const void *)((const char *)&g->usage + offset);

		if (a->known)
			exposition_sample(x, slice_of(g->labels), a->bytes);
	}
}

static void write_cgroups(struct exposition *x, const struct metrics *m)
{
	static const struct metric_family limit = {
		"anonmem_cgroup_limit_bytes", METRIC_GAUGE, "bytes",
		"Memory limit of a container or unit; absent if it has none."};
	static const struct metric_family current = {
		"anonmem_cgroup_current_bytes", METRIC_GAUGE, "bytes",
		"Memory charged to a container or unit, including file cache."};
	static const struct metric_family peak = {"anonmem_cgroup_peak_bytes", METRIC_GAUGE,
						  "bytes",
						  "Peak memory charged to a container or unit."};

	if (m->cgroup_count == 0)
		return;
	write_amounts(x, m, &limit, offsetof(struct cgroup_usage, limit));
	write_amounts(x, m, &current, offsetof(struct cgroup_usage, current));
	write_amounts(x, m, &peak, offsetof(struct cgroup_usage, peak));
}

/* The service itself */

#define OF(member) offsetof(struct metric_service, member)
static const struct {
	struct metric_family family;
	size_t value; /* where it is; ns if its unit is the second */
} service[] = {
	{{"anonmem_reading_timestamp_seconds", METRIC_GAUGE, "seconds",
	  "Time of the reading that the figures come from."},
	 OF(read_at)},
	{{"anonmem_reading_seconds", METRIC_GAUGE, "seconds", "Duration of that reading."},
	 OF(reading_ns)},
	{{"anonmem_readings", METRIC_COUNTER, NULL, "Readings, including those that failed."},
	 OF(readings)},
	{{"anonmem_readings_failed", METRIC_COUNTER, NULL, "Readings that failed."}, OF(failed)},
	{{"anonmem_processes_reread", METRIC_GAUGE, NULL, "Processes that the last reading read."},
	 OF(reread)},
	{{"anonmem_processes_kept", METRIC_GAUGE, NULL,
	  "Processes that the last reading did not read again, since they did nothing."},
	 OF(kept)},
	{{"anonmem_processes_timed_out", METRIC_COUNTER, NULL,
	  "Times that reading a process timed out."},
	 OF(timed_out)},
	{{"anonmem_requests_answered", METRIC_COUNTER, NULL, "Requests answered."}, OF(answered)},
	{{"anonmem_requests_refused", METRIC_COUNTER, NULL,
	  "Requests refused, and connections cut because they took too long."},
	 OF(refused)},
	{{"process_cpu_seconds", METRIC_COUNTER, "seconds", "Processor time used by anonmem."},
	 OF(cpu_ns)},
	{{"process_resident_memory_bytes", METRIC_GAUGE, "bytes", "Resident memory of anonmem."},
	 OF(resident)},
	{{"process_start_time_seconds", METRIC_GAUGE, "seconds", "When anonmem started."},
	 OF(started_at)},
};

static void write_service(struct exposition *x, const struct metric_service *s)
{
	for (size_t i = 0; i < sizeof(service) / sizeof(*service); i++) {
		const struct metric_family *family = &service[i].family;
		uint64_t value = *(const uint64_t *)((const char *)s + service[i].value);

		if (service[i].value == OF(resident) && !s->resident_known)
			continue;
		exposition_family(x, family);
		if (family->unit && strcmp(family->unit, "seconds") == 0)
			exposition_seconds(x, value);
		else
			exposition_sample(x, SLICE(""), value);
	}
}

static void write_build(struct exposition *x, const char *version)
{
	static const struct metric_family build = {"anonmem_build", METRIC_INFO, NULL,
						   "The version of anonmem."};
	char buffer[LABEL_SIZE];
	struct slice label;

	label_of("version", slice_of(version), buffer, sizeof(buffer), &label);
	exposition_family(x, &build);
	exposition_sample(x, label, 1);
}

/* Series that are there whatever the processes are: at most 31 of the machine, and these. */
enum { FIXED = 64 };

size_t metrics_cgroups(size_t series)
{
	enum { SHARE = 5, AMOUNTS = 3 };

	return series / SHARE / AMOUNTS;
}

static size_t rows_allowed(const struct metrics *m)
{
	size_t taken = FIXED + 3 * m->cgroup_count;

	return m->series > taken + ROW_FAMILIES ? (m->series - taken) / ROW_FAMILIES : 1;
}

int metrics_write(const struct metrics *m, enum exposition_format format, FILE *out,
		  struct error *e)
{
	struct exposition x = {.out = out, .format = format};
	struct metric_rows rows;
	bool made = metric_rows_make(&rows, m->snapshot, rows_allowed(m));

	if (made) {
		write_rows(&x, &rows);
		write_bounds(&x, &rows);
		write_cgroups(&x, m);
		write_machine(&x, m->account);
		write_coverage(&x, &m->snapshot->coverage);
		if (m->service)
			write_service(&x, m->service);
		write_build(&x, m->version);
		exposition_end(&x);
	}
	metric_rows_free(&rows);
	return made ? 0 : error_memory(e);
}
