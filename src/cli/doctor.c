/*
 * `anonmem doctor`: shows how much memory of this machine has names, and how to name more.
 */
#include "base/escape.h"
#include "cli/checkup.h"
#include "cli/command.h"
#include "cli/privilege.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "cli/values.h"
#include "render/parts.h"
#include "render/size.h"
#include "report/notes.h"
#include "source/thread_id.h"

#include <getopt.h>
#include <gnu/libc-version.h>
#include <inttypes.h>
#include <stdlib.h>

/* The advice about `anonmem run`. */
static const char run_advice[] =
	"Programs started with anonmem run have names for their memory on every kernel.";

static const char help_text[] =
	"Usage: anonmem doctor [OPTIONS] [PID...]\n"
	"Check which programs name their memory here, and how to name more of it.\n"
	"\n"
	"  -p, --pid PID[,PID...]    only these processes\n"
	"      --json                print JSON; see anonmem-json(5)\n"
	"  -h, --help                show this text\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 invalid usage.\n";

struct doctor_options {
	pid_t *pids; /* owned */
	size_t pid_count;
	bool json, help;
};

static int parse(int argc, char **argv, struct doctor_options *o, struct error *e)
{
	enum { OPT_JSON = 256 };
	static const struct option longs[] = {
		{"pid", required_argument, NULL, 'p'},
		{"json", no_argument, NULL, OPT_JSON},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int id;

	opterr = 0;
	while ((id = getopt_long(argc, argv, ":p:h", longs, NULL)) != -1) {
		switch (id) {
		case 'p':
			if (value_pids(optarg, &o->pids, &o->pid_count, e) < 0)
				return -1;
			break;
		case OPT_JSON:
			o->json = true;
			break;
		case 'h':
			o->help = true;
			break;
		default:
			return error_set(
				e, ERROR_USAGE, "doctor: %s: %s; see anonmem doctor --help",
				argv[optind - 1], id == ':' ? "missing value" : "unknown option");
		}
	}
	for (int i = optind; i < argc; i++) {
		if (!value_is_pids(argv[i]))
			return error_set(
				e, ERROR_USAGE,
				"doctor: unexpected argument \"%s\"; see anonmem doctor --help",
				argv[i]);
		if (value_pids(argv[i], &o->pids, &o->pid_count, e) < 0)
			return -1;
	}
	return 0;
}

/* Text. */

static void write_names(const struct program_set *set)
{
	enum { SHOWN = 6 };

	fputs(" (", stdout);
	for (size_t i = 0; i < set->name_count && i < SHOWN; i++) {
		if (i > 0)
			fputs(", ", stdout);
		escape_write(stdout, slice_of(set->names[i]));
	}
	fputs(set->name_count > SHOWN ? ", ...)" : ")", stdout);
}

static void write_set(const char *name, const struct program_set *set)
{
	printf("  %s, %" PRIu64 " process%s", name, set->processes,
	       set->processes == 1 ? "" : "es");
	write_names(set);
}

static void write_kernel(const struct machine *m)
{
	switch (m->keeps_labels) {
	case ANSWER_YES:
		printf("The kernel, %s, keeps names of memory (tested with a page).\n", m->kernel);
		break;
	case ANSWER_NO:
		printf("The kernel, %s, keeps no names of memory (tested with a page).\nIt was "
		       "built without CONFIG_ANON_VMA_NAME, so memory that programs name stays "
		       "unnamed.\n",
		       m->kernel);
		break;
	case ANSWER_UNKNOWN:
		puts("It is unknown whether the kernel keeps names of memory: testing failed.");
		break;
	}
}

static int write_coverage(const struct checkup *c, struct error *e)
{
	const struct snapshot seen = {
		.source = SOURCE_PROC, .machine = c->machine, .coverage = c->coverage};
	char *sentence = coverage_sentence(&seen);

	if (!sentence)
		return error_memory(e);
	printf("\n%s.\n", sentence);
	free(sentence);
	return 0;
}

static void write_memory(const struct checkup *c)
{
	static const char *const words[WORD_COUNT] = {
		[WORD_PROCESS] = "by its process",
		[WORD_KERNEL] = "to the kernel, as [heap] and [stack]",
		[WORD_GUESS] = "(~)",
		[WORD_NONE] = "(bare [anon])",
	};
	uint64_t all = naming_total(&c->memory);

	puts("Their private anonymous memory (PSS) is");
	for (int i = 0; i < WORD_COUNT; i++) {
		char text[SIZE_TEXT_MAX];

		size_format(c->memory.pss[i], UNITS_AUTO, text);
		printf("  %6s  %5.1f %%  %s %s\n", text,
		       naming_percent(&c->memory, all, (enum word)i), word_names[i], words[i]);
	}
}

static void write_naming(const struct checkup *c)
{
	char text[SIZE_TEXT_MAX];

	if (c->naming.processes == 0) {
		printf("\nNone of it has a name%s.\n",
		       c->machine.keeps_labels == ANSWER_NO ? ", since the kernel keeps none" : "");
		return;
	}
	size_format(c->naming.bytes, UNITS_AUTO, text);
	printf("\nMemory is named by\n");
	write_set(text, &c->naming);
	puts("");
}

static void write_known(const struct checkup *c)
{
	bool any = false;

	for (unsigned i = 0; i < known_count; i++) {
		const struct program_set *set = &c->sets[i];

		if (set->processes == 0)
			continue;
		if (!any)
			puts(c->machine.keeps_labels == ANSWER_YES
				     ? "\nThese programs name their memory, or can be told to:"
				     : "\nOn a kernel that keeps names, these name their memory, "
				       "or can be told to:");
		any = true;
		write_set(known[i].name, set);
		printf(":\n    %s", known[i].advice);
		if (&known[i] == known_glibc)
			printf("; the system's is %s", gnu_get_libc_version());
		puts("");
	}
	if (!any)
		puts("\nNo program that could name its memory is running.");
}

static void write_trims(const struct trims *t)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct trim *trim = &t->list[i];
		char unused[SIZE_TEXT_MAX], back[SIZE_TEXT_MAX];

		size_format(trim->heap.free, UNITS_AUTO, unused);
		size_format(trim->heap.trimmable, UNITS_AUTO, back);
		if (i == 0)
			puts("\nglibc's malloc holds memory that these programs do not use:");
		fputs("  ", stdout);
		escape_write(stdout, slice_of(trim->name));
		printf(", %" PRIu64 " process%s: %s%s, of which %s could be returned\n",
		       trim->processes, trim->processes == 1 ? "" : "es",
		       trim->heap.partial ? "at least " : "", unused, back);
	}
	if (t->count > 0)
		printf("%s\n", trim_advice);
}

