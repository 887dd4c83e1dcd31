#include "collect/collector.h"

#include "classify/signs.h"
#include "collect/sharing.h"

#include <stdlib.h>

/* Records. */

static bool reserve_keys(struct collector *c, uint32_t count)
{
	unsigned parts = c->work->options->by.count;
	symbol *larger;

	if (count <= c->key_capacity)
		return true;
	larger = reallocarray(c->keys, (size_t)count * parts, sizeof(*larger));
	if (!larger)
		return false;
	c->keys = larger;
	c->key_capacity = count;
	return true;
}

/* Translates the keys of all groups to the symbols of the records. */
static bool translate_groups(struct collector *c)
{
	const struct grouping *by = &c->work->options->by;
	uint32_t count = aggregate_count(&c->groups);

	if (!reserve_keys(c, count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		symbol *key = c->keys + (size_t)i * by->count;

		memcpy(key, aggregate_key(&c->groups, i), by->count * sizeof(*key));
		if (c->symbols != c->work->symbols && !translate_key(&c->translation, by, key))
			return false;
	}
	return true;
}

static bool has_groups(const struct record *r)
{
	return r->match == MATCH_YES && r->outcome == OUTCOME_READ;
}

/* The process that counts the memory: of those that share it, the first one that was read. A
 * process that has called exec meanwhile has its own. */
static pid_t find_owner(const struct collector *c, const struct record *r)
{
	pid_t *owner = &c->work->owners[c->target.memory];

	if (c->target.memory == 0 || !signs_equal(c->target.signs, r->process.signs))
		return 0;
	if (*owner == 0) {
		*owner = r->process.pid;
		return 0;
	}
	return *owner;
}

/* Whether a process that looks alike has exactly as much memory. */
static bool maybe_shared(struct collector *c, const struct record *r)
{
	struct {
		uint64_t like, rss, mappings;
	} sign = {.like = c->target.like};
	struct intern *likes = &c->work->likes;
	uint32_t before = likes->count;
	symbol s;

	for (uint32_t i = 0; i < r->count; i++) {
		sign.rss += r->groups[i].counters.bytes[COUNTER_RSS];
		sign.mappings += r->groups[i].mappings;
	}
	if (c->target.like == 0 || sign.mappings == 0)
		return false;
	s = intern(likes, (struct slice){(const char *)&sign, sizeof(sign)});
	c->no_memory |= s == SYMBOL_NONE;
	return s != SYMBOL_NONE && s < before;
}

static void give(struct collector *c, struct record *r)
{
	struct work *work = c->work;

	pthread_mutex_lock(&work->lock);
	if (has_groups(r) && translate_groups(c)) {
		r->count = aggregate_count(&c->groups);
		r->groups = c->groups.groups;
		r->keys = c->keys;
		r->inexact = c->groups.inexact;
		r->shares_with = work->owners ? find_owner(c, r) : 0;
		r->how |= work->owners && maybe_shared(c, r) ? HOW_BIT(HOW_MAYBE_SHARED) : 0;
		/* If another process counts the memory, the swap is divided there too. */
		r->part_count = r->shares_with ? 0 : c->part_count;
		r->parts = c->parts;
		if (c->symbols == work->symbols && r->shares_with == 0 && r->part_count == 0)
			r->aggregate = &c->groups;
	} else if (has_groups(r)) {
		c->no_memory = true;
	}
	c->no_memory = c->no_memory || !work->take(work->ctx, r);
	work->given++;
	if (work->options->progress)
		work->options->progress(work->options->progress_ctx, work->given,
					work->targets.count);
	pthread_mutex_unlock(&work->lock);
}

/* Makes the record of a process that is not read. */
static void give_unread(struct collector *c, const struct process *process, enum match match)
{
	struct record r = {.target = c->target.number, .process = *process, .match = match};

	give(c, &r);
}

/* The sink. */

static enum match match(struct collector *c, const struct process *process)
{
	const struct selection *selection = &c->work->options->selection;
	int wanted = selection_wants_process(selection, process);

	c->no_memory |= wanted < 0;
	if (wanted == 1)
		return MATCH_YES;
	if (wanted < 0 || !selection_is_in_doubt(selection, process))
		return MATCH_NO;
	if (!process->has_ended)
		return MATCH_UNKNOWN;
	/* The process exited before it was known whether it matches. If the user gave its pid, it
	 * counts as missed. */
	return source_names(c->work->source, process->pid) ? MATCH_YES : MATCH_NO;
}

/* Copies a string of the reader's, which is valid only during the process, to the collector's
 * symbols. */
static bool keep_string(struct collector *c, unsigned field, struct slice *string)
{
	symbol s;

	if (!(c->process.known & field))
		return true;
	s = intern(c->symbols, *string);
	if (s == SYMBOL_NONE)
		return false;
	*string = intern_bytes(c->symbols, s);
	return true;
}

static bool keep_process(struct collector *c, const struct process *p)
{
	c->process = *p;
	return keep_string(c, PROCESS_NAME, &c->process.name) &&
	       keep_string(c, PROCESS_CGROUP, &c->process.cgroup) &&
	       keep_string(c, PROCESS_EXE, &c->process.exe) &&
	       keep_string(c, PROCESS_COMMAND, &c->process.command);
}

static bool on_begin(void *ctx, const struct process *process)
{
	struct collector *c = ctx;
	enum match found = match(c, process);

	if (found != MATCH_YES || c->work->options->identify) {
		give_unread(c, process, found);
		return false;
	}
	aggregate_reset(&c->groups);
	group_zero(&c->all);
	c->comparison = (struct comparison){.made = false};
	c->swaps_shared = c->is_scanned = false;
	c->part_count = 0;
	c->files.state = FILES_NONE;
	holdings_reset(&c->holdings);
	infer_begin(&c->infer);
	c->no_memory |= !keep_process(c, process) || !grouper_process(&c->grouper, process);
	return true;
}

static void on_scan(void *ctx, const struct scan_facts *facts)
{
	struct collector *c = ctx;

	c->is_scanned = true;
	scanned_begin(&c->scanned, facts);
}

/* Tracks whether all file mappings are in one group. */
static void note_file(struct collector *c, uint32_t group)
{
	if (c->files.state == FILES_NONE)
		c->files = (struct files){FILES_TOGETHER, group};
	else if (c->files.group != group)
		c->files.state = FILES_APART;
}

/* All mappings are compared with the rollup, wanted or not. */
static void count_mapping(struct collector *c, const struct counters *counters)
{
	if (c->work->options->verify) {
		c->all.mappings++;
		c->groups.inexact |= !counters_add(&c->all.counters, counters);
	}
}

/* Finds the group of a mapping: 1, 0 if it is not wanted, -1 with *e. */
static int find_group(struct collector *c, const struct mapping *m, enum guess guess,
		      enum kind *kind, struct error *e)
{
	symbol key[KEY_COUNT];
	const struct group *group;

	switch (grouper_mapping(&c->grouper, m, guess, key, kind)) {
	case KEY_UNWANTED:
		return 0;
	case KEY_NO_MEMORY:
		return error_memory(e);
	case KEY_MADE:
		group = aggregate_group(&c->groups, key);
		if (!group)
			return error_memory(e);
		c->group[guess] = (uint32_t)(group - c->groups.groups);
		break;
	case KEY_SAME:
		break;
	}
	return 1;
}

/* SwapPss has the pages that the process has copied, which are swapped as its own. */
static uint64_t swapped_of_object(const struct mapping *m)
{
	uint64_t all = m->counters.bytes[COUNTER_SWAP], own = m->counters.bytes[COUNTER_SWAP_PSS];

	if (m->perms[3] == 's' || m->perms[1] != 'w')
		return all;
	return all > own ? all - own : 0;
}

/* Records a mapping of shared memory that is partly swapped; any mapping of shared memory, if its
 * object has a row. */
static bool add_shared(struct collector *c, const struct mapping *m, uint32_t group)
{
	uint64_t swapped = swapped_of_object(m);

	if (swapped == 0 && !grouping_has(&c->work->options->by, KEY_SEGMENT))
		return true;
	if (c->part_count == c->part_capacity) {
		uint32_t capacity = c->part_capacity ? 2 * c->part_capacity : 8;
		struct swapped_part *larger = reallocarray(c->parts, capacity, sizeof(*larger));

		if (!larger)
			return false;
		c->parts = larger;
		c->part_capacity = capacity;
	}
	c->parts[c->part_count++] = (struct swapped_part){
		.segment = segment_of(m),
		.start = m->start,
		.end = m->end,
		.offset = m->offset,
		.swapped = swapped,
		.group = group,
	};
	return true;
}

/* False if out of memory. */
static bool add_exclusive(struct collector *c, const struct mapping *m,
			  const struct counters *counters, enum kind kind, uint32_t group)
{
	struct bounds alone, *sum;

	if (group != NO_GROUP) {
		alone = exclusive_of_mapping(m, counters, kind);
		sum = &c->groups.groups[group].exclusive;
		bounds_add(sum, alone.low, alone.high);
		sum->unknown |= alone.unknown;
	}
	return holdings_add(&c->holdings, m, group);
}

static inline int add_mapping(void *ctx, const struct mapping *m, enum guess guess, struct error *e)
{
	struct collector *c = ctx;
	const struct counters *counters = &m->counters;
	struct counters concluded;
	enum kind kind;
	int wanted = find_group(c, m, guess, &kind, e);

	if (wanted < 0)
		return -1;
	if (c->is_scanned) {
		scanned_conclude(&c->scanned, m, kind, &concluded);
		counters = &concluded;
	}
	count_mapping(c, counters);
	if (kind == KIND_SHMEM) {
		c->swaps_shared |= wanted && counters->bytes[COUNTER_SWAP] > 0;
		if (!add_shared(c, m, wanted ? c->group[guess] : GROUP_NONE))
			return error_memory(e);
	}
	if (c->work->options->exclusive &&
	    !add_exclusive(c, m, counters, kind, wanted ? c->group[guess] : NO_GROUP))
		return error_memory(e);
	if (!wanted)
		return 0;
	aggregate_add(&c->groups, &c->groups.groups[c->group[guess]], UINT64_C(1) + m->merged,
		      counters);
	heap_use_add(&c->groups.groups[c->group[guess]].heap, &m->heap);
	if (kind == KIND_FILE)
		note_file(c, c->group[guess]);
	return 0;
}

static int on_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	struct collector *c = ctx;

	return c->no_memory ? error_memory(e) : add_mapping(c, m, GUESS_NONE, e);
}

