/*
 * known: programs and libraries that name their memory, or could with a switch.
 *
 * A process is recognized by its program, by a mapped library, or by a guess about its memory. If
 * the version is unknown, the advice is for the latest one.
 */
#ifndef CLI_KNOWN_H
#define CLI_KNOWN_H

#include "classify/infer.h"

struct known {
	const char *name;    /* as usually spelled */
	const char *program; /* prefix of the program's file name, or NULL */
	const char *library; /* prefix of a mapped file's name, or NULL */
	enum guess guess;    /* recognized by this guess, unless GUESS_NONE */
	const char *advice;  /* how to have its memory named; follows "NAME: " */
};

enum { KNOWN_MAX = 32 }; /* so that a set fits into the bits of an integer */

extern const struct known known[];
extern const unsigned known_count;

/* The GNU C library; its version can be determined. */
extern const struct known *const known_glibc;

/* The entries that match the path of a program, of a mapped file, or the label of a guess, as a bit
 * set. */
uint32_t known_by_program(struct slice path);
uint32_t known_by_file(struct slice path);
uint32_t known_by_guess(struct slice label);

#endif
