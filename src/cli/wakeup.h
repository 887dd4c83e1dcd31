/*
 * wakeup: what ends the pause between two samples of a recording: time, a signal, tasks that wait
 * for memory, or a process that gets none.
 */
#ifndef CLI_WAKEUP_H
#define CLI_WAKEUP_H

#include "recording/sample.h"
#include "source/oom.h"

struct wakeup {
	int signals, pressure; /* descriptors; -1 for none */
	struct oom_watch *oom; /* or NULL */
	uint64_t ends;	       /* ns of CLOCK_MONOTONIC; 0 for never */
	uint64_t look_at;      /* time of the next look at `oom` */
};

/* From now on, signals that end the recording or ask for a sample are queued. 0, or -1 with *e;
 * call wakeup_close() in any case. */
int wakeup_open(struct wakeup *w, bool on_pressure, struct error *e);
void wakeup_close(struct wakeup *w);

/* Waits until a sample is due, or requested otherwise. False when the recording ends. */
bool wakeup_wait(struct wakeup *w, uint64_t due, enum cause *cause);

#endif