static void write_mallocs(const struct program_set *set)
{
	char text[SIZE_TEXT_MAX];

	if (!ANONMEM_HEAPS || set->processes == 0)
		return;
	size_format(set->bytes, UNITS_AUTO, text);
	puts("\nMost of their memory is malloc's:");
	write_set(text, set);
	puts("\nanonmem run --heaps would show which libraries asked for it.");
}

static int write_text(const struct checkup *c, struct error *e)
{
	write_kernel(&c->machine);
	if (write_coverage(c, e) < 0)
		return -1;
	if (c->coverage.by_outcome[OUTCOME_READ] > 0) {
		write_memory(c);
		write_naming(c);
		write_known(c);
		write_trims(&c->trims);
		write_mallocs(&c->mallocs);
	}
	printf("\n%s\n", run_advice);
	return 0;
}

/* JSON. */

static cJSON *make_names(const struct program_set *set)
{
	cJSON *names = cJSON_CreateArray();
	bool whole = names != NULL;

	for (size_t i = 0; i < set->name_count && whole; i++)
		whole = json_append(names, json_string(slice_of(set->names[i])));
	return json_finish(whole, names);
}

static cJSON *make_set(const struct program_set *set)
{
	cJSON *object = cJSON_CreateObject();
	bool whole = json_put(object, "processes", json_integer(set->processes));

	return json_finish(whole && json_put(object, "names", make_names(set)), object);
}

static cJSON *make_known_one(const struct checkup *c, unsigned i)
{
	cJSON *object = make_set(&c->sets[i]);
	bool whole = json_put(object, "program", cJSON_CreateString(known[i].name));

	if (&known[i] == known_glibc)
		whole = whole &&
			json_put(object, "version", cJSON_CreateString(gnu_get_libc_version()));
	return json_finish(whole && json_put(object, "advice", cJSON_CreateString(known[i].advice)),
			   object);
}

