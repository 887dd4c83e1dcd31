/* symbol: finds the function at an address in the symbol table of its object's file. */
#ifndef PRELOAD_SYMBOL_H
#define PRELOAD_SYMBOL_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Copies the name of the function, as much as fits, without a suffix that compilers add to parts of
 * it (".cold"). False if the file is gone, is not the one that was loaded, or does not have the
 * symbol.
 */
bool symbol_find(const struct dl_find_object *object, uintptr_t address, char *name, size_t size);

#endif
