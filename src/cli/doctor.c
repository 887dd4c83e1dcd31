/*
 * anonmem doctor: whose word there is for the memory of this machine, and how to get more of it.
 */
#include "base/escape.h"
#include "cli/checkup.h"
#include "cli/command.h"
#include "cli/privilege.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "cli/values.h"
#include "render/size.h"
#include "report/notes.h"

#include <cjson/cJSON.h>
#include <getopt.h>
#include <gnu/libc-version.h>
#include <inttypes.h>
#include <stdlib.h>

/* All that is said of `anonmem run`. */
static const char run_advice[] = "If anonmem run starts a program, its memory has names on every "
				 "kernel: its own, or those of its libraries.";

static const char help_text[] =
	"Usage: anonmem doctor [OPTIONS]\n"
	"Says whether memory can have names here, who gives it one, and how to get more of them.\n"
	"\n"
	"  -p, --pid PID[,PID...]          only these processes\n"
	"      --json                      for programs: anonmem-json(5)\n"
	"  -h, --help                      show this text\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage.\n";

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
	while ((id = getopt_long(argc, argv, "p:h", longs, NULL)) != -1) {
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
			return error_set(e, ERROR_USAGE,
					 "doctor: %s is no option, or lacks its value; see anonmem "
					 "doctor --help",
					 argv[optind - 1]);
		}
	}
	if (optind < argc)
		return error_set(e, ERROR_USAGE,
				 "doctor: unexpected argument \"%s\"; see anonmem doctor --help",
				 argv[optind]);
	return 0;
}

/* As text. */

static void write_names(const struct party *party)
{
	enum { SHOWN = 6 };

	fputs(" (", stdout);
	for (size_t i = 0; i < party->name_count && i < SHOWN; i++) {
		if (i > 0)
			fputs(", ", stdout);
		escape_write(stdout, slice_of(party->names[i]));
	}
	fputs(party->name_count > SHOWN ? ", ...)" : ")", stdout);
}

static void write_party(const char *name, const struct party *party)
{
	printf("  %s, %" PRIu64 " process%s", name, party->processes,
	       party->processes == 1 ? "" : "es");
	write_names(party);
}

static void write_kernel(const struct machine *m)
{
	switch (m->keeps_labels) {
	case ANSWER_YES:
		printf("The kernel, %s, keeps names of memory; a page was named to try it.\n",
		       m->kernel);
		break;
	case ANSWER_NO:
		printf("The kernel, %s, keeps no names of memory; a page was named to try it. It "
		       "was built\nwithout CONFIG_ANON_VMA_NAME, so what programs name stays "
		       "unnamed here.\n",
		       m->kernel);
		break;
	case ANSWER_UNKNOWN:
		puts("Whether the kernel keeps names of memory could not be tried.");
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
		[WORD_PROCESS] = "named by its process",
		[WORD_KERNEL] = "known to the kernel, as [heap] and [stack]",
		[WORD_GUESS] = "guessed (~)",
		[WORD_NONE] = "bare [anon], of which nothing can be told",
	};
	uint64_t all = 0;

	for (int i = 0; i < WORD_COUNT; i++)
		all += c->pss[i];
	puts("Their private anonymous memory (PSS) is");
	for (int i = 0; i < WORD_COUNT; i++) {
		char text[SIZE_TEXT_MAX];

		size_format(c->pss[i], UNITS_AUTO, text);
		printf("  %6s  %5.1f %%  %s\n", text,
		       all ? 100.0 * (double)c->pss[i] / (double)all : 0.0, words[i]);
	}
}

static void write_naming(const struct checkup *c)
{
	char text[SIZE_TEXT_MAX];

	if (c->naming.processes == 0) {
		printf("\nNothing of it has a name%s.\n",
		       c->machine.keeps_labels == ANSWER_NO ? ", since the kernel keeps none" : "");
		return;
	}
	size_format(c->naming.bytes, UNITS_AUTO, text);
	printf("\nMemory is named by\n");
	write_party(text, &c->naming);
	puts("");
}

static void write_known(const struct checkup *c)
{
	bool any = false;

	for (unsigned i = 0; i < known_count; i++) {
		const struct party *party = &c->parties[i];

		if (party->processes == 0)
			continue;
		if (!any)
			printf("\nOn a kernel that keeps names, these %s\n",
			       c->machine.keeps_labels == ANSWER_YES
				       ? "name theirs, or can"
				       : "would name theirs, or could");
		any = true;
		write_party(known[i].name, party);
		printf(":\n    %s", known[i].advice);
		if (&known[i] == known_glibc && !c->other_glibc)
			printf("; this is %s", gnu_get_libc_version());
		puts("");
	}
	if (!any)
		puts("\nNo program that could name its memory is running.");
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
	}
	printf("\n%s\n", run_advice);
	return 0;
}

/* As JSON. cJSON leaves out of a node what there is no memory for; what `put` could not add is
 * freed, and makes the whole worthless. */

