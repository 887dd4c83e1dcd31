/*
 * pack: writes an archive to a descriptor, member after member, with libarchive.
 */
#ifndef SOURCE_PACK_H
#define SOURCE_PACK_H

#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum pack_form { PACK_TAR, PACK_GZIP, PACK_ZSTD, PACK_XZ };

/* The format by the suffix of a file name: .tar, .tar.gz or .tgz, .tar.zst, .tar.xz. False for any
 * other. */
bool pack_find_form(const char *path, enum pack_form *form);

/* Loads libarchive, which the sandbox would refuse. 0, or -1 with *e. */
int pack_load(struct error *e);

struct pack;

/* `fd` is borrowed. NULL with *e. */
struct pack *pack_new(int fd, enum pack_form form, struct error *e);

/* A file, or a link with its target as content, in the folder `folder`. 0, or -1 with *e. */
int pack_add(struct pack *p, const char *folder, const char *name, bool is_link, struct slice bytes,
	     struct error *e);

/* Writes the rest. 0, or -1 with *e. */
int pack_finish(struct pack *p, struct error *e);
void pack_free(struct pack *p);

/* Bytes written so far. */
uint64_t pack_bytes(const struct pack *p);

#endif
