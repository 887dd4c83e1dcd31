/*
 * pause: lets a process that waits for the lock of its own memory have it; for src/source/ only.
 *
 * Each call that looks at the memory of a process takes that lock. Calls that follow each other at
 * once take it again before a waiting writer has woken up, until the kernel hands it over after
 * 4 ms. A short sleep between them is enough.
 */
#ifndef SOURCE_PAUSE_H
#define SOURCE_PAUSE_H

void pause_for_others(void);

#endif
