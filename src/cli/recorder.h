/* recorder: one sample of a watch, written to a recording; for `anonmem record` only. */
#ifndef CLI_RECORDER_H
#define CLI_RECORDER_H

#include "recording/writer.h"
#include "watch/watch.h"

struct recorder {
	struct writer *writer;
	const struct grouping *by; /* of the recording */
	uint64_t span_ms;	   /* planned time between samples */
	uint64_t cpu_ns;	   /* processor time at the last sample */
};

/* Folds the last refresh of the watch by the keys of the recording, and adds it to the recording.
 */
enum writing recorder_add(struct recorder *r, const struct watch *w, enum cause cause,
			  struct error *e);

#endif
