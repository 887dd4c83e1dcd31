#include "render/verdict.h"

#include "base/escape.h"
#include "base/textstream.h"
#include "render/markdown.h"
#include "render/parts.h"
#include "render/size.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	PARTS = 5,
	FINDINGS = 10, /* of a rule, for people */
};

enum verdict verdict_of_all(const struct verdict_view *v)
{
	enum verdict worst = VERDICT_WITHIN;
	bool over = false;

	for (size_t i = 0; i < v->budget->count; i++) {
		over |= v->judgements[i].verdict == VERDICT_OVER;
		if (v->judgements[i].verdict > worst)
			worst = v->judgements[i].verdict;
	}
	return over ? VERDICT_OVER : worst <= VERDICT_NOISE ? VERDICT_WITHIN : worst;
}

/* Sentences */

static void write_size(const struct verdict_view *v, uint64_t bytes, FILE *out)
{
	char text[SIZE_TEXT_MAX];

	size_format(bytes, v->units, text);
	fputs(text, out);
}

/* Of several runs, also how many, and how far the farthest is from the median. */
static void write_median(const struct verdict_view *v, uint64_t median, const uint64_t *values,
			 size_t count, FILE *out)
{
	uint64_t far = 0;

	write_size(v, median, out);
	if (count < 2)
		return;
	for (size_t i = 0; i < count; i++) {
		uint64_t away = values[i] > median ? values[i] - median : median - values[i];

		far = away > far ? away : far;
	}
	fputs(" +/-", out);
	if (median)
		fprintf(out, "%.0f%%", 100 * (double)far / (double)median);
	else
		write_size(v, far, out);
	fprintf(out, " (%zu runs)", count);
}

/* A difference of several runs that is noise has the sign ~. */
static void write_growth(const struct verdict_view *v, const struct judgement *j,
			 const struct finding *f, FILE *out)
{
	bool alike = f->difference == NOISE_ALIKE;

	if (alike)
		fputs(" ~ ", out);
	else
		fputs(f->bytes >= f->before ? ", grown from " : ", shrunk from ", out);
	write_median(v, f->before, f->before_values, j->before_runs, out);
	if (alike)
		fputs(" before", out);
	if (f->difference >= NOISE_ALIKE && f->p < 0.001)
		fputs(", p<0.001", out);
	else if (f->difference >= NOISE_ALIKE)
		fprintf(out, ", p=%.3f", f->p);
}

/* False if nothing more can be said. */
static bool write_comparison(const struct verdict_view *v, const struct judgement *j,
			     const struct finding *f, FILE *out)
{
	if (!f->before_known) {
		fputs(j->before_unmeasured ? ", but the baseline was made without this rule"
					   : ", but its size in the baseline is unknown",
		      out);
		return false;
	}
	write_growth(v, j, f, out);
	if (f->verdict == VERDICT_NOISE) {
		fputs(", which is no more than noise", out);
		return false;
	}
	if (f->verdict == VERDICT_UNKNOWN && f->difference == NOISE_TOO_FEW) {
		fprintf(out,
			", but %zu run%s and %zu before are too few to tell growth from noise; "
			"see --repeat",
			j->runs, j->runs == 1 ? "" : "s", j->before_runs);
		return false;
	}
	return true;
}

static void write_finding(const struct verdict_view *v, const struct budget_rule *rule,
			  const struct judgement *j, const struct finding *f, FILE *out)
{
	if (f->name.len) {
		escape_write(out, f->name);
		fputs(": ", out);
	}
	fprintf(out, "%s is ", rule->column->name);
	if (!f->known)
		fputs("at least ", out);
	write_median(v, f->bytes, f->values, j->runs, out);
	if (rule->limit != BUDGET_MAX && !write_comparison(v, j, f, out))
		return;
	if (f->bytes > f->limit) {
		fputs(", which is ", out);
		write_size(v, f->bytes - f->limit, out);
		fputs(" over the limit of ", out);
	} else {
		fputs(", within ", out);
	}
	write_size(v, f->limit, out);
	if (f->verdict == VERDICT_UNKNOWN)
		fputs(", but not all of it could be read", out);
}

