#include "cli/checkup.h"

#include "collect/collect.h"
#include "parse/process.h"

#include <stdio.h>
#include <stdlib.h>

/* Libraries are recognized by file name, and files by kind. */
static const struct grouping by = {.keys = {KEY_KIND, KEY_LABEL, KEY_FILE}, .count = 3};
enum { KIND, LABEL, FILE_NAME };

struct examination {
	struct checkup *checkup;
	struct intern symbols;
};

static bool append(char ***list, size_t *count, const char *text)
{
	char **larger = reallocarray(*list, *count + 1, sizeof(*larger));

	if (!larger)
		return false;
	*list = larger;
	larger[*count] = strdup(text);
	return larger[*count] && ++*count;
}

static bool join(struct program_set *set, const char *name, uint64_t bytes)
{
	set->processes++;
	set->bytes += bytes;
	for (size_t i = 0; i < set->name_count; i++) {
		if (strcmp(set->names[i], name) == 0)
			return true;
	}
	return append(&set->names, &set->name_count, name);
}

/* The known programs and libraries that one group reveals, as a bit set. */
static uint32_t known_by_group(const struct intern *symbols, const symbol *key)
{
	enum origin origin;
	struct slice label = key_label(symbols, key[LABEL], &origin), file;

	if (origin == ORIGIN_INFERRED)
		return known_by_guess(label);
	file = key_label(symbols, key[FILE_NAME], &origin);
	return slice_begins(file, SLICE("/")) ? known_by_file(file) : 0;
}

/* Decides by the program and all groups; *names tells whether the process has named memory. */
static uint32_t examine(const struct record *r, const struct intern *symbols, bool *names)
{
	uint32_t found = r->process.known & PROCESS_EXE ? known_by_program(r->process.exe) : 0;

	*names = false;
	for (uint32_t i = 0; i < r->count; i++) {
		const symbol *key = record_key(r, &by, i);
		enum origin origin;

		found |= known_by_group(symbols, key);
		*names |= label_is_given(key_label(symbols, key[LABEL], &origin));
	}
	return found;
}

/* Bytes held by glibc's malloc, if they are many and most of the process's memory; otherwise 0.
 * Under `anonmem run --heaps`, each heap has an owner already. */
static uint64_t mostly_malloc(const struct record *r, const struct intern *symbols)
{
	const uint64_t much = UINT64_C(10) << 20;
	uint64_t has = 0, all = 0;

	for (uint32_t i = 0; i < r->count; i++) {
		const struct group *g = &r->groups[i];
		enum origin origin;
		struct slice label = key_label(symbols, record_key(r, &by, i)[LABEL], &origin);

		all += g->counters.bytes[COUNTER_ANONYMOUS] + g->counters.bytes[COUNTER_SWAP];
		if (!slice_begins(label, SLICE("[anon:malloc: ")))
			has += g->heap.used + g->heap.free;
	}
	return has > much && has > all / 2 ? has : 0;
}

static bool count(struct checkup *c, const struct record *r, const struct intern *symbols)
{
	struct naming own = {{0}};
	char name[PROCESS_NAME_MAX + 1] = "?";
	uint64_t bytes = mostly_malloc(r, symbols);
	bool names, counted = true;
	uint32_t found = examine(r, symbols, &names);

	if (r->process.known & PROCESS_NAME)
		snprintf(name, sizeof(name), "%.*s", (int)r->process.name.len, r->process.name.ptr);
	naming_add(&own, r, &by, symbols);
	naming_join(&c->memory, &own);
	if (names)
		counted = join(&c->naming, name, own.pss[WORD_PROCESS]);
	for (unsigned i = 0; counted && i < known_count; i++) {
		if (found & UINT32_C(1) << i)
			counted = join(&c->sets[i], name, 0);
	}
	if (counted && bytes > 0)
		counted = join(&c->mallocs, name, bytes);
	return counted && trims_add(&c->trims, r, name);
}

static bool take(void *ctx, const struct record *r)
{
	struct examination *x = ctx;
	struct checkup *c = x->checkup;

	coverage_add(&c->coverage, r);
	if (r->problem && !problems_add(&c->problems, r->target, r->problem))
		return false;
	return r->outcome != OUTCOME_READ || r->shares_with || count(c, r, &x->symbols);
}

int checkup(const pid_t *pids, size_t count, struct checkup *c, struct error *e)
{
	const struct collect_options options = {
		.by = by,
		.infer = INFER_CONTENT,
		.finds_sharers = true,
		.jobs = 1,
		.reading = {.needs = NEED_STAT | NEED_EXE, .heaps = true},
	};
	struct source *source = source_open_proc(NULL, pids, count, e);
	struct examination x = {.checkup = c};
	struct read_stats ignored = {0};
	int status;

	*c = (struct checkup){0};
	if (!source)
		return -1;
	machine_read(source, &c->machine);
	intern_init(&x.symbols);
	status = collect(source, &options, &x.symbols, take, &x, &ignored, e);
	intern_free(&x.symbols);
	source_close(source);
	problems_sort(&c->problems);
	trims_finish(&c->trims);
	return status;
}

static void free_list(char **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i]);
	free(list);
}

void checkup_free(struct checkup *c)
{
	free_list(c->naming.names, c->naming.name_count);
	free_list(c->mallocs.names, c->mallocs.name_count);
	for (unsigned i = 0; i < KNOWN_MAX; i++)
		free_list(c->sets[i].names, c->sets[i].name_count);
	problems_free(&c->problems);
	trims_free(&c->trims);
}
