#include "source/userfault.h"

#include <stdio.h>
#include <string.h>

struct search {
	const struct procdir *process;
	bool found;
};

static bool look_at(void *ctx, const char *name)
{
	static const char wanted[] = "anon_inode:[userfaultfd]";
	struct search *s = ctx;
	char path[32], target[sizeof(wanted)];
	ssize_t n;

	snprintf(path, sizeof(path), "fd/%s", name);
	n = procdir_readlink(s->process, path, target, sizeof(target));
	s->found = n == (ssize_t)strlen(wanted) && memcmp(target, wanted, (size_t)n) == 0;
	return !s->found;
}

bool userfault_is_held(const struct procdir *process)
{
	struct search s = {.process = process};

	return procdir_list(process, "fd", look_at, &s) < 0 || s.found;
}