/* The sentence of a rule that has no finding. */
static const char *nothing(const struct judgement *j)
{
	if (j->unmeasured)
		return "the check that --from names was made without this rule";
	return j->verdict == VERDICT_SKIPPED ? "no memory matches this rule, which is optional"
					     : "no memory matches this rule";
}

/* A finding shown beside its rule: each that is not within its limit, and at least one. */
static bool is_shown(const struct judgement *j, size_t i)
{
	return i == 0 || j->list[i].verdict != VERDICT_WITHIN;
}

static void write_key(const struct delta *d, const symbol *key, unsigned i, FILE *out)
{
	const struct column *column = column_find(slice_of(key_names[d->rows.by.keys[i]]));
	const struct column_input in = {.snapshot = &d->rows, .group = &d->rows.totals, .key = key};
	struct cell cell = column->get(column, &in);

	if (cell.known)
		escape_write(out, cell.text);
	else
		putc('-', out);
}

static void write_part(const struct verdict_view *v, const struct budget_rule *rule, uint32_t row,
		       FILE *out)
{
	const struct delta *d = v->delta;
	const symbol *key = aggregate_key(&d->rows.groups, row);
	char change[SIZE_TEXT_MAX];
	uint64_t before, after;

	/* The label is more specific than the subsystem. */
	for (unsigned i = 0; i < d->rows.by.count; i++) {
		if (d->rows.by.keys[i] == KEY_SUBSYSTEM)
			continue;
		fputs(i ? ", " : "", out);
		write_key(d, key, i, out);
	}
	putc(' ', out);
	budget_figure(rule, d->after, &d->list[row].after, &after);
	write_size(v, after, out);
	if (v->has_baseline && budget_figure(rule, d->before, &d->list[row].before, &before)) {
		change_format((int64_t)(after - before), v->units, change);
		fprintf(out, " (%s)", change);
	}
}

/* False if out of memory, as are the others that list findings. */
static bool write_parts(const struct verdict_view *v, const struct budget_rule *rule,
			const struct finding *f, bool inside, const char *indent, const char *what,
			FILE *out)
{
	uint32_t parts[PARTS];
	int count = budget_parts(rule, f, v->delta, inside, v->has_baseline, parts, PARTS);

	for (int i = 0; i < count; i++) {
		fprintf(out, "%s  %s: ", indent, what);
		write_part(v, rule, parts[i], out);
		putc('\n', out);
	}
	return count >= 0;
}

/* The lines about a rule, each with `indent`. If a rule has a limit for each value of its key, its
 * findings themselves show what grew beside. */
static bool write_findings(const struct verdict_view *v, size_t i, const char *indent, FILE *out)
{
	const struct budget_rule *rule = &v->budget->list[i];
	const struct judgement *j = &v->judgements[i];
	size_t shown = 0, more = 0;

	if (j->count == 0)
		fprintf(out, "%s%s\n", indent, nothing(j));
	for (size_t k = 0; k < j->count; k++) {
		if (!is_shown(j, k))
			continue;
		if (shown++ >= FINDINGS) {
			more++;
			continue;
		}
		fputs(indent, out);
		write_finding(v, rule, j, &j->list[k], out);
		putc('\n', out);
		if (j->list[k].verdict != VERDICT_OVER)
			continue;
		if (!write_parts(v, rule, &j->list[k], true, indent, "of it", out))
			return false;
		if (v->has_baseline && !rule->by_key &&
		    !write_parts(v, rule, &j->list[k], false, indent, "beside it", out))
			return false;
	}
	if (more)
		fprintf(out, "%sand %zu more\n", indent, more);
	return true;
}

static void write_about_program(const struct verdict_view *v, FILE *out)
{
	if (v->program < 0)
		return;
	if (v->program > 0)
		fprintf(out, "the program failed with exit status %d\n", v->program);
	if (v->readings == 0)
		fputs("the program ended before its memory could be read\n", out);
	if (v->quiet || v->readings == 0)
		return;
	fprintf(out, "peaks over %" PRIu64 " reading%s of ", v->readings,
		v->readings == 1 ? "" : "s");
	if (v->run_count > 1)
		fprintf(out, "%zu runs of ", v->run_count);
	fputs("the program and its children\n", out);
}

