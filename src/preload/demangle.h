/*
 * demangle: the names of C++ functions in readable form.
 *
 * Only the qualified name of the function is kept from a mangled name (Itanium C++ ABI, 5.1): no
 * parameters, and <...> for template arguments. Older Rust compilers use the same form.
 *
 * libiberty's demangler takes some 70 bytes of stack for each byte of a name, which a thread that
 * calls malloc() may not have.
 */
#ifndef PRELOAD_DEMANGLE_H
#define PRELOAD_DEMANGLE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes as much as fits, with a zero byte. False, and nothing useful written, if the name is not
 * mangled or not understood. Takes no lock and allocates nothing. */
bool demangle(const char *name, char *text, size_t size);

#endif
