#include "source/users.h"

#include "parse/process.h"
#include "source/handle.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { NAME_ROOM = 4096 }; /* for everything getpwuid_r() returns */

static const char *look_up(uint32_t uid, char *buffer, size_t size)
{
	struct passwd entry, *found = NULL;

	return getpwuid_r(uid, &entry, buffer, size, &found) == 0 && found ? found->pw_name : NULL;
}

static const struct user *find(const struct users *users, uint32_t uid)
{
	for (size_t i = 0; i < users->count; i++) {
		if (users->list[i].uid == uid)
			return &users->list[i];
	}
	return NULL;
}

static bool learn(struct users *users, uint32_t uid)
{
	struct user *larger = reallocarray(users->list, users->count + 1, sizeof(*larger));
	char buffer[NAME_ROOM];
	const char *name;

	if (!larger)
		return false;
	users->list = larger;
	name = look_up(uid, buffer, sizeof(buffer));
	larger[users->count] = (struct user){uid, name ? strdup(name) : NULL};
	if (name && !larger[users->count].name)
		return false;
	users->count++;
	return true;
}

static bool user_of(const struct source *s, pid_t pid, uint32_t *uid)
{
	char path[32], buffer[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%d/status", pid);
	fd = openat(s->root_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, buffer, sizeof(buffer));
	close(fd);
	return n > 0 && parse_status_uid((struct slice){buffer, (size_t)n}, uid);
}

int users_learn(struct users *users, const struct source *s, struct error *e)
{
	struct target_list list;
	int status = source_targets(s, &list, e);
	uint32_t uid;

	*users = (struct users){NULL, 0};
	for (size_t i = 0; status == 0 && i < list.count; i++) {
		if (user_of(s, list.targets[i].pid, &uid) && !find(users, uid) &&
		    !learn(users, uid))
			status = error_memory(e);
	}
	free(list.targets);
	return status;
}

void users_free(struct users *users)
{
	for (size_t i = 0; i < users->count; i++)
		free(users->list[i].name);
	free(users->list);
}

const char *users_find(const struct users *users, uint32_t uid, char *buffer, size_t size)
{
	const struct user *known = find(users, uid);

	return known ? known->name : look_up(uid, buffer, size);
}

bool users_know(const struct users *users, const char *name)
{
	char buffer[NAME_ROOM];
	struct passwd entry, *found = NULL;

	for (size_t i = 0; i < users->count; i++) {
		if (users->list[i].name && strcmp(users->list[i].name, name) == 0)
			return true;
	}
	return getpwnam_r(name, &entry, buffer, sizeof(buffer), &found) == 0 && found;
}
