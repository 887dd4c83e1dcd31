#include "samples.h"

enum { KIB = 1024, SPAN_MS = 10000 };

const struct grouping samples_by_name = {.keys = {KEY_NAME, KEY_CGROUP, KEY_LABEL, KEY_KIND},
					 .count = 4};
const struct grouping samples_by_process = {.keys = {KEY_PROCESS, KEY_LABEL, KEY_KIND}, .count = 3};

const struct grouping samples_by_place = {
	.keys = {KEY_CONTAINER, KEY_POD, KEY_UNIT, KEY_LABEL, KEY_KIND}, .count = 5};

void samples_init(struct samples *s, const struct grouping *by)
{
	*s = (struct samples){
		.by = *by,
		.sets_by = identity_sets(by),
		.time_ms = UINT64_C(1795971600000), /* 2026-11-29T17:00:00Z */
		.uptime_ms = 5000000,
		.span_ms = SPAN_MS,
	};
	intern_init(&s->symbols);
	aggregate_init(&s->groups, s->by.count);
	aggregate_init(&s->sets, s->sets_by.count);
}

void samples_free(struct samples *s)
{
	intern_free(&s->symbols);
	aggregate_free(&s->groups);
	aggregate_free(&s->sets);
}

static struct group *put(struct aggregate *a, const symbol *key, uint64_t processes)
{
	struct group *g = aggregate_group(a, key);

	group_zero(g);
	g->processes = processes;
	return g;
}

static void fill(struct group *g, uint64_t pss_kib)
{
	g->mappings = 3;
	for (int i = 0; i < COUNTER_REPORTED; i++)
		g->counters.bytes[i] = 0;
	g->counters.bytes[COUNTER_SIZE] = 2 * pss_kib * KIB;
	g->counters.bytes[COUNTER_RSS] = pss_kib * KIB;
	g->counters.bytes[COUNTER_PSS] = pss_kib * KIB;
	g->counters.bytes[COUNTER_PSS_DIRTY] = pss_kib * KIB;
	g->counters.bytes[COUNTER_PRIVATE_DIRTY] = pss_kib * KIB;
	g->counters.bytes[COUNTER_REFERENCED] = pss_kib * KIB;
	g->counters.bytes[COUNTER_ANONYMOUS] = pss_kib * KIB;
	g->counters.bytes[COUNTER_USS] = pss_kib * KIB;
}

void samples_set(struct samples *s, struct slice name, struct slice cgroup, uint64_t processes)
{
	const symbol key[] = {intern(&s->symbols, name), intern(&s->symbols, cgroup)};

	put(&s->sets, key, processes);
}

struct group *samples_put(struct samples *s, struct slice name, struct slice cgroup,
			  struct slice label, uint64_t processes, uint64_t pss_kib)
{
	const symbol key[] = {intern(&s->symbols, name), intern(&s->symbols, cgroup),
			      key_intern_label(&s->symbols, ORIGIN_KERNEL, label),
			      intern(&s->symbols, SLICE("anon"))};
	const struct group *set = aggregate_find(&s->sets, key);
	struct group *g;

	if (!set || set->processes < processes)
		samples_set(s, name, cgroup, processes);
	g = put(&s->groups, key, processes);
	fill(g, pss_kib);
	return g;
}

struct group *samples_put_process(struct samples *s, pid_t pid, uint64_t start, struct slice label,
				  uint64_t pss_kib)
{
	const struct process p = {.known = PROCESS_PID | PROCESS_START | PROCESS_NAME,
				  .pid = pid,
				  .start_time = start,
				  .name = SLICE("worker")};
	const symbol key[] = {key_intern_process(&s->symbols, &p),
			      key_intern_label(&s->symbols, ORIGIN_KERNEL, label),
			      intern(&s->symbols, SLICE("anon"))};
	struct group *g = put(&s->groups, key, 1);

	fill(g, pss_kib);
	return g;
}

struct group *samples_put_place(struct samples *s, const char *container, const char *pod,
				const char *unit, uint64_t pss_kib)
{
	const char *const texts[] = {container, pod, unit};
	symbol key[] = {SYMBOL_NONE, SYMBOL_NONE, SYMBOL_NONE,
			key_intern_label(&s->symbols, ORIGIN_KERNEL, SLICE("[heap]")),
			intern(&s->symbols, SLICE("anon"))};
	struct group *g;

	for (int i = 0; i < 3; i++) {
		if (texts[i])
			key[i] = intern(&s->symbols, slice_of(texts[i]));
	}
	put(&s->sets, key, 2);
	g = put(&s->groups, key, 2);
	fill(g, pss_kib);
	return g;
}

enum writing samples_add(struct samples *s, struct writer *w)
{
	const struct recorded_memory memory = {&s->symbols, &s->groups, &s->sets_by, &s->sets};
	struct sample sample = {
		.time_ms = s->time_ms,
		.uptime_ms = s->uptime_ms,
		.span_ms = s->span_ms,
		.cause = CAUSE_TIME,
		.reading_us = 2000,
		.cpu_us = 1500,
		.stall_known = true,
		.stall_some_us = s->uptime_ms,
		.stall_full_us = s->uptime_ms / 2,
	};
	enum writing how;

	sample.by_outcome[OUTCOME_READ] = s->read ? s->read : aggregate_count(&s->groups);
	s->error.code = ERROR_NONE;
	how = writer_add(w, &sample, &memory, &s->error);
	aggregate_reset(&s->groups);
	aggregate_reset(&s->sets);
	s->time_ms += s->span_ms;
	s->uptime_ms += s->span_ms;
	return how;
}
