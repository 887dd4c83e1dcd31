#include "cli/descriptors.h"

#include <sys/resource.h>

size_t descriptors_to_keep(size_t most)
{
	enum { OTHERS = 128 };
	struct rlimit limit;
	rlim_t wanted = most + OTHERS;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
		if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
			return 0;
	}
	if (limit.rlim_cur <= OTHERS)
		return 0;
	return limit.rlim_cur - OTHERS < most ? (size_t)limit.rlim_cur - OTHERS : most;
}
