#include "cli/budget.h"

#include "base/textstream.h"
#include "cli/values.h"
#include "report/changes.h"

#include <ctype.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

void budget_line_free(struct budget_line *l)
{
	free(l->labels);
	free(l->max);
	free(l->growth);
}

/* Parses "200M", "1.5G" or "4096" into bytes. */
static bool parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	char *end;
	double number = strtod(text, &end);
	const char *unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;

	if (end == text || !(number >= 0))
		return false;
	if (unit) {
		for (const char *u = units; u <= unit; u++)
			number *= 1024;
		end++;
		end += strcasecmp(end, "iB") == 0 ? 2 : 0;
	}
	if (*end || number >= (double)COUNTER_MAX)
		return false;
	*bytes = (uint64_t)number;
	return true;
}

static bool parse_percent(const char *text, uint64_t *percent)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || strcmp(end, "%") != 0 || !(number >= 0 && number <= BUDGET_PERCENT_MOST))
		return false;
	*percent = (uint64_t)llround(number * BUDGET_PERCENT);
	return true;
}

/* Takes "COLUMN=" off a limit; without it, the column is PSS. */
static int take_column(const char **text, const char *option, struct budget_rule *r,
		       struct error *e)
{
	const char *equals = strchr(*text, '=');

	r->column = column_find(SLICE("pss"));
	if (!equals)
		return 0;
	r->column = column_find((struct slice){*text, (size_t)(equals - *text)});
	if (!r->column || !changes_suits(r->column))
		return error_set(e, ERROR_USAGE,
				 "%s: invalid column in \"%s\": expected a size that adds up, such "
				 "as pss, rss, uss or swap_pss",
				 option, *text);
	*text = equals + 1;
	return 0;
}

static int parse_max(const char *text, struct budget_rule *r, struct error *e)
{
	const char *size = text;

	r->limit = BUDGET_MAX;
	if (take_column(&size, "--max", r, e) < 0)
		return -1;
	return parse_size(size, &r->size)
		       ? 0
		       : error_set(e, ERROR_USAGE,
				   "--max: invalid limit \"%s\": expected COLUMN=SIZE, such as "
				   "pss=200M",
				   text);
}

static int parse_growth(const char *text, struct budget_rule *r, struct error *e)
{
	const char *growth = text;

	if (take_column(&growth, "--growth", r, e) < 0)
		return -1;
	r->limit = BUDGET_GROWTH_PERCENT;
	if (parse_percent(growth, &r->percent))
		return 0;
	r->limit = BUDGET_GROWTH;
	return parse_size(growth, &r->size)
		       ? 0
		       : error_set(e, ERROR_USAGE,
				   "--growth: invalid limit \"%s\": expected PERCENT or SIZE, such "
				   "as 5%% or pss=10M",
				   text);
}

static int parse_key(const char *text, struct budget_rule *r, struct error *e)
{
	static const enum key keys[] = {KEY_LABEL, KEY_SUBSYSTEM, KEY_NAME, KEY_CGROUP};

	for (size_t i = 0; text && i < sizeof(keys) / sizeof(*keys); i++) {
		if (strcasecmp(text, key_names[keys[i]]) == 0) {
			r->by_key = true;
			r->key = keys[i];
			return 0;
		}
	}
	return !text ? 0
		     : error_set(e, ERROR_USAGE,
				 "--by: invalid key \"%s\": expected label, subsystem, name or "
				 "cgroup",
				 text);
}

static void write_word(FILE *out, bool *any, const char *option, const char *value)
{
	if (value)
		fprintf(out, "%s%s %s", *any ? " " : "", option, value);
	*any |= value != NULL;
}

/* The text of a rule; without a limit, the memory that it applies to. */
static char *write_rule(const struct budget_line *l, const char *option, const char *limit)
{
	bool any = false;
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < l->label_count; i++)
		write_word(out, &any, "--label", l->labels[i]);
	write_word(out, &any, "--subsystem", l->subsystem);
	write_word(out, &any, "--name", l->name);
	write_word(out, &any, "--cgroup", l->cgroup);
	write_word(out, &any, "--by", l->by);
	write_word(out, &any, option, limit);
	return textstream_close(out, &text) ? text : NULL;
}

static bool copy(const char *text, char **to)
{
	*to = text ? strdup(text) : NULL;
	return !text || *to;
}

static int fill_scope(const struct budget_line *l, struct budget_rule *r, struct error *e)
{
	r->optional = l->optional;
	r->labels = calloc(l->label_count + 1, sizeof(*r->labels));
	if (!r->labels)
		return error_memory(e);
	r->memory.labels = r->labels;
	for (size_t i = 0; i < l->label_count; i++) {
		if (!copy(l->labels[i], &r->labels[i]))
			return error_memory(e);
		r->memory.label_count++;
	}
	if (!copy(l->subsystem, &r->subsystem) || !copy(l->cgroup, &r->cgroup))
		return error_memory(e);
	if (l->name && value_regex(l->name, &r->name, e) < 0)
		return -1;
	r->by_name = l->name != NULL;
	return parse_key(l->by, r, e);
}

