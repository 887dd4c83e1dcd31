#include "report/column.h"

#include "classify/guess.h"

#include <stddef.h>
#include <strings.h>
#include <sys/sysmacros.h>

/* The symbol of a group's key, or SYMBOL_NONE if unknown. */
static symbol key_symbol(const struct column_input *in, enum key key)
{
	const struct grouping *by = &in->snapshot->by;

	unsigned place = grouping_find(by, key);

	return in->key && place < by->count ? in->key[place] : SYMBOL_NONE;
}

static struct cell unknown(void)
{
	return (struct cell){.known = false};
}

static struct cell text(struct slice s)
{
	return (struct cell){.known = true, .text = s};
}

static struct cell number(uint64_t n)
{
	return (struct cell){.known = true, .number = n};
}

static struct cell get_string(const struct column *column, const struct column_input *in)
{
	symbol s = key_symbol(in, (enum key)column->which);

	return s == SYMBOL_NONE ? unknown() : text(intern_bytes(&in->snapshot->symbols, s));
}

static struct cell label(struct slice s, enum origin origin)
{
	return (struct cell){.known = true, .text = s, .marked = origin == ORIGIN_PROCESS};
}

static struct cell get_label(const struct column *column, const struct column_input *in)
{
	symbol s = key_symbol(in, (enum key)column->which);
	enum origin origin;
	struct slice bytes;

	if (s == SYMBOL_NONE)
		return unknown();
	bytes = key_label(&in->snapshot->symbols, s, &origin);
	return label(bytes, origin);
}

static struct cell get_origin(const struct column *column, const struct column_input *in)
{
	symbol s = key_symbol(in, (enum key)column->which);
	enum origin origin;

	if (s == SYMBOL_NONE)
		return unknown();
	key_label(&in->snapshot->symbols, s, &origin);
	return text(slice_of(origin_names[origin]));
}

/* Of a guess. */
static struct cell get_certainty(const struct column *column, const struct column_input *in)
{
	symbol s = key_symbol(in, (enum key)column->which);
	enum origin origin = ORIGIN_KERNEL;
	struct slice label = SLICE("");
	enum guess guess;

	if (s != SYMBOL_NONE)
		label = key_label(&in->snapshot->symbols, s, &origin);
	guess = origin == ORIGIN_KERNEL ? GUESS_NONE : guess_in_label(label);
	if (guess == GUESS_NONE)
		return unknown();
	return text(guess_is_likely(guess) ? SLICE("likely") : SLICE("certain"));
}

static bool find_mapping(const struct column_input *in, struct mapping_identity *identity)
{
	symbol s = key_symbol(in, KEY_MAPPING);

	if (s == SYMBOL_NONE)
		return false;
	*identity = key_mapping(&in->snapshot->symbols, s);
	return true;
}

static symbol find_process_symbol(const struct column_input *in)
{
	symbol s = key_symbol(in, KEY_PROCESS);
	struct mapping_identity m;

	if (s == SYMBOL_NONE && find_mapping(in, &m))
		s = m.process; /* a mapping includes its process */
	return s;
}

static bool find_process(const struct column_input *in, enum process_field field,
			 struct process_identity *identity)
{
	symbol s = find_process_symbol(in);

	if (s == SYMBOL_NONE)
		return false;
	*identity = key_process(&in->snapshot->symbols, s);
	return identity->known & field;
}

static struct cell get_pid(const struct column *column, const struct column_input *in)
{
	struct process_identity p;

	(void)column;
	return find_process(in, PROCESS_PID, &p) ? number((uint64_t)p.pid) : unknown();
}

static struct cell get_start_time(const struct column *column, const struct column_input *in)
{
	struct process_identity p;

	(void)column;
	return find_process(in, PROCESS_START, &p) ? number(p.start_time) : unknown();
}

static struct cell get_shares_with(const struct column *column, const struct column_input *in)
{
	struct process_identity p;
	pid_t with = 0;

