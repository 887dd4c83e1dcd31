/*
 * scan: a process without its smaps: the ranges in the text of maps, and which of their pages are
 * there from ioctl(PAGEMAP_SCAN) on its pagemap (Linux 6.7).
 *
 *	s = scan_new(io, root)
 *	scan_suits(s, dir)		whether a process can be read so
 *	scan_begin(s, dir, ...)		the stage for the headers in its maps
 *	scan_end(s, ...)		after the last of them
 *	scan_free(s)
 *
 * Of each mapping it finds what is resident and what its pages say of swap: RSS is known, and SWAP
 * a value that means something for some kinds of memory only (model/scanned.h).
 */
#ifndef SOURCE_SCAN_H
#define SOURCE_SCAN_H

#include "source/io.h"

struct scan;

/* NULL if out of memory. `root` is the folder of all processes. */
struct scan *scan_new(struct io *io, const struct procdir *root);
void scan_free(struct scan *s);

/* Whether a process can be scanned without giving other figures than smaps would. */
bool scan_suits(struct scan *s, const struct procdir *dir);

/* Tells the sink what it needs to know of this scan. `shares` asks for proof of PSS and USS: for
 * memory of drivers they are known where they could be proven. */
struct stage scan_begin(struct scan *s, const struct procdir *dir, bool shares, struct stage next);

/* In any case, with the status of the reading: 0, or -1 with *e, ERROR_TRUNCATED if the process
 * changed meanwhile. A stage's error is ERROR_SYSTEM with ENOTTY or ENOENT if this kernel or tree
 * cannot be scanned. */
int scan_end(struct scan *s, int status, struct error *e);

/* Whether that failed because something other than swap looks like it in this process: it has to be
 * read by smaps. */
bool scan_cannot_tell(const struct scan *s);

#endif
