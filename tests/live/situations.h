/* situations: memory that is not what it seems, by name; for helper.c. */
#ifndef LIVE_SITUATIONS_H
#define LIVE_SITUATIONS_H

/* The last one has no name. What the kernel cannot do is said on standard output: "cannot ...". */
extern const struct situation {
	const char *name;
	void (*make)(void);
} situations[];

#endif