static int add_rule(struct budget *b, const struct budget_line *l, unsigned number, bool grows,
		    const char *limit, struct error *e)
{
	struct budget_rule *larger = reallocarray(b->list, b->count + 1, sizeof(*larger)), *r;

	if (!larger)
		return error_memory(e);
	b->list = larger;
	r = &larger[b->count++];
	*r = (struct budget_rule){.line = number};
	r->text = write_rule(l, grows ? "--growth" : "--max", limit);
	r->scope = write_rule(l, NULL, NULL);
	if (!r->text || !r->scope)
		return error_memory(e);
	if ((grows ? parse_growth : parse_max)(limit, r, e) < 0)
		return -1;
	return fill_scope(l, r, e);
}

int budget_add(struct budget *b, const struct budget_line *l, unsigned number, struct error *e)
{
	for (size_t i = 0; i < l->max_count; i++) {
		if (add_rule(b, l, number, false, l->max[i], e) < 0)
			return -1;
	}
	for (size_t i = 0; i < l->growth_count; i++) {
		if (add_rule(b, l, number, true, l->growth[i], e) < 0)
			return -1;
	}
	return 0;
}

/* Files. */

/* Takes a word off the line, in place; NULL at its end. False if a quote is unterminated. */
static bool take_word(char **line, char **word)
{
	char *in = *line, *out, quote = 0;

	while (*in == ' ' || *in == '\t')
		in++;
	*word = *in && *in != '#' ? in : NULL;
	for (out = in; *word && *in && (quote || (*in != ' ' && *in != '\t')); in++) {
		if (*in == quote)
			quote = 0;
		else if (!quote && (*in == '\'' || *in == '"'))
			quote = *in;
		else
			*out++ = *in;
	}
	*line = *in ? in + 1 : in;
	if (*word)
		*out = '\0';
	return quote == 0;
}

static int take_option(int option, char *value, struct budget_line *l, struct error *e)
{
	switch (option) {
	case 'l':
		return value_append(value, &l->labels, &l->label_count, e);
	case 'm':
		return value_append(value, &l->max, &l->max_count, e);
	case 'G':
		return value_append(value, &l->growth, &l->growth_count, e);
	case 'S':
		l->subsystem = value;
		return 0;
	case 'C':
		l->name = value;
		return 0;
	case 'c':
		l->cgroup = value;
		return 0;
	case 'g':
		l->by = value;
		return 0;
	case 'O':
		l->optional = true;
		return 0;
	default:
		return error_set(e, ERROR_USAGE,
				 "unknown option or missing value: expected --label, "
				 "--subsystem, --name, --cgroup, --by, --max, --growth or "
				 "--optional");
	}
}

static int parse_words(char **words, int count, struct budget_line *l, struct error *e)
{
	static const struct option options[] = {{"label", required_argument, NULL, 'l'},
						{"subsystem", required_argument, NULL, 'S'},
						{"name", required_argument, NULL, 'C'},
						{"cgroup", required_argument, NULL, 'c'},
						{"by", required_argument, NULL, 'g'},
						{"max", required_argument, NULL, 'm'},
						{"growth", required_argument, NULL, 'G'},
						{"optional", no_argument, NULL, 'O'},
						{0}};
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(count, words, "+l:C:g:", options, NULL)) != -1) {
		if (take_option(option, optarg, l, e) < 0)
			return -1;
	}
	if (optind < count)
		return error_set(e, ERROR_USAGE, "unexpected word \"%s\"", words[optind]);
	if (l->max_count + l->growth_count == 0)
		return error_set(e, ERROR_USAGE, "the rule has neither --max nor --growth");
	return 0;
}

static int read_line(struct budget *b, char *text, unsigned number, struct error *e)
{
	enum { WORDS_MAX = 64 };
	char *words[WORDS_MAX + 1] = {(char[]){"rule"}}, *word;
	struct budget_line line = {.labels = NULL};
	int count = 1, status = 0;

	for (;;) {
		if (!take_word(&text, &word))
			return error_set(e, ERROR_USAGE, "unterminated quote");
		if (!word)
			break;
		if (count == WORDS_MAX)
			return error_set(e, ERROR_USAGE, "too many words: expected at most %d",
					 WORDS_MAX - 1);
		words[count++] = word;
	}
	if (count > 1) {
		status = parse_words(words, count, &line, e);
		if (status == 0)
			status = budget_add(b, &line, number, e);
	}
	budget_line_free(&line);
	return status;
}

static int read_lines(struct budget *b, FILE *in, const char *path, struct error *e)
{
	char *text = NULL;
	size_t capacity = 0;
	ssize_t length;
	unsigned number = 0;
	int status = 0;

	while (status == 0 && (length = getline(&text, &capacity, in)) >= 0) {
		bool is_text = !memchr(text, '\0', (size_t)length);

		text[strcspn(text, "\r\n")] = '\0';
		number++;
		status = is_text ? read_line(b, text, number, e)
				 : error_set(e, ERROR_USAGE, "a NUL byte: expected text");
		if (status < 0)
			error_prefix(e, "%s: line %u", path, number);
	}
	if (status == 0 && !feof(in))
		status = error_errno(e, "cannot read %s", path);
	free(text);
	return status;
}

int budget_read(struct budget *b, const char *path, struct error *e)
{
	FILE *in = fopen(path, "re");
	size_t before = b->count;
	int status;

	if (!in)
		return error_errno(e, "cannot open %s", path);
	status = read_lines(b, in, path, e);
	fclose(in);
	if (status == 0 && b->count == before)
		return error_set(e, ERROR_USAGE, "%s has no rules", path);
	return status;
}
