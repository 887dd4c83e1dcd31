/*
 * `anonmem record`: reads processes like top, and adds what changed to a database.
 */
#include "base/clock.h"
#include "base/textstream.h"
#include "cli/commandline.h"
#include "cli/descriptors.h"
#include "cli/options.h"
#include "cli/privilege.h"
#include "cli/recorder.h"
#include "cli/redaction.h"
#include "cli/rulefiles.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "cli/version.h"
#include "cli/wakeup.h"
#include "collect/lineage.h"
#include "source/containers.h"
#include "source/stall.h"
#include "source/thread_id.h"
#include "watch/driver.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MS_NS = 1000000 };

/* The path of a recording. */

/* The default folder of recordings; the caller frees it. NULL with *e. */
static char *default_folder(struct error *e)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *folder = NULL;
	int length;

	if (geteuid() == 0)
		length = asprintf(&folder, "/var/lib/anonmem");
	else if (state && state[0] == '/')
		length = asprintf(&folder, "%s/anonmem", state);
	else if (home && home[0] == '/')
		length = asprintf(&folder, "%s/.local/state/anonmem", home);
	else {
		error_set(e, ERROR_SYSTEM, "HOME is not set; give --output");
		return NULL;
	}
	if (length >= 0)
		return folder;
	error_memory(e);
	return NULL;
}

static int no_folder(const char *folder, struct error *e)
{
	return error_set(e, ERROR_SYSTEM, "cannot make the folder %s: %s; give --output", folder,
			 strerror(errno));
}

/* Makes the folder and those above it, readable by the user only. */
static int make_folder(char *folder, struct error *e)
{
	for (char *slash = folder; slash; slash = strchr(slash + 1, '/')) {
		char byte = *slash;

		if (slash == folder)
			continue;
		*slash = '\0';
		if (mkdir(folder, 0700) < 0 && errno != EEXIST)
			return no_folder(folder, e);
		*slash = byte;
	}
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return no_folder(folder, e);
	return 0;
}

/* The caller frees the path; NULL with *e. */
static char *choose_output(const struct options *o, struct error *e)
{
	char *folder, *path = NULL;

	if (o->output) {
		path = strdup(o->output);
		if (!path)
			error_memory(e);
		return path;
	}
	folder = default_folder(e);
	if (folder && make_folder(folder, e) == 0 &&
	    asprintf(&path, "%s/recording.db", folder) < 0) {
		error_memory(e);
		path = NULL;
	}
	free(folder);
	return path;
}

/* Facts that are the same for all samples. */

static struct grouping choose_keys(const struct options *o)
{
	struct grouping by = o->by;

	if (by.count == 0)
		by = (struct grouping){.keys = {KEY_NAME, KEY_CGROUP, KEY_LABEL}, .count = 3};
	if (!grouping_has(&by, KEY_KIND))
		by.keys[by.count++] = KEY_KIND;
	return by;
}

/* Options can contain names of processes, users and files. */
static void describe_run(struct run_facts *f, const struct options *o, const struct grouping *by,
			 struct machine *machine, char boot_id[BOOT_ID_MAX], struct error *e)
{
	struct source *source = source_open_proc(NULL, NULL, 0, e);

	if (source)
		machine_read(source, machine);
	source_close(source);
	boot_id_read(boot_id);
	*f = (struct run_facts){
		.version = ANONMEM_VERSION,
		.host = o->redact ? "redacted" : machine->host,
		.kernel = machine->kernel,
		.boot_id = boot_id,
		.page_size = machine->page_size,
		.keeps_labels = machine->keeps_labels,
		.by = by,
		.options = o->redact ? "--redact" : o->typed,
		.guesses = o->infer != INFER_NONE,
	};
}

/* The caller frees the text; NULL, for unknown, if out of memory. */
static char *write_rules(const struct rules *rules)
{
	char *text = NULL;
	size_t size;
	FILE *out = textstream_open(&text, &size);

	if (!out)
		return NULL;
	rules_write(rules, out);
	if (textstream_close(out, &text))
		return text;
	free(text);
	return NULL;
}

