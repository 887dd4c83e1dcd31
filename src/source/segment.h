/*
 * segment: an object of shared memory, which several processes may map.
 *
 * All errors mean that something is not known.
 */
#ifndef SOURCE_SEGMENT_H
#define SOURCE_SEGMENT_H

#include "source/procdir.h"
#include "source/source.h"

/* What tells one from all others. Without padding: equal ones are equal bytes. */
struct segment_id {
	uint64_t inode;
	uint64_t space; /* of a System V segment, whose inode is its shmid, the IPC namespace */
	uint32_t dev_major, dev_minor;
};

/* `space` where there is no such namespace, and where it is not known. */
enum { SPACE_NONE, SPACE_UNKNOWN };

struct segment_facts {
	bool known; /* size and allocated */
	bool swapped_known;
	uint64_t size;
	uint64_t allocated; /* bytes that are resident or swapped */
	uint64_t swapped;
};

/* Whether the name is that of a System V segment: "/SYSV", the key, " (deleted)". */
enum { SEGMENT_KEY_DIGITS = 8 };
bool segment_is_sysv(const struct mapping *m);

/* The id of the object that is mapped. */
struct segment_id segment_of(const struct mapping *m);

/* Looks at an object through any path that leads to it. What is swapped, Linux 6.5 says to who may
 * write to the object. (mincore(2) would take pages for resident that are swapped and still in the
 * swap cache.) */
void segment_look_at(int folder, const char *path, const struct segment_id *id,
		     struct segment_facts *facts);

/* The name is that of the object: a label, or where a tmpfs is mounted. Of a tmpfs, the inode is 0,
 * and only `allocated` is known. False to stop. */
typedef bool segment_fn(void *ctx, const struct segment_id *id, struct slice name,
			const struct segment_facts *facts);

/* The IPC namespace of a process, in its folder; a capture may lack it. */
uint64_t segment_space(const struct procdir *dir);

#endif
