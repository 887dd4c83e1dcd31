/* A library whose memory is older than any other preloaded library, and a program that uses
 * it: with -DLIBRARY it is the former. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef LIBRARY
char *early[4];

__attribute__((constructor)) static void begin(void)
{
	for (int i = 0; i < 4; i++)
		early[i] = strdup("older than all");
}
#else
extern char *early[4];

int main(void)
{
	if (malloc_usable_size(early[0]) < 15)
		return 1;
	free(early[0]);
	early[1] = realloc(early[1], 100000);
	early[2] = realloc(early[2], 5);
	if (strcmp(early[1], "older than all") || strncmp(early[2], "older", 5))
		return 2;
	free(early[1]);
	free(early[2]);
	return realloc(early[3], 0) ? 3 : 0;
}
#endif
