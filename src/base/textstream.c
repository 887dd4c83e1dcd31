#include "base/textstream.h"

#include <stdlib.h>

bool textstream_close(FILE *out, char **text)
{
	bool failed = ferror(out);

	failed |= fclose(out) != 0;
	if (!failed && *text)
		return true;
	free(*text);
	*text = NULL;
	return false;
}
