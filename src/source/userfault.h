/*
 * userfault: whether a process handles page faults itself; for src/source/ only.
 *
 * Reading memory that userfaultfd(2) watches may wait for the process. smaps says of each mapping
 * whether it is watched; maps does not, so there the descriptors of the process must do. One that
 * only another process has is not seen.
 */
#ifndef SOURCE_USERFAULT_H
#define SOURCE_USERFAULT_H

#include "source/procdir.h"

/* Whether the process has a descriptor of userfaultfd(2), or that is unknown. */
bool userfault_is_held(const struct procdir *process);

#endif
