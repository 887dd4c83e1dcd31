/* keep: the table of this process, for kernels that keep no names. */
#ifndef LABEL_KEEP_H
#define LABEL_KEEP_H

#include "label/layout.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* What prctl(PR_SET_VMA_ANON_NAME) would do if the kernel kept names: 0, or -1 with errno. EINVAL
 * too where the process can have no table, since then nobody keeps them. */
int keep_name(void *addr, size_t len, const char *name);

/* Finds the table or makes it; false if the process can have none. */
bool keep_prepare(void);

/* If there is a table: gives [start, end), which is private anonymous memory, a name that
 * text_copy() would make, or none if it is NULL. */
void keep_set(uint64_t start, uint64_t end, const char *name);

/* The table, for this thread alone until keep_unlock(); NULL, and nothing to end, if there is none.
 * Signals wait meanwhile; *mask keeps which did before. */
struct layout *keep_lock(sigset_t *mask);

void keep_unlock(struct layout *t, const sigset_t *mask);

#endif
