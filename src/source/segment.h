/*
 * segment: an object of shared memory, which several processes may map.
 *
 * All errors mean that something is not known.
 */
#ifndef SOURCE_SEGMENT_H
#define SOURCE_SEGMENT_H

#include "source/procdir.h"
#include "source/source.h"

/* Identifies an object. Without padding, so that equal ids are equal bytes. */
struct segment_id {
	uint64_t inode;
	uint64_t space; /* IPC namespace of a System V segment, whose inode is its shmid */
	uint32_t dev_major, dev_minor;
};

/* Values of `space`: no namespace applies; the namespace is unknown. */
enum { SPACE_NONE, SPACE_UNKNOWN };

struct segment_facts {
	bool known; /* size and allocated */
	bool swapped_known;
	uint64_t size;
	uint64_t allocated; /* bytes that are resident or swapped */
	uint64_t swapped;
};

/* Whether the name has the form of a System V segment's: "/SYSV", the key, " (deleted)". */
enum { SEGMENT_KEY_DIGITS = 8 };
bool segment_is_sysv(const struct mapping *m);

/* The id of the mapped object. */
struct segment_id segment_of(const struct mapping *m);

/* Examines an object through any path that leads to it. Linux 6.5 tells how much is swapped if we
 * may write to the object. (mincore(2) would count swapped pages that are still in the swap cache
 * as resident.) */
void segment_look_at(int folder, const char *path, const struct segment_id *id,
		     struct segment_facts *facts);

/* The name is a label, or the mount point of a tmpfs. For a tmpfs, the inode is 0 and only
 * `allocated` is known. Return false to stop. */
typedef bool segment_fn(void *ctx, const struct segment_id *id, struct slice name,
			const struct segment_facts *facts);

/* The IPC namespace of a process, given its directory; a capture may lack it. */
uint64_t segment_space(const struct procdir *dir);

#endif
