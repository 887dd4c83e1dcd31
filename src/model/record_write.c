#include "model/cursor.h"
#include "model/record_text.h"
#include "model/record_words.h"

#include <inttypes.h>

/* Writes the part of a process that is its key. */
static void write_identity(FILE *out, const struct process_identity *p)
{
	if (p->known & PROCESS_PID)
		fprintf(out, " pid=%d", p->pid);
	if (p->known & PROCESS_START)
		fprintf(out, " start=%" PRIu64, p->start_time);
	if (p->known & PROCESS_NAME) {
		fputs(" name=", out);
		quote_write(out, p->name);
	}
}

static void write_process(FILE *out, const struct process *p)
{
	const struct process_identity identity = {p->known, p->pid, p->start_time, p->name};

	write_identity(out, &identity);
	if (p->known & PROCESS_UID)
		fprintf(out, " uid=%" PRIu32, p->uid);
	if (p->known & PROCESS_CGROUP) {
		fputs(" cgroup=", out);
		quote_write(out, p->cgroup);
	}
	if (p->known & PROCESS_EXE) {
		fputs(" exe=", out);
		quote_write(out, p->exe);
	}
	if (p->known & PROCESS_COMMAND) {
		fputs(" command=", out);
		quote_write(out, p->command);
	}
}

static void write_label(FILE *out, enum origin origin, struct slice label)
{
	fprintf(out, " %s ", origin_names[origin]);
	quote_write(out, label);
}

static void write_process_key(FILE *out, const struct intern *symbols, symbol process)
{
	const struct process_identity identity = key_process(symbols, process);

	write_identity(out, &identity);
}

static void write_mapping(FILE *out, const struct intern *symbols, symbol mapping)
{
	const struct mapping_identity m = key_mapping(symbols, mapping);

	fprintf(out, " %" PRIx64 "-%" PRIx64 " ", m.start, m.end);
	quote_write(out, m.perms);
	write_label(out, m.origin, m.name);
	write_process_key(out, symbols, m.process);
}

static void write_segment(FILE *out, const struct segment_id *id)
{
	fprintf(out, " device=%" PRIu32 ":%" PRIu32 " inode=%" PRIu64, id->dev_major, id->dev_minor,
		id->inode);
	if (id->space != SPACE_NONE)
		fprintf(out, " ipc=%" PRIu64, id->space);
}

static void write_segment_key(FILE *out, const struct intern *symbols, symbol segment)
{
	const struct segment_identity s = key_segment(symbols, segment);

	write_segment(out, &s.id);
	putc(' ', out);
	quote_write(out, s.name);
}

static void write_value(FILE *out, const struct intern *symbols, enum key key, symbol value)
{
	enum origin origin;
	struct slice label;

	switch (key) {
	case KEY_LABEL:
	case KEY_FILE:
		label = key_label(symbols, value, &origin);
		write_label(out, origin, label);
		break;
	case KEY_PROCESS:
		write_process_key(out, symbols, value);
		break;
	case KEY_MAPPING:
		write_mapping(out, symbols, value);
		break;
	case KEY_SEGMENT:
		write_segment_key(out, symbols, value);
		break;
	default: /* a string */
		putc(' ', out);
		quote_write(out, intern_bytes(symbols, value));
		break;
	}
}

static void write_counters(FILE *out, const struct counters *c)
{
	fputs("counters", out);
	for (int i = 0; i < COUNTER_COUNT; i++) {
		bool known = counters_know(c, (enum counter)i);

		if (known || c->bytes[i])
			fprintf(out, " %s%s%" PRIu64, record_counter_names[i],
				known ? "=" : ">=", c->bytes[i]);
	}
	putc('\n', out);
}

/* Only if it was asked for, and the memory is malloc's. */
static void write_heap(FILE *out, const struct heap_use *heap)
{
	if (!heap->known && !heap->partial)
		return;
	fputs("heap", out);
	if (heap->known)
		fprintf(out, " used=%" PRIu64 " free=%" PRIu64 " trimmable=%" PRIu64, heap->used,
			heap->free, heap->trimmable);
	fputs(heap->partial ? " partial\n" : "\n", out);
}

/* Writes a line, after the end of the previous one. */
static void write_number_line(FILE *out, const char *word, bool known, uint64_t number)
{
	if (known)
		fprintf(out, "\n%s %" PRIu64, word, number);
	else
		fprintf(out, "\n%s -", word);
}

static void write_header(FILE *out, const struct record *r, const struct grouping *by)
{
	fputs(RECORD_FIRST_LINE "by", out);
	for (unsigned k = 0; k < by->count; k++)
		fprintf(out, " %s", key_names[by->keys[k]]);
	fprintf(out, "\ntarget %zu\nprocess", r->target);
	write_process(out, &r->process);
	fprintf(out, "\nmatch %s\noutcome %s\nhow", record_match_names[r->match],
		outcome_names[r->outcome]);
	for (unsigned how = 0; how < HOW_COUNT; how++) {
		if (r->how & HOW_BIT(how))
			fprintf(out, " %s", record_how_names[how]);
	}
	fprintf(out, "\nswaps_shared %s", record_answers[r->swaps_shared]);
	write_number_line(out, "shares_with", r->shares_with != 0, (uint64_t)r->shares_with);
	write_number_line(out, "resident", r->resident_known, r->resident);
	fprintf(out, "\ninexact %s\nproblem ", record_answers[r->inexact]);
	if (r->problem)
		quote_write(out, slice_of(r->problem));
	else
		putc('-', out);
	putc('\n', out);
}

static void write_part(FILE *out, const struct swapped_part *part)
{
	fputs("swapped group=", out);
	if (part->group == GROUP_NONE)
		putc('-', out);
	else
		fprintf(out, "%" PRIu32, part->group);
	write_segment(out, &part->segment);
	fprintf(out, " %" PRIx64 "-%" PRIx64 " offset=%" PRIu64 " bytes=%" PRIu64 "\n", part->start,
		part->end, part->offset, part->swapped);
}

void record_write(const struct record *r, const struct grouping *by, const struct intern *symbols,
		  FILE *out)
{
	write_header(out, r, by);
	for (uint32_t i = 0; i < r->count; i++) {
		const symbol *key = record_key(r, by, i);
		const struct group *g = &r->groups[i];

		fprintf(out, "group processes=%" PRIu64 " mappings=%" PRIu64 "\n", g->processes,
			g->mappings);
		for (unsigned k = 0; k < by->count; k++) {
			fputs(key_names[by->keys[k]], out);
			if (key[k] == SYMBOL_NONE)
				fputs(" -", out);
			else
				write_value(out, symbols, by->keys[k], key[k]);
			putc('\n', out);
		}
		write_counters(out, &g->counters);
		write_heap(out, &g->heap);
	}
	for (uint32_t i = 0; i < r->part_count; i++)
		write_part(out, &r->parts[i]);
	fputs(RECORD_LAST_LINE, out);
}
