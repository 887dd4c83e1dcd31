/*
 * scan: reads a process without smaps: address ranges from maps, and present pages from
 * ioctl(PAGEMAP_SCAN) on its pagemap (Linux 6.7).
 *
 *	s = scan_new(io, root)
 *	scan_suits(s, dir)		whether a process can be read so
 *	scan_begin(s, dir, ...)		the stage for the headers in its maps
 *	scan_end(s, ...)		after the last of them
 *	scan_free(s)
 *
 * It finds the resident pages of each mapping, and those that look swapped: RSS is known; SWAP is
 * meaningful only for some kinds of memory (model/scanned.h).
 */
#ifndef SOURCE_SCAN_H
#define SOURCE_SCAN_H

#include "source/io.h"

struct scan;

/* NULL if out of memory. `root` is the directory of all processes. */
struct scan *scan_new(struct io *io, const struct procdir *root);
void scan_free(struct scan *s);

/* Whether scanning this process gives the same figures as smaps. */
bool scan_suits(struct scan *s, const struct procdir *dir);

/* Tells the sink about this scan. `shares` asks to prove PSS and USS; for driver memory they are
 * known if proven. */
struct stage scan_begin(struct scan *s, const struct procdir *dir, bool shares, struct stage next);

/* Call in any case, with the status of the reading: 0, or -1 with *e, ERROR_TRUNCATED if the
 * process changed meanwhile. The stage fails with ERROR_SYSTEM, and ENOTTY or ENOENT, if this
 * kernel or tree cannot be scanned. */
int scan_end(struct scan *s, int status, struct error *e);

/* Whether it failed because something other than swap looks like swap in this process, so that
 * smaps must be read. */
bool scan_cannot_tell(const struct scan *s);

#endif
