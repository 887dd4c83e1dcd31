#include "source/feed.h"

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

/* Whether a folder holds at least one process; -1 with errno if it cannot be listed. */
static int holds_processes(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_process, NULL);

	if (count >= 0)
		free_entries(entries, count);
	return count < 0 ? -1 : count > 0;
}

static int add(struct feed *f, char *path, struct error *e)
{
	char **larger = path ? reallocarray(f->trees, f->count + 1, sizeof(*larger)) : NULL;

	if (!larger) {
		free(path);
		return error_memory(e);
	}
	f->trees = larger;
	larger[f->count++] = path;
	return 0;
}

/* The trees in a folder; there may be none. */
static int add_folders(struct feed *f, struct error *e)
{
	struct dirent **entries;
	int count = scandir(f->root, &entries, is_shown, versionsort), status = 0;

	if (count < 0)
		return error_errno(e, "%s: cannot be listed", f->root);
	for (int i = 0; i < count && status == 0; i++) {
		char *path;

		if (asprintf(&path, "%s/%s", f->root, entries[i]->d_name) < 0)
			status = error_memory(e);
		else if (holds_processes(path) > 0)
			status = add(f, path, e);
		else
			free(path);
	}
	free_entries(entries, count);
	return status;
}

int feed_open(struct feed *f, const char *root, struct error *e)
{
	int tree;

	*f = (struct feed){.root = root};
	if (!root)
		return 0;
	tree = holds_processes(root);
	if (tree < 0)
		return error_errno(e, "%s: cannot be opened as a folder of processes", root);
	if (tree == 0 && add_folders(f, e) < 0)
		return -1;
	/* Without any, it is the tree itself that is empty, and reading it says so. */
	return f->count ? 0 : add(f, strdup(root), e);
}

void feed_close(struct feed *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->trees[i]);
	free(f->trees);
}

bool feed_has_next(const struct feed *f)
{
	return !f->root || f->next + 1 < f->count;
}

void feed_advance(struct feed *f)
{
	f->next += f->next + 1 < f->count;
}

struct source *feed_source(const struct feed *f, const pid_t *pids, size_t count, struct error *e)
{
	return source_open_proc(f->root ? f->trees[f->next] : NULL, pids, count, e);
}