	(void)column;
	if (find_process(in, PROCESS_PID, &p))
		with = snapshot_shares_with(in->snapshot, p.pid);
	return with ? number((uint64_t)with) : unknown();
}

static struct cell get_name(const struct column *column, const struct column_input *in)
{
	struct process_identity p;

	if (find_process(in, PROCESS_NAME, &p))
		return text(p.name);
	return get_string(column, in);
}

static struct cell get_command(const struct column *column, const struct column_input *in)
{
	symbol s = find_process_symbol(in);

	if (grouping_has(&in->snapshot->by, KEY_COMMAND))
		return get_string(column, in);
	s = commands_find(&in->snapshot->commands, s);
	return s == SYMBOL_NONE ? unknown() : text(intern_bytes(&in->snapshot->symbols, s));
}

static struct cell get_start(const struct column *column, const struct column_input *in)
{
	struct mapping_identity m;

	(void)column;
	return find_mapping(in, &m) && m.end > 0 ? number(m.start) : unknown();
}

static struct cell get_end(const struct column *column, const struct column_input *in)
{
	struct mapping_identity m;

	(void)column;
	return find_mapping(in, &m) && m.end > 0 ? number(m.end) : unknown();
}

static struct cell get_perms(const struct column *column, const struct column_input *in)
{
	struct mapping_identity m;

	(void)column;
	return find_mapping(in, &m) && m.perms.len
		       ? (struct cell){.known = true, .text = m.perms, .plain = true}
		       : unknown();
}

static struct cell get_file(const struct column *column, const struct column_input *in)
{
	struct mapping_identity m;

	return find_mapping(in, &m) ? label(m.name, m.origin) : get_label(column, in);
}

static bool find_segment(const struct column_input *in, struct segment_identity *identity)
{
	symbol s = key_symbol(in, KEY_SEGMENT);

	if (s == SYMBOL_NONE)
		return false;
	*identity = key_segment(&in->snapshot->symbols, s);
	return true;
}

static struct cell get_segment(const struct column *column, const struct column_input *in)
{
	struct segment_identity s;

	(void)column;
	return find_segment(in, &s) ? text(s.name) : unknown();
}

/* A whole tmpfs has none. */
static struct cell get_inode(const struct column *column, const struct column_input *in)
{
	struct segment_identity s;

	(void)column;
	if (!find_segment(in, &s) || (s.id.inode == 0 && s.id.space == SPACE_NONE))
		return unknown();
	return number(s.id.inode);
}

/* As in stat(2). */
static struct cell get_device(const struct column *column, const struct column_input *in)
{
	struct segment_identity s;

	(void)column;
	return find_segment(in, &s) ? number(makedev(s.id.dev_major, s.id.dev_minor)) : unknown();
}

static struct segment_facts find_facts(const struct column_input *in)
{
	struct segment_identity s;

	if (!in->snapshot->segments || !find_segment(in, &s))
		return (struct segment_facts){.known = false};
	return shares_facts(in->snapshot->segments, &s.id);
}

static struct cell get_segment_size(const struct column *column, const struct column_input *in)
{
	const struct segment_facts facts = find_facts(in);

	(void)column;
	return facts.known ? number(facts.size) : unknown();
}

static struct cell get_segment_rss(const struct column *column, const struct column_input *in)
{
	const struct segment_facts facts = find_facts(in);
	bool fits = facts.swapped <= facts.allocated;

	(void)column;
	if (!facts.known || !facts.swapped_known)
		return unknown();
	return number(fits ? facts.allocated - facts.swapped : 0);
}

static struct cell get_segment_swap(const struct column *column, const struct column_input *in)
{
	const struct segment_facts facts = find_facts(in);

	(void)column;
	return facts.swapped_known ? number(facts.swapped) : unknown();
}

static struct cell get_processes(const struct column *column, const struct column_input *in)
{
	(void)column;
	return number(in->group->processes);
}

