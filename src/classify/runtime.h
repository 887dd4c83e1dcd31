/*
 * runtime: whether a process has a certain runtime or allocator, by the files that it maps. A
 * program can write anything into its memory, but this only by being that program. Only for this
 * folder.
 */
#ifndef CLASSIFY_RUNTIME_H
#define CLASSIFY_RUNTIME_H

#include "classify/sign.h"

enum runtime {
	RUNTIME_PYTHON,
	RUNTIME_V8,
	RUNTIME_MIMALLOC,
	RUNTIME_ERLANG,
	RUNTIME_GHC,
	RUNTIME_RUBY,
	RUNTIME_JEMALLOC,
	RUNTIME_ASAN,
	RUNTIMES
};

bool runtime_is_there(const struct sign_place *p, enum runtime runtime);

/* Sees each mapping. The first file is the program, so that nothing has to be read for most. */
void runtime_pass(const struct mapping *m, struct sign_facts *facts);

/* What memory of the runtime is taken for: certain only if the process has the runtime. */
static inline enum guess runtime_guess(const struct sign_place *p, enum runtime runtime,
				       enum guess guess)
{
	return runtime_is_there(p, runtime) ? guess : guess_doubt(guess);
}

#endif
