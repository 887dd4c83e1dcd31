/*
 * backing: tells by device which mapped files lie in memory; for src/source/ only.
 *
 *	backing_init(&b, io, is_live)
 *	backing_begin(&b, dir, next)	before each reading of a process: the stage for its mappings
 *	backing_free(&b)
 *
 * It knows the devices of the file systems in the process's mountinfo, and that of the kernel's
 * internal tmpfs for memfds, System V segments and shared anonymous memory. Other devices stay
 * unknown. mountinfo is read only when a process maps a file on a new device, so only once for
 * processes that share their mounts.
 */
#ifndef SOURCE_BACKING_H
#define SOURCE_BACKING_H

#include "source/io.h"
#include "source/segment.h"

struct backing_devices {
	struct io *io;
	bool is_live; /* not a capture, which was made under another kernel */
	struct device_backing {
		uint32_t major, minor;
		enum backing backing;
	} * devices;
	size_t count, capacity, last;

	/* The current process. */
	const struct procdir *dir;
	struct stage next;
	bool mounts_read;
	bool looked_up; /* one of its devices, maybe known from another process */
	uint64_t space; /* its IPC namespace; SPACE_NONE if not looked up */
};

void backing_init(struct backing_devices *b, struct io *io, bool is_live);
void backing_free(struct backing_devices *b);

struct stage backing_begin(struct backing_devices *b, const struct procdir *dir, struct stage next);

/* The device of the kernel's internal tmpfs; false with errno if it cannot be determined. */
bool backing_of_memfds(dev_t *device);

#endif