static struct cell get_mappings(const struct column *column, const struct column_input *in)
{
	(void)column;
	return number(in->group->mappings);
}

static struct cell get_counter(const struct column *column, const struct column_input *in)
{
	enum counter c = (enum counter)column->which;

	if (!counters_know(&in->group->counters, c))
		return unknown();
	return number(in->group->counters.bytes[c]);
}

/* These are whole pages, so a sum that overflows would be wrong anyway. */
static struct cell get_hugetlb(const struct column *column, const struct column_input *in)
{
	const struct counters *c = &in->group->counters;
	uint64_t sum = counters_hugetlb(c);

	(void)column;
	if (!counters_know(c, COUNTER_SHARED_HUGETLB) || !counters_know(c, COUNTER_PRIVATE_HUGETLB))
		return unknown();
	return number(sum < COUNTER_MAX ? sum : COUNTER_MAX);
}

/* For swapped shared memory, a lower bound of the share may be known. */
static struct cell get_swap_share(const struct column *column, const struct column_input *in)
{
	struct cell cell = get_counter(column, in);

	cell.number = in->group->counters.bytes[COUNTER_SWAP_PSS];
	cell.at_least =
		!cell.known && cell.number > 0 &&
		(in->snapshot->unmeasured_segments > 0 || in->snapshot->source == SOURCE_RECORDING);
	return cell;
}

static struct cell get_counter_or_least(const struct column *column, const struct column_input *in)
{
	return column->which == COUNTER_SWAP_PSS ? get_swap_share(column, in)
						 : get_counter(column, in);
}

static struct cell get_share(const struct column *column, const struct column_input *in)
{
	enum counter c = (enum counter)column->which;
	const struct counters *all = &in->snapshot->totals.counters;

	if (!counters_know(&in->group->counters, c) || !counters_know(all, c) || all->bytes[c] == 0)
		return unknown();
	return (struct cell){.known = true,
			     .percent = 100.0 * (double)in->group->counters.bytes[c] /
					(double)all->bytes[c]};
}

static bool knows_exclusive(const struct column_input *in)
{
	return in->snapshot->exclusive != EXCLUSIVE_UNASKED && !in->group->exclusive.unknown;
}

static struct cell get_exclusive(const struct column *column, const struct column_input *in)
{
	const struct bounds *b = &in->group->exclusive;

	(void)column;
	return (struct cell){.known = knows_exclusive(in), .number = b->low, .most = b->high};
}

static struct cell get_exclusive_max(const struct column *column, const struct column_input *in)
{
	const struct bounds *b = &in->group->exclusive;

	(void)column;
	return (struct cell){.known = knows_exclusive(in) && b->high != b->low, .number = b->high};
}

/* A sum of which parts are missing is a lower bound. */
static struct cell heap_cell(const struct column_input *in, uint64_t bytes)
{
	const struct heap_use *heap = &in->group->heap;

	return (struct cell){.known = heap->known && !heap->partial,
			     .at_least = heap->known && heap->partial && bytes > 0,
			     .number = bytes};
}

static struct cell get_heap_used(const struct column *column, const struct column_input *in)
{
	(void)column;
	return heap_cell(in, in->group->heap.used);
}

static struct cell get_heap_free(const struct column *column, const struct column_input *in)
{
	(void)column;
	return heap_cell(in, in->group->heap.free);
}

/* The trend of a row or of the totals; NULL without a watch. */
static const struct trend *find_trend(const struct column_input *in)
{
	const struct snapshot *s = in->snapshot;
	size_t totals = aggregate_count(&s->groups);

	if (in->trend)
		return in->trend;
	return s->trends ? &s->trends[in->key ? (size_t)(in->group - s->groups.groups) : totals]
			 : NULL;
}

static struct cell get_refresh(const struct column *column, const struct column_input *in)
{
	(void)column;
	return in->snapshot->trends ? number(in->snapshot->refresh) : unknown();
}

