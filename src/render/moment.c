#include "render/moment.h"

#include <time.h>

bool moment_format(const struct machine *m, char text[MOMENT_MAX])
{
	struct tm utc;

	return m->time_known && gmtime_r(&m->time.tv_sec, &utc) &&
	       strftime(text, MOMENT_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc) > 0;
}
