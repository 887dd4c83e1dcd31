/*
 * process: identifies a process from the small files in /proc/PID.
 *
 * A process is identified by (pid, start time), since pids are reused. Every parser here takes the
 * text of one file, returns false if the text is malformed, and keeps no pointer to it.
 */
#ifndef PARSE_PROCESS_H
#define PARSE_PROCESS_H

#include "base/slice.h"

#include <stdint.h>

enum {
	/* Longest names: 63 bytes for a kernel thread, 15 for a program (TASK_COMM_LEN). */
	PROCESS_NAME_MAX = 64,
	/* Limit for command lines, the same as that of Linux up to 4.1. */
	PROCESS_COMMAND_MAX = 4096,
	PROCESS_COMMAND_SIZE = PROCESS_COMMAND_MAX + 3, /* with the dots that mark a cut */
};

/* /proc/PID/stat. Fields after the start time are 0 if unknown. */
struct process_stat {
	struct slice name; /* unescaped */
	uint64_t parent;   /* its pid */
	uint64_t threads;
	uint64_t start_time;  /* clock ticks since boot */
	uint64_t size;	      /* of the address space; 0 if there is none */
	uint64_t resident;    /* resident pages, approximately */
	uint64_t code, stack; /* start addresses; random for each program that it executes */
};

/* Whether the main thread has ended while other threads keep using the memory. (The lost address
 * space shows before the state changes.) */
static inline bool stat_has_ended(const struct process_stat *stat)
{
	return stat->size == 0 && stat->threads > 1;
}

/* stat->name points into `buffer`, which has PROCESS_NAME_MAX bytes. */
bool parse_stat(struct slice text, char buffer[PROCESS_NAME_MAX], struct process_stat *stat);

/* /proc/PID/status: the first number of a field, whose name includes the colon. */
bool parse_status_number(struct slice text, struct slice field, uint64_t *number);

/* /proc/PID/status: the parent's pid, from the line "PPid:". */
bool parse_status_parent(struct slice text, uint64_t *parent);

/* /proc/PID/status: the effective user id, from the line "Uid:". */
bool parse_status_uid(struct slice text, uint32_t *uid);

/* /proc/PID/cgroup: the path in the hierarchy that accounts memory, which is the hierarchy of the
 * v1 memory controller if there is one, otherwise v2. Without either, the path in name=systemd, or
 * the path that all v1 hierarchies agree on. Points into text. */
bool parse_cgroup(struct slice text, struct slice *path);

/* /proc/PID/cmdline, up to one byte more than PROCESS_COMMAND_MAX: the arguments separated by
 * blanks. A longer command line is cut and ends in "...". A process without one (a kernel thread, a
 * zombie, or a process that cleared it) gets its name in brackets, as in ps; false if the name is
 * empty too. *command points into `buffer`. */
bool parse_command(struct slice text, struct slice name, char buffer[PROCESS_COMMAND_SIZE],
		   struct slice *command);

/* /proc/meminfo: the value of one field, such as "AnonPages", in bytes. */
bool parse_meminfo(struct slice text, struct slice field, uint64_t *bytes);

#endif
