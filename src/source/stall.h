/*
 * stall: how long tasks have waited for memory, as the kernel counts it (PSI), and which boot this
 * is.
 *
 * Source: /proc/pressure/memory (Linux 4.20, CONFIG_PSI) and /proc/sys/kernel/random/boot_id of the
 * running system.
 */
#ifndef SOURCE_STALL_H
#define SOURCE_STALL_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct stall {
	uint64_t some_us, full_us; /* since boot: at least one task waited, or all of them */
};

/* False where the kernel does not say. */
bool stall_read(struct stall *s);

/* Whether this kernel counts it at all. */
bool stall_is_counted(void);

/* A descriptor that poll() reports POLLPRI for when tasks wait a tenth of two seconds: a window
 * that takes no right. -1 with *e. */
int stall_watch(struct error *e);

/* Different at each boot; "" where it is unknown. */
enum { BOOT_ID_MAX = 64 };
void boot_id_read(char id[BOOT_ID_MAX]);

#endif
