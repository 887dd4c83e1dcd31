/* text: validates names by the kernel's rules (is_valid_name_char() in kernel/sys.c). */
#ifndef LABEL_TEXT_H
#define LABEL_TEXT_H

#include "anonmem/anonmem.h"

#include <stdbool.h>

/* Whether a name may contain this byte. */
bool text_allows(unsigned char byte);

/* Copies a name with its NUL, padding with zeros. 0, or -1 with errno: EINVAL if it is invalid,
 * EFAULT if it cannot be read. */
int text_copy(char copy[ANONMEM_NAME_MAX + 1], const char *name);

#endif
