/*
 * libarchive: its functions, loaded when something is to be packed or unpacked.
 *
 * The program is not linked with libarchive, because of what that brings along: on Debian, libxml2
 * and ICU take 45 MB of address space and two milliseconds, of every `anonmem run` too. The dynamic
 * linker looks for it where it looks for the others, and ignores LD_LIBRARY_PATH if rights are
 * lent. In the sandbox nothing can be loaded.
 */
#ifndef SOURCE_LIBARCHIVE_H
#define SOURCE_LIBARCHIVE_H

#include "base/error.h"

#include <archive.h>
#include <archive_entry.h>

#define LIBARCHIVE_FUNCTIONS(F)                                                                    \
	F(archive_entry_clear)                                                                     \
	F(archive_entry_copy_pathname)                                                             \
	F(archive_entry_copy_symlink)                                                              \
	F(archive_entry_filetype)                                                                  \
	F(archive_entry_free)                                                                      \
	F(archive_entry_hardlink)                                                                  \
	F(archive_entry_is_encrypted)                                                              \
	F(archive_entry_new)                                                                       \
	F(archive_entry_pathname)                                                                  \
	F(archive_entry_pathname_utf8)                                                             \
	F(archive_entry_set_filetype)                                                              \
	F(archive_entry_set_mtime)                                                                 \
	F(archive_entry_set_perm)                                                                  \
	F(archive_entry_set_size)                                                                  \
	F(archive_entry_symlink)                                                                   \
	F(archive_errno)                                                                           \
	F(archive_error_string)                                                                    \
	F(archive_filter_count)                                                                    \
	F(archive_format)                                                                          \
	F(archive_read_data)                                                                       \
	F(archive_read_free)                                                                       \
	F(archive_read_new)                                                                        \
	F(archive_read_next_header)                                                                \
	F(archive_read_open1)                                                                      \
	F(archive_read_set_callback_data)                                                          \
	F(archive_read_set_read_callback)                                                          \
	F(archive_read_set_seek_callback)                                                          \
	F(archive_read_support_filter_gzip)                                                        \
	F(archive_read_support_filter_xz)                                                          \
	F(archive_read_support_filter_zstd)                                                        \
	F(archive_read_support_format_raw)                                                         \
	F(archive_read_support_format_tar)                                                         \
	F(archive_read_support_format_zip)                                                         \
	F(archive_set_error)                                                                       \
	F(archive_write_add_filter_gzip)                                                           \
	F(archive_write_add_filter_xz)                                                             \
	F(archive_write_add_filter_zstd)                                                           \
	F(archive_write_close)                                                                     \
	F(archive_write_data)                                                                      \
	F(archive_write_fail)                                                                      \
	F(archive_write_free)                                                                      \
	F(archive_write_header)                                                                    \
	F(archive_write_new)                                                                       \
	F(archive_write_open)                                                                      \
	F(archive_write_set_bytes_in_last_block)                                                   \
	F(archive_write_set_format_gnutar)

struct libarchive {
#define MEMBER(function) __typeof__(function) *(function);
	LIBARCHIVE_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* All are NULL until libarchive is loaded. */
extern struct libarchive la;

/* Loads it unless that was tried before; not thread-safe. 0, or -1 with *e: the same sentence each
 * time. */
int libarchive_load(struct error *e);

#endif
