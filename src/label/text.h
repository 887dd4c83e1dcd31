/* text: what may be a name, by the rules of the kernel (is_valid_name_char() of kernel/sys.c). */
#ifndef LABEL_TEXT_H
#define LABEL_TEXT_H

#include "anonmem/anonmem.h"

#include <stdbool.h>

/* Whether a name may have this byte. */
bool text_allows(unsigned char byte);

/* Copies a name with its NUL and fills the rest of the room with zeros. 0, or -1 with errno: EINVAL
 * if it is none, EFAULT if it cannot be read. */
int text_copy(char copy[ANONMEM_NAME_MAX + 1], const char *name);

#endif