static cJSON *make_known(const struct checkup *c)
{
	cJSON *list = cJSON_CreateArray();
	bool whole = list != NULL;

	for (unsigned i = 0; i < known_count && whole; i++) {
		if (c->sets[i].processes > 0)
			whole = json_append(list, make_known_one(c, i));
	}
	return json_finish(whole, list);
}

static cJSON *make_trim(const struct trim *trim)
{
	cJSON *object = cJSON_CreateObject();

	return json_finish(
		json_put(object, "name", json_string(slice_of(trim->name))) &&
			json_put(object, "processes", json_integer(trim->processes)) &&
			json_put(object, "heap_used", json_integer(trim->heap.used)) &&
			json_put(object, "heap_free", json_integer(trim->heap.free)) &&
			json_put(object, "returnable", json_integer(trim->heap.trimmable)) &&
			json_put(object, "partial", cJSON_CreateBool(trim->heap.partial)),
		object);
}

static cJSON *make_trims(const struct trims *t)
{
	cJSON *list = cJSON_CreateArray();
	bool whole = list != NULL;

	for (size_t i = 0; i < t->count && whole; i++)
		whole = json_append(list, make_trim(&t->list[i]));
	return json_finish(whole, list);
}

static cJSON *make_memory(const struct checkup *c)
{
	static const char *const words[WORD_COUNT] = {
		[WORD_PROCESS] = "process",
		[WORD_KERNEL] = "kernel",
		[WORD_GUESS] = "inferred",
		[WORD_NONE] = "unknown",
	};
	cJSON *object = cJSON_CreateObject();
	bool whole = object != NULL;

	for (int i = 0; i < WORD_COUNT; i++)
		whole = whole && json_put(object, words[i], json_integer(c->memory.pss[i]));
	return json_finish(whole, object);
}

static cJSON *make_all(const struct checkup *c)
{
	const struct {
		const char *name;
		cJSON *value;
	} members[] = {
		{"schema", cJSON_CreateString("anonmem-doctor/1")},
		{"kernel", cJSON_CreateString(c->machine.kernel)},
		{"kernel_labels", json_answer(c->machine.keeps_labels)},
		{"may_trace", cJSON_CreateBool(c->machine.may_trace)},
		{"coverage", json_coverage(&c->coverage)},
		{"memory", make_memory(c)},
		{"naming", make_set(&c->naming)},
		{"known", make_known(c)},
		{"malloc", make_trims(&c->trims)},
		{"mostly_malloc", make_set(&c->mallocs)},
		{"run", cJSON_CreateString(run_advice)},
	};
	cJSON *root = cJSON_CreateObject();
	bool whole = root != NULL;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		whole = json_put(root, members[i].name, members[i].value) && whole;
	return json_finish(whole, root);
}

static int write_json(const struct checkup *c, struct error *e)
{
	if (!json_write(make_all(c), stdout))
		return error_memory(e);
	putchar('\n');
	return 0;
}

static enum exit_status examine(const struct doctor_options *o, struct error *e)
{
	struct checkup c = {0};
	enum exit_status status = EXIT_FAILED;
	const struct sandbox box = {.creates = false};

	thread_ids_to_processes(o->pids, o->pid_count);
	privilege_raise();
	if (sandbox_enter(&box, e) == 0 && checkup(o->pids, o->pid_count, &c, e) == 0 &&
	    (o->json ? write_json(&c, e) : write_text(&c, e)) == 0)
		status = EXIT_DONE;
	for (size_t i = 0; i < c.problems.count; i++)
		say(c.problems.list[i].text);
	if (c.problems.count > 0)
		status = EXIT_FAILED;
	checkup_free(&c);
	return status;
}

enum exit_status command_doctor(int argc, char **argv)
{
	struct error e = {.code = ERROR_NONE};
	struct doctor_options o = {.pids = NULL};
	enum exit_status status = EXIT_DONE;

	if (parse(argc, argv, &o, &e) < 0)
		status = e.code == ERROR_USAGE ? EXIT_USAGE : EXIT_FAILED;
	else if (o.help)
		fputs(help_text, stdout);
	else
		status = examine(&o, &e);
	free(o.pids);
	if (e.code != ERROR_NONE)
		say(e.text);
	return status;
}
