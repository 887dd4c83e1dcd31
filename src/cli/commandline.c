#include "cli/commandline.h"
#include "cli/arguments.h"
#include "cli/help.h"

#include "cli/output.h"
#include "cli/privilege.h"
#include "cli/say.h"
#include "cli/version.h"

#include <errno.h>
#include <unistd.h>

enum exit_status commandline_failure(const struct error *e)
{
	return e->code == ERROR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

/* The work of a command whose output goes to a file. */
struct redirected {
	struct options *options;
	work_fn *work;
};

/* A report with problems is complete too; the problems were reported. */
static int work_redirected(void *ctx, int fd, bool *keep, struct error *e)
{
	const struct redirected *r = ctx;
	enum exit_status status;
	bool written;

	if (dup2(fd, STDOUT_FILENO) < 0) {
		error_errno(e, "cannot redirect standard output");
		return EXIT_FAILED;
	}
	status = r->work(r->options, e);
	errno = 0;
	written = fflush(stdout) == 0 && !ferror(stdout);
	if (!written && e->code == ERROR_NONE) {
		if (errno != 0)
			error_errno(e, "cannot write %s", r->options->output);
		else /* before the rest, which could be written */
			error_set(e, ERROR_SYSTEM, "cannot write %s: some of it was lost",
				  r->options->output);
		status = EXIT_FAILED;
	}
	*keep = written && e->code == ERROR_NONE && status != EXIT_USAGE;
	return (int)status;
}

static bool is_redirected(enum option_command command, const struct options *o)
{
	return o->output && strcmp(o->output, "-") != 0 && command & OUTPUT_OF_REPORTS;
}

static enum exit_status act(enum option_command command, struct options *o, work_fn *work,
			    struct error *e)
{
	switch (o->action) {
	case ACTION_HELP:
		help_write(command, stdout);
		return EXIT_DONE;
	case ACTION_VERSION:
		version_write(stdout);
		return EXIT_DONE;
	case ACTION_COLUMNS:
		help_write_columns(command, stdout);
		return EXIT_DONE;
	case ACTION_REPORT:
		break;
	}
	if (is_redirected(command, o)) {
		struct redirected r = {o, work};

		return (enum exit_status)output_write(o->output, 0666, work_redirected, &r, e);
	}
	if (command != FOR_RECORD)
		privilege_drop_writing();
	return work(o, e);
}

enum exit_status commandline_run(enum option_command command, int argc, char **argv, work_fn *work)
{
	struct error e = {.code = ERROR_NONE};
	enum exit_status status;
	struct options o;

	status = arguments_parse(command, argc, argv, &o, &e) < 0 ? commandline_failure(&e)
								  : act(command, &o, work, &e);
	arguments_free(&o);
	if (e.code != ERROR_NONE)
		say(e.text);
	return status;
}
