#include "cli/rulefiles.h"

#include "cli/trust.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

static int add_file(struct rules *rules, const char *path, bool must_exist, struct error *e)
{
	FILE *in = fopen(path, "re");
	int status;

	if (!in && errno == ENOENT && !must_exist)
		return 0;
	if (!in)
		return error_errno(e, "cannot read the rules in %s", path);
	status = trust_check(fileno(in), path, e);
	if (status == 0)
		status = rules_read(rules, in, path, e);
	fclose(in);
	return status;
}

/* There are no rules if the home cannot be entered or is not a directory, such as /dev/null. */
static bool is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

static int add_users(struct rules *rules, struct error *e)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	bool is_config = config && config[0] == '/';
	char *path = NULL;
	int length = 0, status = 0;

	/* The XDG specification says that relative paths are ignored. */
	if (is_config)
		length = asprintf(&path, "%s/anonmem/rules.conf", config);
	else if (home && home[0] == '/')
		length = asprintf(&path, "%s/.config/anonmem/rules.conf", home);
	else
		return 0;
	if (length < 0)
		return error_memory(e);
	if (is_config || is_there(path))
		status = add_file(rules, path, false, e);
	free(path);
	return status;
}

struct rules *rulefiles_load(const char *file, bool only_builtin, struct error *e)
{
	struct rules *rules = rules_new();
	int status = 0;

	if (!rules) {
		error_memory(e);
		return NULL;
	}
	if (file)
		status = add_file(rules, file, true, e);
	if (status == 0 && !only_builtin)
		status = add_users(rules, e);
	if (status == 0 && !only_builtin)
		status = add_file(rules, ANONMEM_SYSCONFDIR "/anonmem/rules.conf", false, e);
	if (status == 0)
		status = rules_add_builtin(rules, e);
	if (status == 0)
		return rules;
	rules_free(rules);
	return NULL;
}
