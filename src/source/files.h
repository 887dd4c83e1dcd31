/* files: reads smaps files, one process after another; for src/source/ only. */
#ifndef SOURCE_FILES_H
#define SOURCE_FILES_H

#include "source/handle.h"
#include "source/io.h"

/* Like reader_read(), for the file with this index. */
int files_read(const struct source *s, struct io *io, size_t file, struct error *e);

#endif
