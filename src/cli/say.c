#include "cli/say.h"

#include "base/escape.h"

void say(const char *text)
{
	fputs("anonmem: ", stderr);
	escape_write(stderr, slice_of(text));
	putc('\n', stderr);
}
