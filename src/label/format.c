#include "anonmem/anonmem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int anonmem_namef(void *addr, size_t len, const char *format, ...)
{
	char name[ANONMEM_NAME_MAX + 1];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	if (length < 0)
		return -1;
	if ((size_t)length >= sizeof(name)) {
		errno = EINVAL;
		return -1;
	}
	return anonmem_name(addr, len, name);
}
