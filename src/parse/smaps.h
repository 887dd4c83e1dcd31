/*
 * smaps: a streaming parser of /proc/PID/smaps, smaps_rollup and maps.
 *
 *	p = smaps_new()
 *	smaps_begin(p, SMAPS_MAPPINGS, stage)
 *	repeat: room = smaps_reserve(p, &size); n = read(fd, room, size); smaps_feed(p, n)
 *	smaps_end(p)			at the end of the input: delivers the last mapping
 *	smaps_begin(p, ...)		for the next input
 *	smaps_free(p)
 *
 * The stage gets each mapping once, in the order of the text, when its last line has been seen.
 * Memory does not grow with the input: the parser keeps one name and one incomplete line.
 *
 * Nothing is assumed about which fields there are or their order; unknown fields are skipped, and
 * so is the `Name:` of Android's kernels, which repeats the header. Anything that is not smaps is
 * an error that gives line and byte: ERROR_MALFORMED, or ERROR_TRUNCATED if the input stops inside
 * a mapping. If it stops at the end of a line, the mapping lacks fields that all mappings before it
 * had. After an error, only smaps_begin() and smaps_free() may be called.
 *
 * In a capture (smaps_expect_separators()), a mapping with the same header as the one before is a
 * repetition, as old kernels print for the last mapping, and is skipped. If blanks or carriage
 * returns follow the fields of an entry, they are removed from its name too.
 */
#ifndef PARSE_SMAPS_H
#define PARSE_SMAPS_H

#include "base/error.h"
#include "base/slice.h"
#include "parse/mapping.h"
#include "parse/separator.h"

enum smaps_kind {
	SMAPS_MAPPINGS, /* smaps: one entry per mapping */
	SMAPS_ROLLUP,	/* smaps_rollup: a single entry, named [rollup] */
	SMAPS_HEADERS,	/* maps: only the headers of smaps; no counter is known */
};

struct smaps_parser;

/* NULL if out of memory. */
struct smaps_parser *smaps_new(void);
void smaps_free(struct smaps_parser *p);

/* Whether entries that look like previous ones may be parsed as a whole (see template.h) rather
 * than line by line. On by default; tests and benchmarks turn it off. The result is the same. */
void smaps_use_templates(struct smaps_parser *p, bool learns);

/* Prepares for the next input, whose mappings go to `stage`. */
void smaps_begin(struct smaps_parser *p, enum smaps_kind kind, struct stage stage);

/* Call after smaps_begin() if the input is a capture, which may have separators. */
void smaps_expect_separators(struct smaps_parser *p, struct separators separators);

/* The number of lines read. */
uint64_t smaps_line(const struct smaps_parser *p);

/* Where to put the next bytes, at least 4 KiB; NULL if out of memory. */
char *smaps_reserve(struct smaps_parser *p, size_t *size);

/* Takes n bytes that were put there. 0, or -1 with *e. */
int smaps_feed(struct smaps_parser *p, size_t n, struct error *e);

/* 0, or -1 with *e. An input without any mapping is not an error: see smaps_mappings(). */
int smaps_end(struct smaps_parser *p, struct error *e);

/* The number of mappings delivered since smaps_begin(). */
uint64_t smaps_mappings(const struct smaps_parser *p);

#endif
