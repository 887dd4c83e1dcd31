/* memfd: the file that a table lies in. */
#ifndef LABEL_MEMFD_H
#define LABEL_MEMFD_H

/* Creates one as large as a table and empty; -1 with errno set if that fails. */
int memfd_open(void);

#endif
