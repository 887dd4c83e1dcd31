/* situations: misleading memory, by name; for helper.c. */
#ifndef LIVE_SITUATIONS_H
#define LIVE_SITUATIONS_H

/* The last one has no name. If the kernel does not support something, "cannot ..." is printed. */
extern const struct situation {
	const char *name;
	void (*make)(void);
} situations[];

#endif
