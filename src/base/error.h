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
	ERROR_SYSTEM,	 /* a system call failed for a reason of ours or of the machine */
	ERROR_MEMORY,	 /* no memory left for anonmem itself */
	ERROR_USAGE,	 /* the user asked for something that cannot be */
	ERROR_MALFORMED, /* input that is not what it should be */
	ERROR_TRUNCATED, /* input that ends too early */
};

struct error {
	enum error_code code;
	int number;	 /* errno where error_errno() set it, else 0 */
	char text[1024]; /* no final newline, no final full stop; if it is too long, no middle */
};

/* Fills e and returns -1, so that `return error_set(...)` reads well. */
int error_set(struct error *e, enum error_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a failed system call: ": " and the text of errno are added. */
int error_errno(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a failed allocation. */
int error_memory(struct error *e);

/* Puts `format: ` before the text that e already has, keeps the code and returns -1. */
int error_prefix(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
