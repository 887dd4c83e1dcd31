#include "watch/replay.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_number(const char *name)
{
	return name[0] != '\0' && name[strspn(name, "0123456789")] == '\0';
}

static int is_process(const struct dirent *entry)
{
	return is_number(entry->d_name);
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void free_entries(struct dirent **entries, int count)
{
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
}

/* Finds a directory with a number as its name, freed by the caller. NULL if there is none, or with
 * errno if `path` cannot be listed. */
static char *find_number(const char *path)
{
	struct dirent **entries;
	int count;
	char *name;

	errno = 0;
	count = scandir(path, &entries, is_process, versionsort);
	if (count < 0)
		return NULL;
	name = count ? strdup(entries[0]->d_name) : NULL;
	free_entries(entries, count);
	errno = count && !name ? ENOMEM : 0;
	return name;
}

/* 1, 0, or -1 with *e. Something that is not a directory, or not accessible, holds none. */
static int holds_processes(const char *path, struct error *e)
{
	char *name = find_number(path);

	free(name);
	if (!name && errno != 0 && errno != ENOTDIR && errno != ENOENT && errno != EACCES)
		return error_errno(e, "cannot list %s", path);
	return name != NULL;
}

/* Whether a directory is a tree: 1, 0, or -1 with *e. A tree in it may have a number as its name
 * too, such as a time; but trees contain processes, and processes do not. */
static int is_tree(const char *path, const char *number, struct error *e)
{
	char *below;
	int holds;

	if (!number)
		return 0;
	if (asprintf(&below, "%s/%s", path, number) < 0)
		return error_memory(e);
	holds = holds_processes(below, e);
	free(below);
	return holds < 0 ? -1 : !holds;
}

static int add(struct replay *r, char *path, struct error *e)
{
	char **larger = path ? reallocarray(r->trees, r->count + 1, sizeof(*larger)) : NULL;

	if (!larger) {
		free(path);
		return error_memory(e);
	}
	r->trees = larger;
	larger[r->count++] = path;
	return 0;
}

/* Adds the trees in a directory; there may be none. */
static int add_folders(struct replay *r, struct error *e)
{
	struct dirent **entries;
	int count = scandir(r->root, &entries, is_shown, versionsort), status = 0;

	if (count < 0)
		return error_errno(e, "cannot list %s", r->root);
	for (int i = 0; i < count && status == 0; i++) {
		char *path;
		int holds;

		if (asprintf(&path, "%s/%s", r->root, entries[i]->d_name) < 0) {
			status = error_memory(e);
			break;
		}
		holds = holds_processes(path, e);
		if (holds > 0)
			status = add(r, path, e);
		else
			free(path);
		status = holds < 0 ? -1 : status;
	}
	free_entries(entries, count);
	return status;
}

int replay_open(struct replay *r, const char *root, struct source *source, struct error *e)
{
	char *number;
	int tree;

	*r = (struct replay){.root = root, .source = source};
	if (!root)
		return 0;
	if (source)
		return add(r, strdup(root), e);
	number = find_number(root);
	if (!number && errno != 0)
		return error_errno(e, "cannot open %s as a captured tree", root);
	tree = is_tree(root, number, e);
	free(number);
	if (tree < 0 || (!tree && add_folders(r, e) < 0))
		return -1;
	/* If there are none, the directory is treated as an empty tree, and reading it will report
	 * that. */
	return r->count ? 0 : add(r, strdup(root), e);
}

void replay_close(struct replay *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->trees[i]);
	free(r->trees);
}

bool replay_has_next(const struct replay *r)
{
	return !r->root || r->next + 1 < r->count;
}

void replay_advance(struct replay *r)
{
	r->next += r->next + 1 < r->count;
}

struct source *replay_source(const struct replay *r, const pid_t *pids, size_t count,
			     struct error *e)
{
	if (r->source) {
		if (source_load(r->source, e) < 0)
			return NULL;
		if (source_kind(r->source) != SOURCE_TREE) {
			error_set(e, ERROR_USAGE,
				  "%s is not a captured tree; only a report can read smaps files",
				  r->root);
			return NULL;
		}
		source_limit(r->source, pids, count);
		return r->source;
	}
	return source_open_proc(r->root ? r->trees[r->next] : NULL, pids, count, e);
}

void replay_close_source(const struct replay *r, struct source *source)
{
	if (source != r->source)
		source_close(source);
}
