#include "cli/say.h"

#include "base/escape.h"

void say(const char *text)
{
	fputs("anonmem: ", stderr);
	escape_write_sentence(stderr, slice_of(text));
	putc('\n', stderr);
}
