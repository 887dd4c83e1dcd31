#include "base/textstream.h"

#include <stdlib.h>
#include <string.h>

struct textstream {
	char **text;
	size_t *size, room;
};

/* Returns 0 on error. Always keeps room for a final NUL. */
static ssize_t on_write(void *cookie, const char *bytes, size_t count)
{
	struct textstream *t = cookie;
	size_t used = *t->size;

	if (count >= t->room - used) {
		size_t room = t->room > count ? 2 * t->room : t->room + count + 1;
		char *larger = realloc(*t->text, room);

		if (!larger)
			return 0;
		*t->text = larger;
		t->room = room;
	}
	memcpy(*t->text + used, bytes, count);
	*t->size = used + count;
	(*t->text)[*t->size] = '\0';
	return (ssize_t)count;
}

static int on_close(void *cookie)
{
	free(cookie);
	return 0;
}

FILE *textstream_open(char **text, size_t *size)
{
	enum { FIRST = 256 };
	struct textstream *t = malloc(sizeof(*t));
	FILE *out = NULL;

	*size = 0;
	*text = t ? calloc(1, FIRST) : NULL;
	if (*text) {
		*t = (struct textstream){text, size, FIRST};
		out = fopencookie(t, "w",
				  (cookie_io_functions_t){.write = on_write, .close = on_close});
	}
	if (!out) {
		free(t);
		free(*text);
		*text = NULL;
	}
	return out;
}

bool textstream_close(FILE *out, char **text)
{
	bool failed = ferror(out);

	failed |= fclose(out) != 0;
	if (!failed)
		return true;
	free(*text);
	*text = NULL;
	return false;
}