/* NULL if no key needs their names, or with *e. */
static struct containers *learn_containers(const struct grouping *by, struct error *e)
{
	struct containers *containers = NULL;
	struct source *source;

	if (!grouping_has(by, KEY_CONTAINER) && !grouping_has(by, KEY_POD))
		return NULL;
	source = source_open_proc(NULL, NULL, 0, e);
	if (source)
		containers = containers_open(source, e);
	source_close(source);
	return containers;
}

static struct driver_options describe_driver(const struct options *o, const struct grouping *by,
					     const struct rules *rules, const struct users *users,
					     struct containers *containers, struct lineage *lineage)
{
	enum {
		KEPT = 1024, /* files that stay open */
	};
	struct driver_options d = {
		.pids = o->pids,
		.pid_count = o->pid_count,
		.watching = {.collecting = {.by = *by,
					    .selection = o->selection,
					    .rules = rules,
					    .users = users,
					    .containers = containers,
					    .infer = o->infer,
					    .finds_sharers = true,
					    .jobs = o->jobs,
					    .children = o->children ? lineage : NULL,
					    .reading = {.max_stall_ns = o->max_stall_ns}},
			     .files = descriptors_to_keep(KEPT),
			     .forgets = true,
			     .spares = true},
		.delay_ns = o->delay_ns,
	};
	struct grouping *finest = &d.watching.collecting.by;

	/* The origin of labels is counted in any case. */
	if (!grouping_has(finest, KEY_LABEL))
		finest->keys[finest->count++] = KEY_LABEL;
	return d;
}

/* Taking samples. */

struct recording_loop {
	const struct options *options;
	struct driver driver;
	struct recorder recorder;
	struct wakeup wakeup;
	uint64_t lost;
};

static void say_number(uint64_t n, const char *text)
{
	char line[256];

	snprintf(line, sizeof(line), "%" PRIu64 " sample%s %s", n, n == 1 ? "" : "s", text);
	say(line);
}

/* Without a first reading, there is nothing to record; a later one may fail. */
static enum writing read_and_add(struct recording_loop *l, enum cause cause, struct error *e)
{
	if (driver_refresh(&l->driver, e) >= 0)
		return recorder_add(&l->recorder, l->driver.watch, cause, e);
	writer_lose(l->recorder.writer);
	return cause == CAUSE_START ? WRITING_ENDED : WRITING_LOST;
}

/* A lost sample is reported once, until another one has been written. */
static enum writing add_sample(struct recording_loop *l, enum cause cause, struct error *e)
{
	enum writing how = read_and_add(l, cause, e);

	if (how == WRITING_LOST && l->lost++ == 0) {
		error_prefix(e, "a sample is lost");
		say(e->text);
	}
	if (how == WRITING_DONE && l->lost > 0) {
		say_number(l->lost, "could not be written; recording continues");
		l->lost = 0;
	}
	if (how != WRITING_ENDED)
		e->code = ERROR_NONE;
	return how;
}

static int take_samples(struct recording_loop *l, struct error *e)
{
	uint64_t delay = l->options->delay_ns, due = clock_ns(CLOCK_MONOTONIC);
	enum cause cause = CAUSE_START;

	do {
		if (add_sample(l, cause, e) == WRITING_ENDED)
			return -1;
		while (due <= clock_ns(CLOCK_MONOTONIC))
			due += delay;
	} while (wakeup_wait(&l->wakeup, due, &cause));
	if (l->lost > 1)
		say_number(l->lost, "could not be written");
	return l->lost > 0;
}

/* Tells a user at a terminal that recording works, and how to look at it. */
static void say_begin(const char *path, uint64_t delay_ns)
{
	char text[PATH_MAX + 128];

	if (!isatty(STDERR_FILENO))
		return;
	snprintf(
		text, sizeof(text),
		"recording to %s, a sample every %g s; anonmem top --from shows it, Ctrl-C ends it",
		path, (double)delay_ns / 1e9);
	say(text);
}

