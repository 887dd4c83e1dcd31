#include "cli/combinations.h"

#include "recording/identity.h"
#include "render/metric_value.h"
#include "render/renderers.h"
#include "report/changes.h"

static bool can_be_labels(const struct grouping *by)
{
	for (unsigned i = 0; i < by->count; i++) {
		if (!metric_can_have(by->keys[i]))
			return false;
	}
	return true;
}

static bool can_be_recorded(const struct grouping *by)
{
	for (unsigned i = 0; i < by->count; i++) {
		if (!identity_can_have(by->keys[i]))
			return false;
	}
	return true;
}

static int check_recorded(const struct options *o, struct error *e)
{
	if (o->redact && o->rules)
		return error_set(e, ERROR_USAGE,
				 "--redact uses the built-in rules only; leave out --rules");
	if (!can_be_recorded(&o->by))
		return error_set(e, ERROR_USAGE,
				 "anonmem record groups by label, subsystem, kind, process, name, "
				 "user, cgroup, container, pod and unit");
	return 0;
}

static bool reads_standard_input(const struct options *o)
{
	for (size_t i = 0; i < o->baseline_count; i++) {
		if (strcmp(o->baselines[i], "-") == 0)
			return true;
	}
	return false;
}

/* A combination that is refused, with its message. */
struct combination {
	bool wrong;
	const char *text;
};

static int refuse(const struct combination *list, size_t count, struct error *e)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].wrong)
			return error_set(e, ERROR_USAGE, "%s", list[i].text);
	}
	return 0;
}

static int check_sources(const struct options *o, struct error *e)
{
	const struct selection *s = &o->selection;
	bool files = o->file_count > 0;
	const struct combination wrong[] = {
		{o->command == FOR_MACHINE && o->pid_count + (s->cgroup != NULL) > 1,
		 "anonmem machine shows one control group; give one process or one --cgroup"},
		{files && o->root, "--smaps and --root cannot be used together"},
		{files && o->pid_count, "--pid cannot be used with a smaps file, which does not "
					"say which process it belongs to"},
		{files && selection_chooses_processes(s),
		 "--name, --user and --cgroup need --root or the running system: a smaps file does "
		 "not say which process it belongs to"},
		{files && o->children, "--children needs --root or the running system: a smaps "
				       "file does not say which process it belongs to"},
		{o->children && !o->pid_count && !selection_chooses_processes(s),
		 "--children needs --pid, --name, --user or --cgroup"},
		{files && o->verify, "--verify needs smaps_rollup, which a smaps file does not "
				     "have; use --root or the running system"},
		{files && (o->fast || o->max_stall_ns),
		 "--fast and --max-stall apply to reading processes, not to smaps files"},
		{o->verify && o->max_stall_ns,
		 "--verify reads smaps_rollup, which --max-stall does not allow"},
		{o->rules && o->no_rules, "--rules and --no-rules cannot be used together"},
	};

	return refuse(wrong, sizeof(wrong) / sizeof(*wrong), e);
}

static int check_of_check(const struct options *o, struct error *e)
{
	const struct combination wrong[] = {
		{o->repeat && !o->program, "--repeat needs a command; give --from for each run"},
		{o->program && reads_standard_input(o),
		 "--baseline cannot be standard input, which the command may read; give a file"},
		{o->program && (o->from_count || o->pid_count || o->children ||
				selection_chooses_processes(&o->selection)),
		 "a command cannot be combined with --from, --pid, --name, --user, "
		 "--cgroup or --children"},
	};

	return o->command == FOR_CHECK ? refuse(wrong, sizeof(wrong) / sizeof(*wrong), e) : 0;
}

static int check_of_diff(const struct options *o, struct error *e)
{
	const struct combination wrong[] = {
		{o->for_ns && o->from_count,
		 "--for compares the running system with itself; it takes no BEFORE and AFTER"},
		{!o->for_ns && o->from_count == 0,
		 "missing BEFORE: give one or two captures or reports, or --for DURATION"},
		{o->from_count > 2, "too many arguments: anonmem diff compares two sources"},
		{o->columns.count && !changes_suits(o->columns.list[0]),
		 "anonmem diff compares sizes that add up, such as pss, rss, uss or swap_pss"},
	};

	return o->command == FOR_DIFF ? refuse(wrong, sizeof(wrong) / sizeof(*wrong), e) : 0;
}

