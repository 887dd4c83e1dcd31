/* memfd: the file that a table lies in. */
#ifndef LABEL_MEMFD_H
#define LABEL_MEMFD_H

/* A new one, as large as a table and empty; -1 if it cannot be had. */
int memfd_open(void);

#endif
