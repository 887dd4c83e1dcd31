#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

/* Cuts the middle out of a text that is too long, such as one with a very long path: the start says
 * what it happened to, the end says what happened. */
static void keep_ends(struct error *e, const char *text)
{
	static const char gap[] = " ... ";
	size_t size = sizeof(e->text), len = strlen(text), half = (size - sizeof(gap)) / 2;

	if (len < size)
		strlcpy(e->text, text, size);
	else
		snprintf(e->text, size, "%.*s%s%s", (int)half, text, gap, text + len - half);
}

/* NULL if out of memory. */
__attribute__((format(printf, 1, 0))) static char *join(const char *format, va_list args,
							const char *separator, const char *rest)
{
	char *first, *whole = NULL;

	if (vasprintf(&first, format, args) < 0)
		return NULL;
	if (asprintf(&whole, "%s%s%s", first, separator, rest) < 0)
		whole = NULL;
	free(first);
	return whole;
}

/* Fills e with the formatted sentence, then `separator` and `rest`. */
__attribute__((format(printf, 2, 0))) static void
fill(struct error *e, const char *format, va_list args, const char *separator, const char *rest)
{
	size_t size = sizeof(e->text);
	char *whole;
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(e->text, size, format, args);
	if (len >= 0 && (size_t)len + strlen(separator) + strlen(rest) < size) {
		strlcat(e->text, separator, size);
		strlcat(e->text, rest, size);
	} else if ((whole = join(format, again, separator, rest)) != NULL) {
		keep_ends(e, whole);
		free(whole);
	}
	va_end(again);
}

int error_set(struct error *e, enum error_code code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(e, format, args, "", "");
	va_end(args);
	e->code = code;
	e->number = 0;
	return -1;
}

int error_errno(struct error *e, const char *format, ...)
{
	int number = errno;
	va_list args;

	va_start(args, format);
	fill(e, format, args, ": ", strerror(number));
	va_end(args);
	e->code = number == ENOMEM ? ERROR_MEMORY : ERROR_SYSTEM;
	e->number = number;
	return -1;
}

int error_memory(struct error *e)
{
	return error_set(e, ERROR_MEMORY, "out of memory");
}

int error_prefix(struct error *e, const char *format, ...)
{
	char old[sizeof(e->text)];
	va_list args;

	strlcpy(old, e->text, sizeof(old));
	va_start(args, format);
	fill(e, format, args, ": ", old);
	va_end(args);
	return -1;
}