static int check_forms(const struct options *o, struct error *e)
{
	const struct selection *s = &o->selection;
	const struct combination wrong[] = {
		{grouping_has(&o->by, KEY_MAPPING) && o->command != FOR_DIFF && !o->file_count &&
			 !o->pid_count && !selection_chooses_processes(s) &&
			 !selection_chooses_memory(s),
		 o->command != FOR_REPORT
			 ? "--by mapping needs --pid, --name or another selection"
			 : "--by mapping needs --pid, --name or another selection, or --smaps"},
		{o->command == FOR_TOP && o->renderer->over_time,
		 "anonmem top cannot write html; use anonmem record, then anonmem --from FILE "
		 "--format html"},
		{o->command == FOR_RECORD && o->output && strcmp(o->output, "-") == 0,
		 "a recording cannot go to standard output; give a file"},
		{o->command == FOR_SERVE && o->pid_count,
		 "anonmem serve reads all processes; it takes no process ids"},
		{(o->command == FOR_SERVE || o->renderer == &render_prometheus) &&
			 !can_be_labels(&o->by),
		 "anonmem serve groups by label, subsystem, kind, name, user, cgroup, container, "
		 "pod and unit"},
		{o->renderer == &render_prometheus && o->command != FOR_REPORT,
		 "--format prometheus writes one report; anonmem serve answers Prometheus"},
		{o->renderer == &render_prometheus && o->limit,
		 "--format prometheus bounds the number of series itself; leave out --limit"},
		{o->command == FOR_TOP && !o->batch && !o->renderer->has_screen,
		 "--json and --csv of anonmem top need --batch"},
	};

	return refuse(wrong, sizeof(wrong) / sizeof(*wrong), e);
}

/* Only rows of processes have a command line; top has them on lower levels. */
static int check_suits(const struct options *o, struct error *e)
{
	const struct column *wrong = o->sort && !column_suits(o->sort, &o->by) ? o->sort : NULL;

	if (o->command == FOR_TOP)
		return 0;
	for (size_t i = 0; i < o->columns.count; i++) {
		if (!column_suits(o->columns.list[i], &o->by))
			wrong = o->columns.list[i];
	}
	if (wrong && wrong->role == COLUMN_CGROUP)
		return error_set(e, ERROR_USAGE,
				 "the column %s needs --by container, pod, unit or cgroup",
				 wrong->name);
	return wrong ? error_set(e, ERROR_USAGE, "the column %s needs --by process or --by %s",
				 wrong->name, key_names[wrong->which])
		     : 0;
}

/* Columns of one command only: top has changes, a report has the figures of control groups. */
static int check_columns(const struct options *o, enum column_role role, enum option_command only,
			 const char *who, struct error *e)
{
	const struct column *wrong = o->sort && o->sort->role == role ? o->sort : NULL;

	if (o->command == only)
		return 0;
	for (size_t i = 0; i < o->columns.count; i++) {
		if (o->columns.list[i]->role == role)
			wrong = o->columns.list[i];
	}
	return wrong ? error_set(e, ERROR_USAGE, "only %s has the column %s", who, wrong->name) : 0;
}

/* Only a report with this key column can be sorted by it. */
static int check_sort(const struct options *o, struct error *e)
{
	if (!o->sort || o->sort->role != COLUMN_KEY)
		return 0;
	for (unsigned i = 0; i < o->by.count; i++) {
		const struct column *list[COLUMNS_MAX];
		size_t n = column_of_key(o->by.keys[i], true, list);

		while (n > 0) {
			if (list[--n] == o->sort)
				return 0;
		}
	}
	return error_set(e, ERROR_USAGE,
			 "cannot sort by %s: the report is not grouped by it; see --by",
			 o->sort->name);
}

int combinations_check(const struct options *o, struct error *e)
{
	if (o->command == FOR_RECORD && check_recorded(o, e) < 0)
		return -1;
	if (check_sources(o, e) < 0 || check_of_check(o, e) < 0 || check_of_diff(o, e) < 0 ||
	    check_forms(o, e) < 0 ||
	    check_columns(o, COLUMN_TREND, FOR_TOP, "anonmem top", e) < 0 ||
	    check_columns(o, COLUMN_CGROUP, FOR_REPORT, "a report", e) < 0 || check_suits(o, e) < 0)
		return -1;
	return check_sort(o, e);
}