static int on_mapping_to_infer(void *ctx, const struct mapping *m, struct error *e)
{
	struct collector *c = ctx;

	return c->no_memory ? error_memory(e) : infer_mapping(&c->infer, m, e);
}

/* Whoever takes the copy knows why the capture ends, and reports it. */
static void on_copied(void *ctx, const struct copy *copy)
{
	struct collector *c = ctx;
	struct work *work = c->work;

	pthread_mutex_lock(&work->lock);
	c->no_memory = c->no_memory ||
		       !work->options->copied(work->options->copied_ctx, &c->process, copy);
	pthread_mutex_unlock(&work->lock);
}

static void on_cancel(void *ctx)
{
	(void)ctx; /* begin starts over */
}

/* Delivers the mapping that guessing may have held back. */
static void end_mappings(struct collector *c)
{
	struct error no_memory;

	c->no_memory |= infer_end(&c->infer, &no_memory) < 0;
}

static bool on_rollup(void *ctx, const struct counters *before, const struct counters *after)
{
	struct collector *c = ctx;

	end_mappings(c);
	comparison_make(&c->comparison, &c->all.counters, c->all.mappings, before, after);
	return c->comparison.count == 0;
}

/* The files of a scanned process have known counters only together: adds them if all are in one
 * group. Whatever else is in the group was known before. */
