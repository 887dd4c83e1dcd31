/*
 * process: who a process is, read from the small files of /proc/PID.
 *
 * A process is (pid, start time): a pid alone is given to somebody else after its owner ends. Every
 * parser here takes the text of one file, returns false when it is not what it should be, and
 * keeps no pointer to it.
 */
#ifndef PARSE_PROCESS_H
#define PARSE_PROCESS_H

#include "base/slice.h"

#include <stdint.h>

enum {
	/* A kernel thread's name, the longest, has up to 63 bytes; a program's 15 (TASK_COMM_LEN).
	 */
	PROCESS_NAME_MAX = 64,
	/* Of a command line, as much is read as Linux up to 4.1 gave of one. */
	PROCESS_COMMAND_MAX = 4096,
	PROCESS_COMMAND_SIZE = PROCESS_COMMAND_MAX + 3, /* with the dots behind a longer one */
};

/* /proc/PID/stat. What stands behind the start time is 0 where it is unknown. */
struct process_stat {
	struct slice name; /* as it is */
	uint64_t parent;   /* the pid of it */
	uint64_t threads;
	uint64_t start_time;  /* clock ticks after boot */
	uint64_t size;	      /* of its address space; 0 if it has none */
	uint64_t resident;    /* pages of it, more or less */
	uint64_t code, stack; /* where they begin: anywhere, with each program that it runs */
};

/* Whether the main thread has ended, and other threads go on with the memory. (That it has none
 * shows before its state does.) */
static inline bool stat_has_ended(const struct process_stat *stat)
{
	return stat->size == 0 && stat->threads > 1;
}

/* stat->name points into `buffer`, which has PROCESS_NAME_MAX bytes. */
bool parse_stat(struct slice text, char buffer[PROCESS_NAME_MAX], struct process_stat *stat);

/* /proc/PID/status: the first number behind a field, which ends in its colon. */
bool parse_status_number(struct slice text, struct slice field, uint64_t *number);

/* /proc/PID/status: the pid of the parent in the line "PPid:". */
bool parse_status_parent(struct slice text, uint64_t *parent);

/* The effective one of the four user ids in the line "Uid:". */
bool parse_status_uid(struct slice text, uint32_t *uid);

/* /proc/PID/cgroup: the path in the hierarchy that accounts memory, which is that of the v1 memory
 * controller where there is one and otherwise that of v2. Where there is neither, that of
 * name=systemd, or the one that all of v1 agree on. Points into text. */
bool parse_cgroup(struct slice text, struct slice *path);

/* /proc/PID/cmdline, up to a byte more than PROCESS_COMMAND_MAX: its arguments with a blank between
 * them. What is longer is cut and ends in "...". A process that has none (it took it away, or is a
 * kernel thread or a zombie) is called by its name in brackets, as ps does; false if that is not
 * known either, its length being 0. *command points into `buffer`. */
bool parse_command(struct slice text, struct slice name, char buffer[PROCESS_COMMAND_SIZE],
		   struct slice *command);

/* /proc/meminfo: the bytes of one field, such as "AnonPages". */
bool parse_meminfo(struct slice text, struct slice field, uint64_t *bytes);

#endif
