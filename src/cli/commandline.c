#include "cli/commandline.h"

#include "cli/say.h"
#include "cli/version.h"

enum exit_status commandline_failure(const struct error *e)
{
	return e->code == ERROR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

static enum exit_status act(enum option_command command, struct options *o, work_fn *work,
			    struct error *e)
{
	switch (o->action) {
	case ACTION_HELP:
		options_write_help(command, stdout);
		return EXIT_DONE;
	case ACTION_VERSION:
		version_write(stdout);
		return EXIT_DONE;
	case ACTION_COLUMNS:
		options_write_columns(command, stdout);
		return EXIT_DONE;
	case ACTION_REPORT:
		break;
	}
	return work(o, e);
}

enum exit_status commandline_run(enum option_command command, int argc, char **argv, work_fn *work)
{
	struct error e = {.code = ERROR_NONE};
	enum exit_status status;
	struct options o;

	status = options_parse(command, argc, argv, &o, &e) < 0 ? commandline_failure(&e)
								: act(command, &o, work, &e);
	options_free(&o);
	if (e.code != ERROR_NONE)
		say(e.text);
	return status;
}
