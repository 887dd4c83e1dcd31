/* name: who keeps names here. */
#ifndef LABEL_NAME_H
#define LABEL_NAME_H

/* anonmem_kernel_keeps_names(), but asked only once, since it stays the same. */
int name_kernel_keeps(void);

#endif
