#include "cli/probe.h"

#include "cli/command.h"
#include "cli/privilege.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "cli/side.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROBED = 64 }; /* larger than any exit status */

static bool can_be_read_twice(const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		return false;
	return stat(path, &st) < 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode);
}

static int look(char *path, const struct options *o, enum inferring *infer, struct error *e)
{
	const struct sandbox box = {.creates = false};
	struct side side;
	int status = side_open(&side, path, o, e);

	if (status == 0)
		status = sandbox_enter(&box, e);
	if (status == 0)
		status = side_load(&side, e);
	if (status == 0)
		*infer = side_inferring(&side, *infer);
	side_free(&side);
	return status;
}

/* The whole life of the process. */
static void probe(char *path, const struct options *o, enum inferring infer)
{
	struct error e = {.code = ERROR_NONE};

	privilege_end();
	if (look(path, o, &infer, &e) == 0)
		_exit(PROBED + (int)infer);
	say(e.text);
	_exit(e.code == ERROR_USAGE ? EXIT_USAGE : EXIT_FAILED);
}

static int probe_one(char *path, const struct options *o, enum inferring *infer, struct error *e)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		probe(path, o, *infer);
	if (child < 0 || TEMP_FAILURE_RETRY(waitpid(child, &status, 0)) < 0)
		return error_errno(e, "cannot start a process to examine %s", path);
	if (WIFSIGNALED(status))
		return error_set(e, ERROR_SYSTEM, "cannot read %s: killed by signal %d", path,
				 WTERMSIG(status));
	if (WEXITSTATUS(status) >= PROBED) {
		*infer = (enum inferring)(WEXITSTATUS(status) - PROBED);
		return 0;
	}
	*e = (struct error){.code = WEXITSTATUS(status) == EXIT_USAGE ? ERROR_USAGE : ERROR_SYSTEM};
	return -1;
}

int probe_inferring(char **paths, size_t count, const struct options *o, enum inferring *infer,
		    struct error *e)
{
	for (size_t i = 0; i < count; i++) {
		if (can_be_read_twice(paths[i]) && probe_one(paths[i], o, infer, e) < 0)
			return -1;
	}
	return 0;
}
