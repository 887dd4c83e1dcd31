/* keep: this process's table of names, for kernels that keep none. */
#ifndef LABEL_KEEP_H
#define LABEL_KEEP_H

#include "label/layout.h"
#include "label/lock.h"

#include <stdbool.h>
#include <stddef.h>

/* Does what prctl(PR_SET_VMA_ANON_NAME) would do if the kernel kept names: 0, or -1 with errno.
 * EINVAL also if the process cannot have a table. */
int keep_name(void *addr, size_t len, const char *name);

/* Finds or makes the table; false if the process cannot have one. */
bool keep_prepare(void);

/* The same where nobody can have made one. */
bool keep_prepare_first(void);

/* If there is a table: gives [start, end), which is anonymous memory, the name that text_copy()
 * would make, or removes its name if NULL. `inode` is 0 for private memory, LAYOUT_ANY_INODE for
 * shared. */
void keep_set(uint64_t start, uint64_t end, uint32_t inode, const char *name);

/* The table, held by this thread until keep_unlock(); NULL if there is none, or none any more. */
struct held {
	struct layout *table;
	enum lock_answer answer;
};

/* Call around mremap(), so that nobody names memory at the old addresses meanwhile. */
struct held keep_lock(void);
void keep_moved(struct held h, const struct layout_change *move);
void keep_unlock(struct held h);

#endif
