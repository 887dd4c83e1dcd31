#include "cli/signals.h"

#include <sys/signalfd.h>

const int signals_of_end[] = {SIGTERM, SIGINT, SIGHUP};
const size_t signals_of_end_count = sizeof(signals_of_end) / sizeof(*signals_of_end);

void signals_add_ends(sigset_t *set)
{
	for (size_t i = 0; i < signals_of_end_count; i++)
		sigaddset(set, signals_of_end[i]);
}

int signals_open(const sigset_t *set, struct error *e)
{
	int fd;

	sigprocmask(SIG_BLOCK, set, NULL);
	fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_errno(e, "cannot wait for signals") : fd;
}
