/*
 * known: programs and libraries that name their memory, or could with a switch.
 *
 * A process is known by its program, by a library that it has mapped, or by what its memory looks
 * like. What is said of it is what its version can do at best, where the version is not known.
 */
#ifndef CLI_KNOWN_H
#define CLI_KNOWN_H

#include "classify/infer.h"

struct known {
	const char *name;    /* as people write it */
	const char *program; /* what the name of the program's file begins with, or NULL */
	const char *library; /* the same of a mapped file */
	enum guess guess;    /* GUESS_NONE for no such sign */
	const char *advice;  /* what has its memory named, to follow "NAME: " */
};

enum { KNOWN_MAX = 32 }; /* so that a set of them is the bits of a number */

extern const struct known known[];
extern const unsigned known_count;

/* The GNU C library, whose version is known. */
extern const struct known *const known_glibc;

/* Those that a process shows to be by the path of its program, of a mapped file, or by the label of
 * a guess; a bit each. */
uint32_t known_by_program(struct slice path);
uint32_t known_by_file(struct slice path);
uint32_t known_by_guess(struct slice label);

#endif
