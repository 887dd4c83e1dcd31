/* elf: finds sections and symbols of a program or library in a process, using its file. 64 bits
 * only. */
#ifndef CLASSIFY_ELF_H
#define CLASSIFY_ELF_H

#include "parse/memory.h"

enum { ELF_SEGMENTS = 12 };

struct elf {
	struct memory *memory;
	struct memory_object object;
	uint64_t bias; /* difference between addresses in the process and in the file */
	struct elf_segment {
		uint64_t address, offset, in_file, in_memory;
		bool writable;
	} segments[ELF_SEGMENTS];
	unsigned count;
	uint64_t dynamic, dynamic_size; /* an address in the file; the size is 0 if there is none */
};

/* The object whose file name begins with `name`; the program for "". */
bool elf_open(struct elf *elf, struct memory *memory, struct slice name);

/* Where zero-initialized variables are. */
bool elf_find_bss(const struct elf *elf, uint64_t *start, uint64_t *end);

/* The address of an exported symbol in the process. */
bool elf_find_symbol(const struct elf *elf, struct slice name, uint64_t *address);

bool elf_has_section(const struct elf *elf, struct slice name);

/* Reads bytes that are the same in file and process, at an address in the process. */
bool elf_read(const struct elf *elf, uint64_t address, void *to, size_t size);

#endif
