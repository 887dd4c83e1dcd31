/*
 * cfi: how to find the caller of a function, by its call frame information.
 *
 * Of the rules in .eh_frame (DWARF 5, 6.4, and the Linux Standard Base), only those are supported
 * that compilers write for nearly every function on x86-64: the frame begins at a distance from rsp
 * or rbp, the return address lies below that, and rbp was saved somewhere in the frame or not at
 * all.
 */
#ifndef HEAPS_CFI_H
#define HEAPS_CFI_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

/* All distances are in bytes. CFA is the value that rsp had before the call. */
struct cfi_rule {
	bool by_rbp;	/* CFA = rbp + cfa; otherwise rsp + cfa */
	bool rbp_saved; /* at CFA + rbp */
	int32_t cfa, rbp;
};

/* The rule for the instruction at an address of an object. False if there is none, or one of
 * another kind. Takes no lock and allocates nothing. */
bool cfi_find(const struct dl_find_object *object, uintptr_t address, struct cfi_rule *rule);

/* Where the function at an address begins; the address itself if that is unknown. */
uintptr_t cfi_function(const struct dl_find_object *object, uintptr_t address);

#endif
