/* `anonmem capture`: saves everything that a report needs in one file. A child reads, inside the
 * sandbox, where no file can be renamed or removed. The parent renames the file when it is
 * complete, or removes it, whatever happens to the child. */
#include "collect/capture.h"
#include "cli/commandline.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/privilege.h"
#include "cli/progress.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "collect/lineage.h"
#include "render/size.h"
#include "source/thread_id.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static void show_progress(void *ctx, size_t done, size_t all, uint64_t bytes)
{
	struct progress *p = ctx;
	char size[SIZE_TEXT_MAX];

	if (!progress_is_due(p))
		return;
	size_format(bytes, UNITS_AUTO, size);
	progress_show(p, "%zu of %zu processes, %s written", done, all, size);
}

/* Reading. */

static void add_count(FILE *out, uint64_t count, const char *what)
{
	if (count > 0)
		fprintf(out, "; %" PRIu64 " %s", count, what);
}

/* Reports what was captured, and what was not. */
static void say_result(const struct options *o, const struct capture_result *result, uint64_t bytes)
{
	const uint64_t *count = result->coverage.by_outcome;
	char text[1024], size[SIZE_TEXT_MAX];
	FILE *out = fmemopen(text, sizeof(text), "w");

	if (!out)
		return;
	size_format(bytes, UNITS_AUTO, size);
	fprintf(out, "captured %" PRIu64 " process%s in %s, %s", result->captured,
		result->captured == 1 ? "" : "es",
		strcmp(o->output, "-") == 0 ? "standard output" : o->output, size);
	add_count(out, count[OUTCOME_DENIED],
		  "of them without their memory, which may not be read");
	add_count(out, result->coverage.by_how[HOW_NAMES_LOST],
		  "of them without the names that they keep, which could not be read");
	add_count(out, count[OUTCOME_VANISHED], "gone");
	add_count(out, count[OUTCOME_TRUNCATED] + count[OUTCOME_MALFORMED],
		  "left out because they changed while they were read, or blocked the reading");
	add_count(out, result->coverage.unmatched,
		  "left out because it is unknown whether they match");
	if (result->sharing_unknown)
		fputs("; it is unknown which of them share memory", out);
	fclose(out);
	say(text);
}

/* Returns the exit status; *complete tells whether the file is worth keeping. */
static int judge(const struct options *o, const struct capture_result *result, uint64_t bytes,
		 bool *complete)
{
	for (size_t i = 0; i < result->problems.count; i++)
		say(result->problems.list[i].text);
	if (result->captured == 0 && result->problems.count == 0)
		say("no process was captured: none matches, or none may be read");
	if (result->captured == 0)
		return EXIT_FAILED;
	*complete = true;
	if (!o->quiet)
		say_result(o, result, bytes);
	return result->problems.count ? EXIT_FAILED : EXIT_DONE;
}

static int write_to(const struct options *o, int fd, enum pack_form form,
		    const struct source *source, struct redact *redact, bool *complete,
		    struct error *e)
{
	struct progress progress;
	struct lineage lineage = {.unmatched = 0};
	const struct capture_options options = {
		.selection = o->selection,
		.children = o->children ? &lineage : NULL,
		.redact = redact,
		.progress = show_progress,
		.ctx = &progress,
	};
	struct pack *pack = pack_new(fd, form, e);
	struct capture_result result = {.captured = 0};
	int status = EXIT_FAILED;

	progress_begin(&progress, !o->quiet);
	if (pack && capture_write(source, &options, pack, &result, e) == 0) {
		progress_end(&progress);
		status = judge(o, &result, pack_bytes(pack), complete);
	}
	progress_end(&progress);
	problems_free(&result.problems);
	pack_free(pack);
	lineage_free(&lineage);
	return status;
}

/* Runs with the right to read processes, and no other rights. */
static int read_and_write(const struct options *o, int fd, enum pack_form form, bool *complete,
			  struct error *e)
{
	const struct sandbox box = {.creates = false};
	struct redact *redact = NULL;
	struct source *source;
	int status = EXIT_FAILED;

	if (privilege_reduce(0, e) < 0 || pack_load(e) < 0)
		return EXIT_FAILED;
	thread_ids_to_processes(o->pids, o->pid_count);
	source = source_open_proc(NULL, o->pids, o->pid_count, e);
	if (source && o->redact)
		redact = redact_new(e);
	if (source && (!o->redact || redact)) {
		privilege_raise();
		if (sandbox_enter(&box, e) == 0)
			status = write_to(o, fd, form, source, redact, complete, e);
	}
	redact_free(redact);
	source_close(source);
	return status;
}

/* The file. */

struct writing {
	const struct options *options;
	enum pack_form form;
};

static int write_packed(void *ctx, int fd, bool *keep, struct error *e)
{
	const struct writing *w = ctx;

	return read_and_write(w->options, fd, w->form, keep, e);
}

static int write_file(const struct options *o, enum pack_form form, struct error *e)
{
	struct writing writing = {o, form};

	return output_write(o->output, 0600, write_packed, &writing, e);
}

static int write_standard_output(const struct options *o, struct error *e)
{
	bool complete = false;

	if (isatty(STDOUT_FILENO)) {
		error_set(e, ERROR_USAGE,
			  "cannot write a capture to a terminal; redirect standard output or give "
			  "--output FILE");
		return EXIT_USAGE;
	}
	return read_and_write(o, STDOUT_FILENO, PACK_ZSTD, &complete, e);
}

/* The host name, unless it is redacted, and the time. */
static bool make_name(const struct options *o, char name[PATH_MAX])
{
	char host[HOST_NAME_MAX + 1] = "", when[32];
	time_t now = time(NULL);
	struct tm t;

	if (!o->redact && gethostname(host, sizeof(host)) < 0)
		host[0] = '\0';
	host[sizeof(host) - 1] = '\0';
	return gmtime_r(&now, &t) && strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &t) > 0 &&
	       !strchr(host, '/') &&
	       snprintf(name, PATH_MAX, "anonmem-%s%s%s.tar.zst", host, *host ? "-" : "", when) <
		       PATH_MAX;
}

/* `name` is a buffer for the default name of the file. */
static int run(struct options *o, char name[PATH_MAX], struct error *e)
{
	enum pack_form form = PACK_ZSTD;

	if (!o->output && make_name(o, name))
		o->output = name;
	if (!o->output) {
		error_set(e, ERROR_SYSTEM, "cannot choose a name for the file; give --output FILE");
		return EXIT_FAILED;
	}
	if (strcmp(o->output, "-") == 0)
		return write_standard_output(o, e);
	if (!pack_find_form(o->output, &form)) {
		error_set(e, ERROR_USAGE,
			  "--output: unknown suffix of \"%s\": expected .tar, .tar.gz, .tar.zst or "
			  ".tar.xz",
			  o->output);
		return EXIT_USAGE;
	}
	return write_file(o, form, e);
}

static enum exit_status work(struct options *o, struct error *e)
{
	char name[PATH_MAX];
	int status = run(o, name, e);

	if (o->output == name)
		o->output = NULL;
	return (enum exit_status)status;
}

enum exit_status command_capture(int argc, char **argv)
{
	return commandline_run(FOR_CAPTURE, argc, argv, work);
}
