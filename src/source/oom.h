/*
 * oom: notices when control groups run out of memory.
 *
 * Source: `oom` and `oom_kill` of memory.events (control groups of version 2), which count what is
 * below, too, so that the topmost groups are enough; the kernel reports changes to inotify. Where
 * no group has the file, as in version 1, `oom_kill` of /proc/vmstat (Linux 4.13), which counts
 * killed processes of the whole machine and has to be looked at.
 */
#ifndef SOURCE_OOM_H
#define SOURCE_OOM_H

#include "source/source.h"

#include <stdbool.h>

struct oom_watch;

/* Of the running system. NULL with *e. */
struct oom_watch *oom_watch_open(const struct source *s, struct error *e);

/* The same of a folder of groups, which may be NULL, and a vmstat file. */
struct oom_watch *oom_watch_at(const char *folder, const char *vmstat, struct error *e);
void oom_watch_close(struct oom_watch *w);

/* A descriptor that poll() reports POLLIN for when something may have happened; -1 if only looking
 * tells. */
int oom_watch_fd(const struct oom_watch *w);

/* Whether anything ran out of memory since the last look, or since the watch was opened. */
bool oom_watch_look(struct oom_watch *w);

#endif
