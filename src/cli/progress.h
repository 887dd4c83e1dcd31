/*
 * progress: how far a command is, on a terminal, if it takes longer than a second.
 *
 *	progress_begin(&p, wanted)
 *	progress_show(&p, "%zu of %zu ...", ...)	as often as one likes
 *	progress_end(&p)				before anything else is written
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	bool shows, shown;
	uint64_t begun_ns, last_ns; /* ns of CLOCK_MONOTONIC */
};

void progress_begin(struct progress *p, bool wanted);

/* Whether it is time to show it again. */
bool progress_is_due(const struct progress *p);
void progress_show(struct progress *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void progress_end(struct progress *p);

/* Shows how many of all processes were read; the context is a struct progress. */
void progress_of_processes(void *ctx, size_t done, size_t all);

/* Shows which part of a recording was read, in percent. */
void progress_of_recording(void *ctx, unsigned percent);

#endif