/* As benchstat writes it. */
static const char *word_of(enum verdict verdict)
{
	return verdict == VERDICT_NOISE ? "~" : verdict_names[verdict];
}

/* For people. */

static bool write_rule_text(const struct verdict_view *v, size_t i, FILE *out)
{
	static const char *const colors[] = {
		[VERDICT_OVER] = "\033[1m", [VERDICT_UNKNOWN] = "\033[1m", [VERDICT_COUNT] = NULL};
	const struct budget_rule *rule = &v->budget->list[i];
	const struct judgement *j = &v->judgements[i];
	bool bright = v->color && colors[j->verdict];

	fprintf(out, "%s%-7s%s  ", bright ? colors[j->verdict] : "", word_of(j->verdict),
		bright ? "\033[0m" : "");
	if (rule->line)
		fprintf(out, "line %u: ", rule->line);
	escape_write_sentence(out, slice_of(rule->text));
	putc('\n', out);
	return write_findings(v, i, "         ", out);
}

static int write_text(const struct verdict_view *v, FILE *out, struct error *e)
{
	for (size_t i = 0; i < v->budget->count; i++) {
		if ((!v->quiet || v->judgements[i].verdict > VERDICT_NOISE) &&
		    !write_rule_text(v, i, out))
			return error_memory(e);
	}
	write_about_program(v, out);
	return 0;
}

/* JSON: anonmem-check/1 */

static cJSON *known(bool is_known, uint64_t n)
{
	return is_known ? json_integer(n) : cJSON_CreateNull();
}

static cJSON *make_part(const struct verdict_view *v, const struct budget_rule *rule, uint32_t row)
{
	const struct delta *d = v->delta;
	const symbol *key = aggregate_key(&d->rows.groups, row);
	uint64_t before, after;
	bool before_known = budget_figure(rule, d->before, &d->list[row].before, &before);
	bool after_known = budget_figure(rule, d->after, &d->list[row].after, &after);
	cJSON *object = cJSON_CreateObject();
	bool whole = object != NULL;

	for (unsigned i = 0; i < d->rows.by.count && whole; i++) {
		const char *name = key_names[d->rows.by.keys[i]];
		const struct column *column = column_find(slice_of(name));
		const struct column_input in = {
			.snapshot = &d->rows, .group = &d->rows.totals, .key = key};
		struct cell cell = column->get(column, &in);

		whole = json_put(object, name, json_cell(column, &cell));
	}
	before_known &= v->has_baseline && !d->list[row].before_open;
	whole = whole && json_put(object, "before", known(before_known, before)) &&
		json_put(object, "after", known(after_known, after));
	return json_finish(whole, object);
}

static cJSON *make_parts(const struct verdict_view *v, const struct budget_rule *rule,
			 const struct finding *f, bool inside)
{
	uint32_t parts[PARTS];
	int count = f->verdict == VERDICT_OVER && (inside || (v->has_baseline && !rule->by_key))
			    ? budget_parts(rule, f, v->delta, inside, v->has_baseline, parts, PARTS)
			    : 0;
	cJSON *array = cJSON_CreateArray();
	bool whole = array != NULL && count >= 0;

	for (int i = 0; i < count && whole; i++)
		whole = json_append(array, make_part(v, rule, parts[i]));
	return json_finish(whole, array);
}

/* Of each run; null if any of them is unknown. */
static cJSON *make_values(bool is_known, const uint64_t *values, size_t count)
{
	cJSON *array = is_known ? cJSON_CreateArray() : cJSON_CreateNull();
	bool whole = array != NULL;

	for (size_t i = 0; is_known && i < count && whole; i++)
		whole = json_append(array, json_integer(values[i]));
	return json_finish(whole, array);
}

