#include "source/oom.h"

#include "parse/mountinfo.h"
#include "parse/number.h"
#include "source/lines.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { GROUPS_MAX = 256 };

/* A group and what it has counted; a name of "" is the folder itself. */
struct group_count {
	char name[NAME_MAX + 1];
	uint64_t count;
	bool seen;
};

struct oom_watch {
	char folder[PATH_MAX], vmstat[PATH_MAX];
	int fd;
	struct group_count groups[GROUPS_MAX];
	size_t group_count;
	uint64_t killed; /* on the whole machine */
};

/* Adds up the lines "KEY NUMBER" of a small file with one of the keys. False if it cannot be read.
 */
static bool read_counts(const char *path, const char *const keys[2], uint64_t *sum)
{
	char buffer[16384];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer));
	struct slice text = {buffer, n < 0 ? 0 : (size_t)n}, line;

	if (fd >= 0)
		close(fd);
	*sum = 0;
	while (take_line(&text, &line)) {
		struct slice key = take_word(&line);
		uint64_t number;

		for (int i = 0; i < 2; i++) {
			if (slice_equals(key, slice_of(keys[i])) &&
			    (skip_blanks(&line), take_decimal(&line, &number)) > 0)
				*sum += number;
		}
	}
	return n >= 0;
}

static struct group_count *find_group(struct oom_watch *w, const char *name)
{
	struct group_count *g = w->groups;

	while (g < w->groups + w->group_count && strcmp(g->name, name) != 0)
		g++;
	if (g < w->groups + w->group_count)
		return g;
	if (w->group_count == GROUPS_MAX || strlen(name) >= sizeof(g->name))
		return NULL;
	*g = (struct group_count){.count = 0};
	memcpy(g->name, name, strlen(name));
	w->group_count++;
	return g;
}

/* False if the group has no such file. *rose becomes true if it has counted more, or is another one
 * of this name that has counted. */
static bool look_at_group(struct oom_watch *w, const char *name, bool *rose)
{
	static const char *const keys[] = {"oom", "oom_kill"};
	char path[2 * PATH_MAX];
	struct group_count *g;
	uint64_t count;

	snprintf(path, sizeof(path), "%s/%s%smemory.events", w->folder, name, *name ? "/" : "");
	if (!read_counts(path, keys, &count))
		return false;
	g = find_group(w, name);
	if (!g)
		return false;
	/* A group that is made anew has another file. */
	inotify_add_watch(w->fd, path, IN_MODIFY);
	*rose |= count != g->count && count > 0;
	g->count = count;
	g->seen = true;
	return true;
}

static void forget_gone(struct oom_watch *w)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->group_count; i++) {
		if (w->groups[i].seen)
			w->groups[kept++] = w->groups[i];
	}
	w->group_count = kept;
}

static bool look_at_groups(struct oom_watch *w)
{
	const struct dirent *entry;
	bool rose = false;
	DIR *dir = NULL;

	for (size_t i = 0; i < w->group_count; i++)
		w->groups[i].seen = false;
	/* A group counts what is below, but the topmost of all has no such file. */
	if (!look_at_group(w, "", &rose))
		dir = opendir(w->folder);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR)
			look_at_group(w, entry->d_name, &rose);
	}
	if (dir)
		closedir(dir);
	forget_gone(w);
	return rose;
}

static bool look_at_machine(struct oom_watch *w)
{
	static const char *const keys[] = {"oom_kill", "oom_kill"};
	uint64_t killed, before = w->killed;

	if (!read_counts(w->vmstat, keys, &killed))
		return false;
	w->killed = killed;
	return killed > before;
}

struct oom_watch *oom_watch_at(const char *folder, const char *vmstat, struct error *e)
{
	struct oom_watch *w = calloc(1, sizeof(*w));

	if (!w) {
		error_memory(e);
		return NULL;
	}
	snprintf(w->folder, sizeof(w->folder), "%s", folder ? folder : "");
	snprintf(w->vmstat, sizeof(w->vmstat), "%s", vmstat);
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd >= 0 && folder)
		look_at_groups(w);
	if (w->fd >= 0 && w->group_count) {
		inotify_add_watch(w->fd, w->folder, IN_CREATE);
		return w;
	}
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	look_at_machine(w);
	return w;
}

/* Where control groups of version 2 are. */
static bool keep_point(void *ctx, struct slice line)
{
	char *point = ctx;
	struct mount mount;

	if (!take_mount(&line, &mount) || !slice_equals(mount.type, SLICE("cgroup2")))
		return true;
	snprintf(point, PATH_MAX, "%.*s", (int)mount.point.len, mount.point.ptr);
	return false;
}

struct oom_watch *oom_watch_open(const struct source *s, struct error *e)
{
	char point[PATH_MAX] = "";

	lines_read(s, "self/mountinfo", keep_point, point);
	return oom_watch_at(point[0] ? point : NULL, "/proc/vmstat", e);
}

void oom_watch_close(struct oom_watch *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}

int oom_watch_fd(const struct oom_watch *w)
{
	return w->fd;
}

bool oom_watch_look(struct oom_watch *w)
{
	char events[4096];

	if (w->fd < 0)
		return look_at_machine(w);
	while (read(w->fd, events, sizeof(events)) > 0)
		;
	return look_at_groups(w);
}
