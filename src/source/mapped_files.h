/*
 * mapped_files: the programs and libraries that a process has mapped, and their bytes; for
 * src/source/ only.
 *
 * They are found in its maps, which are read when somebody asks for the first time.
 */
#ifndef SOURCE_MAPPED_FILES_H
#define SOURCE_MAPPED_FILES_H

#include "parse/memory.h"
#include "source/io.h"

struct mapped_files;

/* NULL if out of memory. */
struct mapped_files *mapped_files_new(struct io *io);
void mapped_files_free(struct mapped_files *f);

/* Begins a process, or another reading of it. */
void mapped_files_begin(struct mapped_files *f, const struct procdir *dir);

/* As memory_find(). */
bool mapped_files_find(struct mapped_files *f, struct slice name, struct memory_object *object);

/* As memory_read_file(), for a running process: through its link exe, or by the path below its
 * root, if that is still the same file. */
bool mapped_files_read(struct mapped_files *f, const struct memory_object *object, uint64_t offset,
		       void *to, size_t size);

#endif
