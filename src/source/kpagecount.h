/*
 * kpagecount: how often frames of memory are mapped, by all processes of the machine together, from
 * /proc/kpagecount. Root only.
 */
#ifndef SOURCE_KPAGECOUNT_H
#define SOURCE_KPAGECOUNT_H

#include "source/source.h"

/* Whether the kernel shows frames of memory and their counts here: it is the running system, of
 * which anonmem has CAP_SYS_ADMIN. */
bool kpagecount_is_known(const struct source *s);

/* Whether every process of the machine can be seen, none being in a PID namespace above. */
bool source_sees_all(const struct source *s);

struct kpagecount;

/* NULL with errno. */
struct kpagecount *kpagecount_open(const struct source *s);
void kpagecount_close(struct kpagecount *k);

/* Of one frame; cheap where frames ascend. 0 of a frame that is not known, or not mapped. */
uint64_t kpagecount_of(struct kpagecount *k, uint64_t frame);

#endif
