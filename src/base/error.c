#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

int error_set(struct error *e, enum error_code code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(e->text, sizeof(e->text), format, args);
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
	vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	strlcat(e->text, ": ", sizeof(e->text));
	strlcat(e->text, strerror(number), sizeof(e->text));
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
	vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	strlcat(e->text, ": ", sizeof(e->text));
	strlcat(e->text, old, sizeof(e->text));
	return -1;
}
