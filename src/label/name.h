/* name: tells whether the kernel keeps names. */
#ifndef LABEL_NAME_H
#define LABEL_NAME_H

/* anonmem_kernel_keeps_names(), cached, since the answer cannot change. */
int name_kernel_keeps(void);

#endif