/* All files are open; from now on, only processes are read. */
static int prepare(struct users *users, const struct options *o, const struct grouping *by,
		   struct error *e)
{
	const struct sandbox box = {.records = true};
	struct source *source = source_open_proc(NULL, o->pids, o->pid_count, e);
	int status = source ? 0 : -1;

	privilege_raise();
	/* Without names, users are numbers. */
	if (status == 0 && grouping_has(by, KEY_USER) && !o->redact)
		status = users_learn(users, source, e);
	source_close(source);
	return status == 0 ? sandbox_enter(&box, e) : -1;
}

/* What is in the log is not lost. */
static void end_recording(struct writer *w)
{
	struct error e = {.code = ERROR_NONE};

	if (w && writer_end(w, &e) < 0)
		say(e.text);
}

static int record(struct recording_loop *l, const char *path, const struct grouping *by,
		  const struct run_facts *facts, struct users *users, struct error *e)
{
	const struct options *o = l->options;
	const struct recording_limits limits = {o->max_size, o->keep_ns / MS_NS, o->tiers};
	int status = -1;

	l->recorder = (struct recorder){.by = by, .span_ms = o->delay_ns / MS_NS};
	privilege_raise_writing();
	if (wakeup_open(&l->wakeup, o->on_pressure, e) == 0)
		l->recorder.writer = writer_open(path, &limits, facts, e);
	privilege_drop_writing();
	if (l->recorder.writer)
		say_begin(path, o->delay_ns);
	if (l->recorder.writer && prepare(users, o, by, e) == 0) {
		l->wakeup.ends = o->for_ns ? clock_ns(CLOCK_MONOTONIC) + o->for_ns : 0;
		status = take_samples(l, e);
	}
	end_recording(l->recorder.writer);
	wakeup_close(&l->wakeup);
	return status;
}

/* What the loop uses from outside. */
struct surroundings {
	struct users users;
	struct lineage lineage;
	struct machine machine;
	struct containers *containers;
	struct redaction redaction;
	struct rules *rules;
	char boot_id[BOOT_ID_MAX];
	char *rules_text;
	struct run_facts facts;
};

/* 0, or -1 with *e. */
static int look_around(struct surroundings *s, const struct options *o, const struct grouping *by,
		       struct error *e)
{
	/* The user's rules can contain names, too. */
	s->rules = rulefiles_load(o->rules, o->no_rules || o->redact, e);
	if (!s->rules || (o->redact && redaction_init(&s->redaction, e) < 0))
		return -1;
	describe_run(&s->facts, o, by, &s->machine, s->boot_id, e);
	s->facts.rules = s->rules_text = write_rules(s->rules);
	s->facts.redaction = o->redact ? &s->redaction.renaming : NULL;
	s->containers = learn_containers(by, e);
	return e->code == ERROR_NONE ? 0 : -1;
}

static void leave(struct surroundings *s)
{
	containers_close(s->containers);
	lineage_free(&s->lineage);
	users_free(&s->users);
	rules_free(s->rules);
	redaction_free(&s->redaction);
	free(s->rules_text);
}

/* 0, 1 if not everything could be written, or -1 with *e. */
static int run(const struct options *o, struct error *e)
{
	struct recording_loop loop = {.options = o};
	struct surroundings s = {.rules = NULL};
	const struct grouping by = choose_keys(o);
	char *path = choose_output(o, e);
	struct driver_options driver;
	int status = -1;

	if (path && look_around(&s, o, &by, e) == 0) {
		thread_ids_to_processes(o->pids, o->pid_count);
		driver = describe_driver(o, &by, s.rules, &s.users, s.containers, &s.lineage);
		status = driver_open(&loop.driver, &driver, e);
		if (status == 0)
			status = record(&loop, path, &by, &s.facts, &s.users, e);
		driver_close(&loop.driver);
	}
	leave(&s);
	free(path);
	return status;
}

static enum exit_status work(struct options *o, struct error *e)
{
	return run(o, e) == 0 ? EXIT_DONE : commandline_failure(e);
}

enum exit_status command_record(int argc, char **argv)
{
	return commandline_run(FOR_RECORD, argc, argv, work);
}
