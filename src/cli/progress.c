#include "cli/progress.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

void progress_begin(struct progress *p, bool wanted)
{
	*p = (struct progress){.shows = wanted && isatty(STDERR_FILENO),
			       .begun_ns = clock_ns(CLOCK_MONOTONIC)};
}

bool progress_is_due(const struct progress *p)
{
	uint64_t now;

	if (!p->shows)
		return false;
	now = clock_ns(CLOCK_MONOTONIC);
	return now - p->begun_ns >= SECOND_NS && now - p->last_ns >= SECOND_NS / 5;
}

void progress_show(struct progress *p, const char *format, ...)
{
	va_list list;

	if (!progress_is_due(p))
		return;
	fputc('\r', stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc(' ', stderr);
	fflush(stderr);
	p->last_ns = clock_ns(CLOCK_MONOTONIC);
	p->shown = true;
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fprintf(stderr, "\r%60s\r", "");
	p->shown = false;
}

void progress_of_processes(void *ctx, size_t done, size_t all)
{
	progress_show(ctx, "%zu of %zu processes", done, all);
}

void progress_of_recording(void *ctx, unsigned percent)
{
	progress_show(ctx, "%u %% of the recording read", percent);
}
