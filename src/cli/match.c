#include "cli/match.h"

#include "base/textstream.h"
#include "cli/say.h"

#include <inttypes.h>
#include <stdlib.h>

static bool finds_process(const struct options *o, const struct snapshot *s)
{
	return s->coverage.seen > 0 || !selection_chooses_processes(&o->selection);
}

/* Whether kind shmem was implied by --by segment, not requested. */
static bool is_about_segments(const struct options *o)
{
	return grouping_has(&o->by, KEY_SEGMENT) && o->selection.label_count == 0 &&
	       o->selection.kinds == 1U << KIND_SHMEM;
}

static bool finds_memory(const struct options *o, const struct snapshot *s)
{
	const struct coverage *c = &s->coverage;
	bool unread = c->by_outcome[OUTCOME_READ] == 0 && coverage_missed(c) > 0;

	return s->totals.processes > 0 || unread || is_about_segments(o) ||
	       !selection_chooses_memory(&o->selection);
}

bool match_found(const struct options *o, const struct snapshot *s)
{
	return finds_process(o, s) && finds_memory(o, s);
}

/* Writes an option as given, following earlier ones. */
static void write_option(FILE *out, bool *any, const char *option, const char *value)
{
	fprintf(out, "%s%s \"%s\"", *any ? " and " : " ", option, value);
	*any = true;
}

static void write_processes(FILE *out, const struct options *o, const struct snapshot *s)
{
	bool any = false;

	fputs(s->coverage.unmatched > 0 ? "no process is known to match" : "no process matches",
	      out);
	if (o->name_text)
		write_option(out, &any, "--name", o->name_text);
	if (o->user_text)
		write_option(out, &any, "--user", o->user_text);
	if (o->selection.cgroup)
		write_option(out, &any, "--cgroup", o->selection.cgroup);
}

static void write_kinds(FILE *out, bool any, unsigned kinds)
{
	const char *before = any ? " and --kind " : " --kind ";

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if (kinds & 1U << kind) {
			fprintf(out, "%s%s", before, kind_names[kind]);
			before = ",";
		}
	}
}

static void write_memory(FILE *out, const struct options *o, const struct snapshot *s)
{
	uint64_t read = s->coverage.by_outcome[OUTCOME_READ];
	bool any = false;

	fputs("no memory", out);
	if (read > 0)
		fprintf(out, " of %" PRIu64 " process%s", read, read == 1 ? "" : "es");
	fputs(" matches", out);
	for (size_t i = 0; i < o->selection.label_count; i++) {
		if (any)
			fprintf(out, " or \"%s\"", o->labels[i]);
		else
			write_option(out, &any, "--label", o->labels[i]);
	}
	write_kinds(out, any, o->selection.kinds);
}

/* The caller frees it. NULL if out of memory. */
static char *sentence(const struct options *o, const struct snapshot *s)
{
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);

	if (!out)
		return NULL;
	(finds_process(o, s) ? write_memory : write_processes)(out, o, s);
	return textstream_close(out, &text) ? text : NULL;
}

void match_say_none(const struct options *o, const struct snapshot *s)
{
	char *text = sentence(o, s);

	if (text)
		say(text);
	free(text);
}

int match_error(const struct options *o, const struct snapshot *s, struct error *e)
{
	char *text = sentence(o, s);
	int status = text ? error_set(e, ERROR_SYSTEM, "%s", text) : error_memory(e);

	free(text);
	return status;
}
