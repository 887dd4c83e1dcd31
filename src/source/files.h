/* files: smaps files, one process after another; for src/source/ only. */
#ifndef SOURCE_FILES_H
#define SOURCE_FILES_H

#include "source/handle.h"
#include "source/io.h"

/* As reader_read(), of the file with this number. */
int files_read(const struct source *s, struct io *io, size_t file, struct error *e);

#endif
