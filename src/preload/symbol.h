/* symbol: which function an address is in, by the symbol table in the file of its object. */
#ifndef PRELOAD_SYMBOL_H
#define PRELOAD_SYMBOL_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Copies the name of the function, without what a compiler appends to parts of it (".cold"), as
 * much as fits. False if the file is no more, is not the one that was loaded, or does not know.
 */
bool symbol_find(const struct dl_find_object *object, uintptr_t address, char *name, size_t size);

#endif
