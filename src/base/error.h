/*
 * error: what went wrong, in one sentence.
 *
 * A function that can fail takes a `struct error *`, fills it and returns -1 (or NULL); the caller
 * owns the struct and decides. Only the program prints. The text may hold bytes that somebody else
 * chose (a path, a name): the caller that prints it escapes it.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum error_code {
	ERROR_NONE,
	ERROR_SYSTEM,	 /* a system call failed */
	ERROR_MEMORY,	 /* anonmem itself is out of memory */
	ERROR_USAGE,	 /* the user asked for something invalid or impossible */
	ERROR_MALFORMED, /* invalid input */
	ERROR_TRUNCATED, /* input that ends too early */
};

struct error {
	enum error_code code;
	int number;	 /* errno if set by error_errno(), else 0 */
	char text[1024]; /* no trailing newline or full stop; the middle is cut out if it is too
			    long */
};

/* Fills e and returns -1, so that callers can write `return error_set(...)`. */
int error_set(struct error *e, enum error_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a failed system call: appends ": " and the text of errno. */
int error_errno(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a failed allocation. */
int error_memory(struct error *e);

/* Puts `format: ` before the text that e already has, keeps the code and returns -1. */
int error_prefix(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
