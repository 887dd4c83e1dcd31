/* 64 MiB in large pieces, with few calls; with an argument, so many of 64 pieces are freed at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES = 64, SIZE = 1 << 20 };

int main(int argc, char **argv)
{
	int freed = argc > 1 ? atoi(argv[1]) : 0;
	static char *pieces[PIECES];

	for (int i = 0; i < PIECES; i++) {
		pieces[i] = malloc(SIZE);
		memset(pieces[i], 1, SIZE);
	}
	for (int i = 0; i < freed; i++)
		free(pieces[i]);
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