static bool put(bool whole, cJSON *object, const char *name, cJSON *value)
{
	if (whole && object && value &&
	    (name ? cJSON_AddItemToObject(object, name, value)
		  : cJSON_AddItemToArray(object, value)))
		return true;
	cJSON_Delete(value);
	return false;
}

/* The node itself if it is whole, else NULL. */
static cJSON *finish(bool whole, cJSON *node)
{
	if (whole)
		return node;
	cJSON_Delete(node);
	return NULL;
}

static cJSON *integer(uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	return cJSON_CreateRaw(text);
}

static cJSON *make_names(const struct party *party)
{
	cJSON *names = cJSON_CreateArray();
	bool whole = names != NULL;

	for (size_t i = 0; i < party->name_count && whole; i++) {
		char *shown = escape_string(slice_of(party->names[i]));

		whole = put(shown != NULL, names, NULL, cJSON_CreateString(shown ? shown : ""));
		free(shown);
	}
	return finish(whole, names);
}

static cJSON *make_party(const struct party *party)
{
	cJSON *object = cJSON_CreateObject();
	bool whole = put(true, object, "processes", integer(party->processes));

	return finish(put(whole, object, "names", make_names(party)), object);
}

static cJSON *make_known_one(const struct checkup *c, unsigned i)
{
	cJSON *object = make_party(&c->parties[i]);
	bool whole = put(true, object, "program", cJSON_CreateString(known[i].name));

	if (&known[i] == known_glibc && !c->other_glibc)
		whole = put(whole, object, "version", cJSON_CreateString(gnu_get_libc_version()));
	return finish(put(whole, object, "advice", cJSON_CreateString(known[i].advice)), object);
}

static cJSON *make_known(const struct checkup *c)
{
	cJSON *list = cJSON_CreateArray();
	bool whole = list != NULL;

	for (unsigned i = 0; i < known_count && whole; i++) {
		if (c->parties[i].processes > 0)
			whole = put(true, list, NULL, make_known_one(c, i));
	}
	return finish(whole, list);
}

static cJSON *make_coverage(const struct coverage *c)
{
	static const char *const outcomes[OUTCOME_COUNT] = {
		[OUTCOME_READ] = "read",	   [OUTCOME_NO_MEMORY] = "no_memory",
		[OUTCOME_DENIED] = "denied",	   [OUTCOME_VANISHED] = "vanished",
		[OUTCOME_TRUNCATED] = "truncated", [OUTCOME_MALFORMED] = "malformed",
	};
	cJSON *object = cJSON_CreateObject();
	bool whole = put(true, object, "seen", integer(c->seen));

	for (int i = 0; i < OUTCOME_COUNT; i++)
		whole = put(whole, object, outcomes[i], integer(c->by_outcome[i]));
	return finish(whole, object);
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
		whole = put(whole, object, words[i], integer(c->pss[i]));
	return finish(whole, object);
}

static cJSON *make_answer(enum answer a)
{
	return a == ANSWER_UNKNOWN ? cJSON_CreateNull() : cJSON_CreateBool(a == ANSWER_YES);
}

static cJSON *make_all(const struct checkup *c)
{
	const struct {
		const char *name;
		cJSON *value;
	} members[] = {
		{"schema", cJSON_CreateString("anonmem-doctor/1")},
		{"kernel", cJSON_CreateString(c->machine.kernel)},
		{"kernel_labels", make_answer(c->machine.keeps_labels)},
		{"may_trace", cJSON_CreateBool(c->machine.may_trace)},
		{"coverage", make_coverage(&c->coverage)},
		{"memory", make_memory(c)},
		{"naming", make_party(&c->naming)},
		{"known", make_known(c)},
		{"run", cJSON_CreateString(run_advice)},
	};
	cJSON *root = cJSON_CreateObject();
	bool whole = root != NULL;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		whole = put(whole, root, members[i].name, members[i].value);
	return finish(whole, root);
}

static int write_json(const struct checkup *c, struct error *e)
{
	cJSON *root = make_all(c);
	char *text = root ? cJSON_PrintUnformatted(root) : NULL;

	cJSON_Delete(root);
	if (!text)
		return error_memory(e);
	puts(text);
	cJSON_free(text);
	return 0;
}

static enum exit_status examine(const struct doctor_options *o, struct error *e)
{
	struct checkup c = {.other_glibc = false};
	enum exit_status status = EXIT_FAILED;
	const struct sandbox box = {.creates = false};

	privilege_raise();
	if (sandbox_enter(&box, e) == 0 && checkup(o->pids, o->pid_count, &c, e) == 0 &&
	    (o->json ? write_json(&c, e) : write_text(&c, e)) == 0)
		status = EXIT_DONE;
	for (size_t i = 0; i < c.problem_count; i++)
		say(c.problems[i]);
	if (c.problem_count > 0)
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