static cJSON *make_difference(enum noise_result d)
{
	static const char *const names[] = {[NOISE_TOO_FEW] = "too few runs",
					    [NOISE_ALIKE] = "noise",
					    [NOISE_MORE] = "more",
					    [NOISE_LESS] = "less"};

	return d == NOISE_UNTESTED ? cJSON_CreateNull() : cJSON_CreateString(names[d]);
}

static cJSON *make_finding(const struct verdict_view *v, const struct budget_rule *rule,
			   const struct judgement *j, const struct finding *f)
{
	cJSON *object = cJSON_CreateObject();
	bool tested = f->difference >= NOISE_ALIKE;
	bool limited = rule->limit == BUDGET_MAX || f->before_known;
	const struct {
		const char *name;
		cJSON *value;
	} members[] = {
		{"name", f->name.len ? json_string(f->name) : cJSON_CreateNull()},
		{"result", cJSON_CreateString(verdict_names[f->verdict])},
		{"bytes", known(f->known, f->bytes)},
		{"before", known(f->before_known, f->before)},
		{"limit", known(limited, f->limit)},
		{"values", make_values(f->known, f->values, j->runs)},
		{"before_values", make_values(f->before_known, f->before_values, j->before_runs)},
		{"difference", make_difference(f->difference)},
		{"p", tested ? cJSON_CreateNumber(f->p) : cJSON_CreateNull()},
		{"parts", make_parts(v, rule, f, true)},
		{"beside", make_parts(v, rule, f, false)},
	};
	bool whole = object != NULL;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		whole = json_put(object, members[i].name, members[i].value) && whole;
	return json_finish(whole, object);
}

static cJSON *make_rule(const struct verdict_view *v, size_t i)
{
	const struct budget_rule *rule = &v->budget->list[i];
	const struct judgement *j = &v->judgements[i];
	cJSON *object = cJSON_CreateObject(), *findings = cJSON_CreateArray();
	bool whole = object && findings;

	for (size_t k = 0; k < j->count && whole; k++) {
		if (is_shown(j, k))
			whole = json_append(findings, make_finding(v, rule, j, &j->list[k]));
	}
	whole = json_put(object, "rule", json_string(slice_of(rule->text))) && whole;
	whole = json_put(object, "line", known(rule->line > 0, rule->line)) && whole;
	whole = json_put(object, "column", cJSON_CreateString(rule->column->name)) && whole;
	whole = json_put(object, "result", cJSON_CreateString(verdict_names[j->verdict])) && whole;
	whole = json_put(object, "matched", json_integer(j->count)) && whole;
	whole = json_put(object, "findings", findings) && whole;
	return json_finish(whole, object);
}

static int write_json(const struct verdict_view *v, FILE *out, struct error *e)
{
	uint64_t status = v->program < 0 ? 0 : (uint64_t)v->program;
	const struct {
		const char *name;
		cJSON *value;
	} members[] = {
		{"schema", cJSON_CreateString("anonmem-check/1")},
		{"tool", json_tool(v->version)},
		{"result", cJSON_CreateString(verdict_names[verdict_of_all(v)])},
		{"readings", known(v->program >= 0, v->readings)},
		{"program_status", known(v->program >= 0, status)},
		{"coverage", json_coverage(&v->delta->after->coverage)},
	};
	bool whole = true;

	fputs("{\n", out);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		fprintf(out, "  \"%s\": ", members[i].name);
		whole = json_write(members[i].value, out) && whole;
		fputs(",\n", out);
	}
	fputs("  \"rules\": [", out);
	for (size_t i = 0; i < v->budget->count; i++) {
		fputs(i ? ",\n    " : "\n    ", out);
		whole = json_write(make_rule(v, i), out) && whole;
	}
	fputs("\n  ],\n  \"runs\": [", out);
	for (size_t i = 0; i < v->run_count; i++) {
		fputs(i ? ",\n    " : "\n    ", out);
		whole = json_write(run_make(v->budget, &v->runs[i]), out) && whole;
	}
	fputs("\n  ]\n}\n", out);
	return whole ? 0 : error_memory(e);
}

/* JUnit XML: a test case for each rule. */

