/* redact_files: redacts the files of a capture, whose names redact.h redacts. */
#ifndef COLLECT_REDACT_FILES_H
#define COLLECT_REDACT_FILES_H

#include "collect/redact.h"
#include "source/copy.h"

/* Begins the process whose files come next. */
void redact_process(struct redact *r, const struct copy *files);

/* Writes a file of the process, or of the machine, redacted. False if it must not be in a capture
 * at all. */
bool redact_file(struct redact *r, const char *name, struct slice bytes, FILE *out);

#endif