static struct cell get_state(const struct column *column, const struct column_input *in)
{
	const struct trend *t = find_trend(in);

	(void)column;
	return t && in->key ? number((uint64_t)t->state) : unknown();
}

static struct cell get_change(const struct column *column, const struct column_input *in)
{
	const struct trend *t = find_trend(in);

	(void)column;
	return (struct cell){.known = t && t->change_known, .change = t ? t->change : 0};
}

static struct cell get_growth(const struct column *column, const struct column_input *in)
{
	const struct trend *t = find_trend(in);

	(void)column;
	return (struct cell){.known = t && t->growth_known, .change = t ? t->growth : 0};
}

static struct cell get_history(const struct column *column, const struct column_input *in)
{
	const struct trend *t = find_trend(in);

	(void)column;
	return (struct cell){.known = t != NULL, .graph = t};
}

/* Of several containers or units, the sum says nothing. */
static struct cell get_usage(const struct column *column, const struct column_input *in)
{
	const struct usages *u = &in->snapshot->usages;
	const struct cgroup_usage *usage = NULL;
	const struct amount *a;

	if (in->key && u->key != KEY_COUNT)
		usage = usages_find(u, key_symbol(in, u->key));
	if (!usage)
		return unknown();
	a = (const void *)((const char *)usage + column->which);
	return a->known ? number(a->bytes) : unknown();
}

