#include "source/unseen.h"

#include "source/handle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_in_pid_namespace(void)
{
	const ino_t first = 0xEFFFFFFC; /* PROC_PID_INIT_INO of the kernel */
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino != first;
}

/* Whether a mount option hides the directories of other users; "noaccess" only protects them. */
static bool is_hiding_option(const char *option)
{
	static const char *const hiding[] = {"hidepid=2", "hidepid=invisible", "hidepid=4",
					     "hidepid=ptraceable"};

	for (size_t i = 0; i < sizeof(hiding) / sizeof(*hiding); i++) {
		if (strcmp(option, hiding[i]) == 0)
			return true;
	}
	return false;
}

/* Parses a line of mounts, "SOURCE FOLDER TYPE OPTIONS 0 0", and modifies it. If several file
 * systems are mounted on one directory, the last one shows. */
static void read_mount(char *line, bool *hides)
{
	char *words, *source = strtok_r(line, " ", &words), *folder = strtok_r(NULL, " ", &words);
	char *type = strtok_r(NULL, " ", &words), *options = strtok_r(NULL, " ", &words);

	if (!source || !folder || !type || !options || strcmp(folder, "/proc") != 0)
		return;
	*hides = false;
	for (char *o = strtok_r(options, ",", &words); o; o = strtok_r(NULL, ",", &words))
		*hides |= is_hiding_option(o);
}

static bool is_mounted_to_hide(const struct source *s)
{
	const struct procdir root = source_root(s);
	int fd = procdir_open(&root, "self/mounts");
	FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
	bool hides = false;
	char *line = NULL;
	size_t size = 0;

	if (!in) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (getline(&line, &size, in) > 0)
		read_mount(line, &hides);
	free(line);
	fclose(in);
	return hides;
}

/* A user in the group that the mount names sees all processes, so also process 1, which its owner
 * sees in any case. */
static bool hides_processes(const struct source *s)
{
	struct stat first;

	return is_mounted_to_hide(s) &&
	       (fstatat(s->root_fd, "1", &first, 0) < 0 || first.st_uid == geteuid());
}

unsigned find_unseen(const struct source *s, bool sees_all)
{
	const struct procdir root = source_root(s);

	return (is_in_pid_namespace() ? UNSEEN_OUTSIDE : 0) |
	       (!sees_all && hides_processes(s) ? UNSEEN_HIDDEN : 0) |
	       (procdir_has(&root, "meminfo") ? 0 : UNSEEN_SYSTEM);
}
