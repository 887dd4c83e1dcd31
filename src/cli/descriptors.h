/* descriptors: how many files a command may keep open. */
#ifndef CLI_DESCRIPTORS_H
#define CLI_DESCRIPTORS_H

#include <stddef.h>

/* At most `most`. Raises the soft limit of open files as far as possible, and leaves some for other
 * uses. The kernel uses about 4 KiB for each. */
size_t descriptors_to_keep(size_t most);

#endif
