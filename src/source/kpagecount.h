/*
 * kpagecount: how often page frames are mapped by all processes of the machine together, from
 * /proc/kpagecount. Root only.
 */
#ifndef SOURCE_KPAGECOUNT_H
#define SOURCE_KPAGECOUNT_H

#include "source/source.h"

/* Whether the kernel shows page frames and their counts: on the running system, with
 * CAP_SYS_ADMIN. */
bool kpagecount_is_known(const struct source *s);

/* Whether all processes of the machine are visible, i.e. this is the initial PID namespace. */
bool source_sees_all(const struct source *s);

struct kpagecount;

/* NULL with errno. */
struct kpagecount *kpagecount_open(const struct source *s);
void kpagecount_close(struct kpagecount *k);

/* The count of one frame; cheap if frames ascend. 0 if the frame is unknown or not mapped. */
uint64_t kpagecount_of(struct kpagecount *k, uint64_t frame);

#endif
