#include "source/pause.h"

#include <time.h>

void pause_for_others(void)
{
	const struct timespec moment = {.tv_nsec = 1000};

	nanosleep(&moment, NULL);
}
