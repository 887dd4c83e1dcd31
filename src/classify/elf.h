/*
 * elf: where the parts and symbols of a program or library lie in a process, by its file. 64 bits.
 */
#ifndef CLASSIFY_ELF_H
#define CLASSIFY_ELF_H

#include "parse/memory.h"

enum { ELF_SEGMENTS = 12 };

struct elf {
	struct memory *memory;
	struct memory_object object;
	uint64_t bias; /* of addresses in the process over those in the file */
	struct elf_segment {
		uint64_t address, offset, in_file, in_memory;
		bool writable;
	} segments[ELF_SEGMENTS];
	unsigned count;
	uint64_t dynamic, dynamic_size; /* an address in the file; the size is 0 if there is none */
};

/* The object whose file's name begins so; of "" the program. */
bool elf_open(struct elf *elf, struct memory *memory, struct slice name);

/* Where variables lie that are zeros at first. */
bool elf_find_bss(const struct elf *elf, uint64_t *start, uint64_t *end);

/* Where an exported symbol lies in the process. */
bool elf_find_symbol(const struct elf *elf, struct slice name, uint64_t *address);

bool elf_has_section(const struct elf *elf, struct slice name);

/* Reads bytes that are in the file as they are in the process, at an address in the process. */
bool elf_read(const struct elf *elf, uint64_t address, void *to, size_t size);

#endif
