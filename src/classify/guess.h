/*
 * guess: what unnamed memory is taken for. Each guess is certain or likely, which its label shows:
 * `~malloc` or `~malloc?`. anonmem-labels(7) lists them.
 */
#ifndef CLASSIFY_GUESS_H
#define CLASSIFY_GUESS_H

#include "base/slice.h"

#include <stdbool.h>

#define GUESSES(X)                                                                                 \
	X(JIT, "jit")                                                                              \
	X(RESERVED, "reserved")                                                                    \
	X(TEXT, "program text")                                                                    \
	X(BSS, ".bss")                                                                             \
	X(STACK, "thread stack")                                                                   \
	X(MALLOC, "malloc")                                                                        \
	X(ARENA, "malloc arena")                                                                   \
	X(GO_HEAP, "go heap")                                                                      \
	X(JAVA_HEAP, "java heap")                                                                  \
	X(PYTHON, "python objects")                                                                \
	X(PYTHON_FRAMES, "python frames")                                                          \
	X(PHP, "php heap")                                                                         \
	X(REDIS, "redis heap")                                                                     \
	X(FIREFOX, "firefox heap")                                                                 \
	X(V8_HEAP, "v8 heap")                                                                      \
	X(SPIDERMONKEY, "spidermonkey heap")                                                       \
	X(GO_RUNTIME, "go runtime")                                                                \
	X(JAVA_CODE, "java code")                                                                  \
	X(JAVA_CLASSES, "java classes")                                                            \
	X(JAVA_GC, "java gc")                                                                      \
	X(JEMALLOC, "jemalloc")                                                                    \
	X(MIMALLOC, "mimalloc")                                                                    \
	X(RUBY, "ruby heap")                                                                       \
	X(ERLANG, "erlang heap")                                                                   \
	X(INNODB, "innodb buffer pool")                                                            \
	X(SBCL, "sbcl heap")                                                                       \
	X(GHC, "ghc heap")                                                                         \
	X(LIBGC, "libgc heap")                                                                     \
	X(LUAJIT, "luajit heap")                                                                   \
	X(PARTITION, "partitionalloc")                                                             \
	X(OILPAN, "oilpan heap")                                                                   \
	X(ASAN, "asan")                                                                            \
	X(VALGRIND, "valgrind")

/* First all that are certain, then all that are likely, in the same order. */
#define GUESS_CERTAIN_ENUM(id, text) GUESS_##id,
#define GUESS_LIKELY_ENUM(id, text)  GUESS_##id##_LIKELY,
enum guess { GUESS_NONE, GUESSES(GUESS_CERTAIN_ENUM) GUESSES(GUESS_LIKELY_ENUM) GUESS_COUNT };
#undef GUESS_CERTAIN_ENUM
#undef GUESS_LIKELY_ENUM

/* The labels; that of GUESS_NONE is empty. */
extern const struct slice guess_labels[GUESS_COUNT];

static inline bool guess_is_likely(enum guess guess)
{
	return guess > GUESS_COUNT / 2;
}

/* The guess in a label, which may stand beside a name: GUESS_NONE if there is none. */
enum guess guess_in_label(struct slice label);

/* The same guess, but only likely. */
static inline enum guess guess_doubt(enum guess guess)
{
	bool certain = guess != GUESS_NONE && !guess_is_likely(guess);

	return certain ? (enum guess)(guess + GUESS_COUNT / 2) : guess;
}

/* The same guess, whether it is certain or likely: the certain one. */
static inline enum guess guess_kind(enum guess guess)
{
	return guess_is_likely(guess) ? (enum guess)(guess - GUESS_COUNT / 2) : guess;
}

#endif