static void write_xml(const char *text, FILE *out)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\n':
			fputs("&#10;", out);
			break;
		default:
			putc(*text, out);
		}
	}
}

/* The lines about a rule, freed by the caller. NULL if out of memory. */
static char *details(const struct verdict_view *v, size_t i)
{
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);
	bool whole;

	if (!out)
		return NULL;
	whole = write_findings(v, i, "", out);
	if (textstream_close(out, &text) && whole)
		return text;
	free(text);
	return NULL;
}

static bool write_case(const struct verdict_view *v, size_t i, FILE *out)
{
	static const char *const elements[VERDICT_COUNT] = {
		[VERDICT_SKIPPED] = "skipped",
		[VERDICT_OVER] = "failure",
		[VERDICT_UNKNOWN] = "error",
	};
	const struct budget_rule *rule = &v->budget->list[i];
	enum verdict verdict = v->judgements[i].verdict;
	char *name = escape_string(slice_of(rule->text)), *text = details(v, i);
	bool whole = name && text;

	if (whole) {
		fputs("    <testcase classname=\"anonmem\" name=\"", out);
		write_xml(name, out);
		fputs(verdict == VERDICT_WITHIN ? "\"/>\n" : "\">\n", out);
	}
	if (whole && elements[verdict]) {
		fprintf(out, "      <%s message=\"", elements[verdict]);
		write_xml(text, out);
		fputs("\"/>\n    </testcase>\n", out);
	}
	if (whole && verdict == VERDICT_NOISE) {
		fputs("      <system-out>", out);
		write_xml(text, out);
		fputs("</system-out>\n    </testcase>\n", out);
	}
	free(name);
	free(text);
	return whole;
}

static size_t count_of(const struct verdict_view *v, enum verdict verdict)
{
	size_t n = 0;

	for (size_t i = 0; i < v->budget->count; i++)
		n += v->judgements[i].verdict == verdict;
	return n;
}

static int write_junit(const struct verdict_view *v, FILE *out, struct error *e)
{
	bool failed = v->program > 0;

	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
		"  <testsuite name=\"anonmem check\" tests=\"%zu\" failures=\"%zu\" "
		"errors=\"%zu\" skipped=\"%zu\">\n",
		v->budget->count + failed, count_of(v, VERDICT_OVER),
		count_of(v, VERDICT_UNKNOWN) + failed, count_of(v, VERDICT_SKIPPED));
	for (size_t i = 0; i < v->budget->count; i++) {
		if (!write_case(v, i, out))
			return error_memory(e);
	}
	if (failed)
		fprintf(out,
			"    <testcase classname=\"anonmem\" name=\"the program\">\n"
			"      <error message=\"the program failed with exit status %d\"/>\n"
			"    </testcase>\n",
			v->program);
	fputs("  </testsuite>\n</testsuites>\n", out);
	return 0;
}

/* Markdown, for a comment. */

static int write_markdown(const struct verdict_view *v, FILE *out, struct error *e)
{
	fputs("| RESULT | RULE | WHAT |\n|---|---|---|\n", out);
	for (size_t i = 0; i < v->budget->count; i++) {
		char *text = details(v, i), *rest = text, *line;
		bool whole = text != NULL, first = true;

		fprintf(out, v->judgements[i].verdict > VERDICT_NOISE ? "| **%s** | " : "| %s | ",
			word_of(v->judgements[i].verdict));
		whole = whole && markdown_write_code(slice_of(v->budget->list[i].text), out);
		fputs(" | ", out);
		while (whole && (line = strsep(&rest, "\n")) != NULL) {
			if (!*line)
				continue;
			fputs(first ? "" : "<br>", out);
			whole = markdown_write_escaped_code(line, out);
			first = false;
		}
		fputs(" |\n", out);
		free(text);
		if (!whole)
			return error_memory(e);
	}
	if (v->program > 0)
		fprintf(out, "\nThe program failed with exit status %d.\n", v->program);
	return 0;
}

const struct verdict_format verdict_formats[] = {
	{"text", write_text},	      {"json", write_json}, {"junit", write_junit},
	{"markdown", write_markdown}, {NULL, NULL},
};
