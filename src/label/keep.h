/* keep: this process's table of names, for kernels that keep none. */
#ifndef LABEL_KEEP_H
#define LABEL_KEEP_H

#include "label/layout.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* Does what prctl(PR_SET_VMA_ANON_NAME) would do if the kernel kept names: 0, or -1 with errno.
 * EINVAL also if the process cannot have a table. */
int keep_name(void *addr, size_t len, const char *name);

/* Finds or makes the table; false if the process cannot have one. */
bool keep_prepare(void);

/* If there is a table: names [start, end), which must be private anonymous memory, with a name
 * valid for text_copy(), or removes the name if it is NULL. */
void keep_set(uint64_t start, uint64_t end, const char *name);

/* Locks the table until keep_unlock(); returns NULL, with nothing to unlock, if there is none.
 * Blocks signals meanwhile; *mask saves the previous mask. */
struct layout *keep_lock(sigset_t *mask);

void keep_unlock(struct layout *t, const sigset_t *mask);

#endif
