/*
 * slice: bytes that belong to somebody else.
 *
 * A slice never owns what it points to and need not end in NUL; the function that returns one says
 * how long it lives. Names read from /proc are arbitrary bytes, so nothing here assumes text.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *ptr;
	size_t len;
};

/* The slice of a string literal, without its NUL. SLICE is an expression, SLICE_INIT a constant
 * initializer. */
#define SLICE(literal) ((struct slice){"" literal, sizeof(literal) - 1})
#define SLICE_INIT(literal)                                                                        \
	{                                                                                          \
		"" literal, sizeof(literal) - 1                                                    \
	}

static inline struct slice slice_of(const char *string)
{
	return (struct slice){string, strlen(string)};
}

static inline bool slice_equals(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool slice_begins(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len && memcmp(s.ptr, prefix.ptr, prefix.len) == 0;
}

static inline bool slice_ends(struct slice s, struct slice suffix)
{
	return s.len >= suffix.len &&
	       memcmp(s.ptr + (s.len - suffix.len), suffix.ptr, suffix.len) == 0;
}

/* s without its first `before` and last `after` bytes, which the caller knows are there. */
static inline struct slice slice_inner(struct slice s, size_t before, size_t after)
{
	return (struct slice){s.ptr + before, s.len - before - after};
}

/* What follows the last slash of a path; all of it without one. */
static inline struct slice slice_base_name(struct slice path)
{
	const char *slash = path.len ? memrchr(path.ptr, '/', path.len) : NULL;

	return slash ? slice_inner(path, (size_t)(slash + 1 - path.ptr), 0) : path;
}

/* Compares bytes as memcmp() does; a prefix sorts before the longer slice. */
static inline int slice_compare(struct slice a, struct slice b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;
	int order = shorter ? memcmp(a.ptr, b.ptr, shorter) : 0;

	if (order)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

#endif
