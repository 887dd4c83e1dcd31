/* memfd: creates the file for a table. */
#ifndef LABEL_MEMFD_H
#define LABEL_MEMFD_H

/* Creates an empty file of the size of a table; -1 with errno on failure. */
int memfd_open(void);

#endif