static void add_rest(struct collector *c)
{
	struct counters rest, *sum;

	if (!c->is_scanned || c->files.state != FILES_TOGETHER)
		return;
	scanned_rest(&c->scanned, &rest);
	sum = &c->groups.groups[c->files.group].counters;
	for (int i = 0; i < COUNTER_COUNT; i++) {
		if (!counters_know(&rest, (enum counter)i) || counters_know(sum, (enum counter)i))
			rest.bytes[i] = 0;
		else
			sum->known |= COUNTER_BIT(i);
	}
	rest.known = COUNTERS_ALL_KNOWN;
	c->groups.inexact |= !counters_add(sum, &rest);
}

static int by_group(const void *a, const void *b)
{
	const struct swapped_part *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

static void on_end(void *ctx, const struct ending *ending)
{
	struct collector *c = ctx;
	bool read = ending->outcome == OUTCOME_READ;
	struct record r = {
		.target = c->target.number,
		.process = c->process,
		.match = MATCH_YES,
		.outcome = ending->outcome,
		.how = ending->how,
		.resident_known = ending->resident_known,
		.resident = ending->resident,
		.problem = ending->why ? ending->why->text : NULL,
		.comparison = read && c->work->options->verify ? &c->comparison : NULL,
		.holdings = read && c->job.reading.owners ? &c->holdings : NULL,
	};

	if (read) {
		end_mappings(c);
		add_rest(c);
		if (c->part_count)
			qsort(c->parts, c->part_count, sizeof(*c->parts), by_group);
	}
	c->holdings.held = ending->held;
	r.swaps_shared = c->swaps_shared;
	give(c, &r);
}

/* The job. */

static bool next(void *ctx, struct target *target)
{
	struct collector *c = ctx;
	struct work *work = c->work;
	size_t i = atomic_fetch_add(&work->next, 1);

	if (i >= work->end || atomic_load(&work->stop))
		return false;
	*target = c->target = work->targets.targets[i];
	return true;
}

static void ended(void *ctx, int status, const struct error *e)
{
	struct collector *c = ctx;

	if (status < 0)
		c->error = *e;
	else if (c->no_memory)
		status = error_memory(&c->error);
	c->status = status;
	if (status < 0)
		atomic_store(&c->work->stop, true);
}

/* If the user gave this pid, the reason is reported; otherwise the process only counts in a
 * note. */
static void give_up(void *ctx, pid_t pid, bool begun, const struct error *why)
{
	struct collector *c = ctx;
	const struct process process = {.known = PROCESS_PID, .pid = pid};
	const struct ending ending = {
		.outcome = OUTCOME_TRUNCATED,
		.how = HOW_BIT(HOW_TIMED_OUT),
		.why = source_names(c->work->source, pid) ? why : NULL,
	};

	if (begun || on_begin(c, &process))
		on_end(c, &ending);
	ended(c, 0, NULL);
}

bool collector_init(struct collector *c, struct work *work)
{
	const struct collect_options *o = work->options;

	*c = (struct collector){
		.work = work,
		.job = {.ctx = c,
			.sink = &c->sink,
			.reading = o->reading,
			.next = next,
			.ended = ended,
			.give_up = give_up},
		.sink = {.ctx = c,
			 .begin = on_begin,
			 .scan = on_scan,
			 .mapping = o->infer ? on_mapping_to_infer : on_mapping,
			 .cancel = on_cancel,
			 .copied = on_copied,
			 .rollup = on_rollup,
			 .end = on_end},
	};
	c->job.reading.needs |= grouping_needs(&o->by) | selection_needs(&o->selection) |
				(o->verify ? NEED_ROLLUP | NEED_STAT : 0);
	if (o->infer == INFER_CONTENT)
		c->job.reading.signs = &signs;
	intern_init(&c->own_symbols);
	c->symbols = work->jobs == 1 ? work->symbols : &c->own_symbols;
	translation_init(&c->translation, c->symbols, work->symbols);
	aggregate_init(&c->groups, o->by.count);
	infer_init(&c->infer, add_mapping, c);
	grouper_init(&c->grouper, c->symbols, &o->by, &o->selection, o->rules, o->users,
		     o->containers);
	return reserve_keys(c, 1);
}

void collector_free(struct collector *c)
{
	grouper_free(&c->grouper);
	aggregate_free(&c->groups);
	translation_free(&c->translation);
	intern_free(&c->own_symbols);
	holdings_free(&c->holdings);
	free(c->keys);
	free(c->parts);
}