#define COLUMN_OF_COUNTER(id, key, name, header, help)                                             \
	{name, header, help, CELL_BYTES, COLUMN_COUNTER, get_counter_or_least, COUNTER_##id, false},

const struct column columns[] = {
	{"label", "LABEL", "name of the memory", CELL_TEXT, COLUMN_KEY, get_label, KEY_LABEL,
	 false},
	{"origin", "ORIGIN", "where the label comes from", CELL_TEXT, COLUMN_KEY, get_origin,
	 KEY_LABEL, false},
	{"certainty", "CERTAINTY", "whether a guess is certain or likely", CELL_TEXT, COLUMN_KEY,
	 get_certainty, KEY_LABEL, true},
	{"subsystem", "SUBSYSTEM", "owner of the label, by the rules", CELL_TEXT, COLUMN_KEY,
	 get_string, KEY_SUBSYSTEM, false},
	{"kind", "KIND", "anon, shmem, file or special", CELL_TEXT, COLUMN_KEY, get_string,
	 KEY_KIND, false},
	{"pid", "PID", "process id", CELL_NUMBER, COLUMN_KEY, get_pid, KEY_PROCESS, true},
	{"start_time", "STARTED", "start of the process, clock ticks since boot", CELL_NUMBER,
	 COLUMN_KEY, get_start_time, KEY_PROCESS, false},
	{"name", "NAME", "name of the process", CELL_TEXT, COLUMN_KEY, get_name, KEY_NAME, true},
	{"shares_memory_with", "SHARES", "process that shares and counts this memory", CELL_NUMBER,
	 COLUMN_KEY, get_shares_with, KEY_PROCESS, true},
	{"user", "USER", "effective user of the process", CELL_TEXT, COLUMN_KEY, get_string,
	 KEY_USER, false},
	{"cgroup", "CGROUP", "control group of the process", CELL_TEXT, COLUMN_KEY, get_string,
	 KEY_CGROUP, false},
	{"container", "CONTAINER", "container of the process", CELL_TEXT, COLUMN_KEY, get_string,
	 KEY_CONTAINER, false},
	{"pod", "POD", "pod of Kubernetes or podman", CELL_TEXT, COLUMN_KEY, get_string, KEY_POD,
	 false},
	{"unit", "UNIT", "systemd unit of the process", CELL_TEXT, COLUMN_KEY, get_string, KEY_UNIT,
	 false},
	{"start", "START", "first address", CELL_ADDRESS, COLUMN_KEY, get_start, KEY_MAPPING, true},
	{"end", "END", "address after the last byte", CELL_ADDRESS, COLUMN_KEY, get_end,
	 KEY_MAPPING, true},
	{"perms", "PERMS", "access to the mapping", CELL_TEXT, COLUMN_KEY, get_perms, KEY_MAPPING,
	 true},
	{"file", "FILE", "path, or the label if there is no file", CELL_TEXT, COLUMN_KEY, get_file,
	 KEY_FILE, false},
	{"segment", "SEGMENT", "object of shared memory", CELL_TEXT, COLUMN_KEY, get_segment,
	 KEY_SEGMENT, false},
	{"device", "DEVICE", "device of the object", CELL_NUMBER, COLUMN_KEY, get_device,
	 KEY_SEGMENT, false},
	{"inode", "INODE", "inode of the object; the shmid for System V", CELL_NUMBER, COLUMN_KEY,
	 get_inode, KEY_SEGMENT, false},
	{"segment_size", "SEGSIZE", "size of the object", CELL_BYTES, COLUMN_KEY, get_segment_size,
	 KEY_SEGMENT, false},
	{"segment_rss", "SEGRSS", "resident part of the object", CELL_BYTES, COLUMN_KEY,
	 get_segment_rss, KEY_SEGMENT, false},
	{"segment_swap", "SEGSWAP", "swapped part of the object", CELL_BYTES, COLUMN_KEY,
	 get_segment_swap, KEY_SEGMENT, false},
	{"processes", "PROCS", "processes that have such memory", CELL_NUMBER, COLUMN_COUNTER,
	 get_processes, 0, false},
	{"mappings", "MAPS", "mappings", CELL_NUMBER, COLUMN_COUNTER, get_mappings, 0, false},
	SMAPS_COUNTERS(COLUMN_OF_COUNTER) DERIVED_COUNTERS(COLUMN_OF_COUNTER) /* */
	{"hugetlb", "HUGETLB", "hugetlbfs pages of both kinds; not in RSS or PSS", CELL_BYTES,
	 COLUMN_COUNTER, get_hugetlb, 0, false},
	{"pss_percent", "%PSS", "share of the PSS of all rows", CELL_PERCENT, COLUMN_DERIVED,
	 get_share, COUNTER_PSS, false},
	{"rss_percent", "%RSS", "share of the RSS of all rows", CELL_PERCENT, COLUMN_DERIVED,
	 get_share, COUNTER_RSS, false},
	{"exclusive", "EXCLUSIVE", "memory freed if all processes of the row end", CELL_BOUNDS,
	 COLUMN_COSTLY, get_exclusive, 0, false},
	{"exclusive_max", "EXCLMAX", "upper bound of exclusive, where it is a lower bound",
	 CELL_BYTES, COLUMN_COSTLY, get_exclusive_max, 0, true},
	{"heap_used", "HEAPUSED", "memory that malloc has handed out", CELL_BYTES, COLUMN_COSTLY,
	 get_heap_used, 0, false},
	{"heap_free", "HEAPFREE", "memory that malloc keeps free", CELL_BYTES, COLUMN_COSTLY,
	 get_heap_free, 0, false},
	{"limit", "LIMIT", "limit of the control group; unknown if it has none", CELL_BYTES,
	 COLUMN_CGROUP, get_usage, offsetof(struct cgroup_usage, limit), false},
	{"current", "CURRENT", "memory charged to the control group, with file cache", CELL_BYTES,
	 COLUMN_CGROUP, get_usage, offsetof(struct cgroup_usage, current), false},
	{"peak", "PEAK", "peak memory charged to the control group", CELL_BYTES, COLUMN_CGROUP,
	 get_usage, offsetof(struct cgroup_usage, peak), false},
	{"command", "COMMAND", "command line of the process; may contain secrets", CELL_TEXT,
	 COLUMN_PROCESS, get_command, KEY_COMMAND, false},
	{"refresh", "REFRESH", "number of the refresh, from 1", CELL_NUMBER, COLUMN_TREND,
	 get_refresh, 0, false},
	{"state", "S", "+ new, - gone, * replaced, = kept from an earlier reading", CELL_STATE,
	 COLUMN_TREND, get_state, 0, false},
	{"change", "CHANGE", "change of PSS since the last refresh", CELL_CHANGE, COLUMN_TREND,
	 get_change, 0, false},
	{"growth", "GROWTH", "change of PSS since the start", CELL_CHANGE, COLUMN_TREND, get_growth,
	 0, false},
	{"history", "HISTORY", "PSS at the last refreshes, from minimum to maximum", CELL_GRAPH,
	 COLUMN_TREND, get_history, 0, false},
};

const size_t column_count = sizeof(columns) / sizeof(*columns);
_Static_assert(sizeof(columns) / sizeof(*columns) <= COLUMNS_MAX, "COLUMNS_MAX is too small");

bool column_suits(const struct column *column, const struct grouping *by)
{
	if (column->role == COLUMN_CGROUP)
		return grouping_has(by, KEY_CONTAINER) || grouping_has(by, KEY_POD) ||
		       grouping_has(by, KEY_UNIT) || grouping_has(by, KEY_CGROUP);
	return column->role != COLUMN_PROCESS || grouping_has(by, KEY_PROCESS) ||
	       grouping_has(by, KEY_MAPPING) || grouping_has(by, (enum key)column->which);
}

unsigned column_needs(const struct column *column)
{
	const struct grouping key = {.keys = {(enum key)column->which}, .count = 1};

	return column->role == COLUMN_PROCESS ? grouping_needs(&key) : 0;
}

bool column_is_data(const struct column *column, bool watch)
{
	return column->role == COLUMN_COUNTER || (watch && column->role == COLUMN_TREND);
}

bool column_is_refresh(const struct column *column)
{
	return column->get == get_refresh;
}

const struct column *column_find(struct slice name)
{
	for (size_t i = 0; i < column_count; i++) {
		const struct column *c = &columns[i];

		if ((strlen(c->name) == name.len && !strncasecmp(c->name, name.ptr, name.len)) ||
		    (strlen(c->header) == name.len && !strncasecmp(c->header, name.ptr, name.len)))
			return c;
	}
	return NULL;
}

size_t column_of_key(enum key key, bool full, const struct column *out[COLUMNS_MAX])
{
	/* The columns of each key, including those that keys share. */
	static const struct {
		const char *people, *machines;
	} names[KEY_COUNT] = {
		[KEY_LABEL] = {"label", "label origin certainty"},
		[KEY_SUBSYSTEM] = {"subsystem", "subsystem"},
		[KEY_KIND] = {"kind", "kind"},
		[KEY_PROCESS] = {"pid name", "pid start_time name shares_memory_with"},
		[KEY_NAME] = {"name", "name"},
		[KEY_USER] = {"user", "user"},
		[KEY_CGROUP] = {"cgroup", "cgroup"},
		[KEY_CONTAINER] = {"container", "container"},
		[KEY_POD] = {"pod", "pod"},
		[KEY_UNIT] = {"unit", "unit"},
		[KEY_COMMAND] = {"command", "command"},
		[KEY_FILE] = {"file", "file"},
		[KEY_MAPPING] = {"start end perms file", "start end perms file"},
		[KEY_SEGMENT] = {"segment inode segment_size segment_rss segment_swap",
				 "segment device inode segment_size segment_rss segment_swap"},
	};
	const char *list = full ? names[key].machines : names[key].people;
	size_t n = 0;

	while (*list) {
		size_t len = strcspn(list, " ");

		out[n++] = column_find((struct slice){list, len});
		list += len + strspn(list + len, " ");
	}
	return n;
}
