/*
 * backing: which mapped files lie in memory, by their devices; for src/source/ only.
 *
 *	backing_init(&b, io, is_live)
 *	backing_begin(&b, dir, next)	before each reading of a process: the stage for its mappings
 *	backing_free(&b)
 *
 * Devices are those of the file systems that a process has mounted, in mountinfo, and that one of
 * the kernel's own where memfds, System V segments and shared anonymous memory lie. What is neither
 * stays unknown. Of a process, mountinfo is read when it maps something of a device that was not
 * seen before, so of those that have the same mounts only once.
 */
#ifndef SOURCE_BACKING_H
#define SOURCE_BACKING_H

#include "source/io.h"
#include "source/segment.h"

struct backing_devices {
	struct io *io;
	bool is_live; /* not a capture, whose devices are not those of this kernel */
	struct device_backing {
		uint32_t major, minor;
		enum backing backing;
	} * devices;
	size_t count, capacity, last;

	/* The process at hand. */
	const struct procdir *dir;
	struct stage next;
	bool mounts_read;
	uint64_t space; /* its IPC namespace; SPACE_NONE if that was not looked for */
};

void backing_init(struct backing_devices *b, struct io *io, bool is_live);
void backing_free(struct backing_devices *b);

struct stage backing_begin(struct backing_devices *b, const struct procdir *dir, struct stage next);

/* The device of the kernel's own file system for memory; false with errno if that cannot be found
 * out. */
bool backing_of_memfds(dev_t *device);

#endif
