/* 64 MiB in pieces of 1 KiB, of which every other one is freed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECES = 1 << 16, SIZE = 1 << 10 };

int main(void)
{
	static char *pieces[PIECES];

	for (int i = 0; i < PIECES; i++) {
		pieces[i] = malloc(SIZE);
		memset(pieces[i], 1, SIZE);
	}
	for (int i = 0; i < PIECES; i += 2)
		free(pieces[i]);
	/* Figures are refreshed while it allocates. */
	for (int i = 0; i < 20; i++) {
		for (int n = 0; n < 5000; n++) {
			void *volatile piece = malloc(SIZE);

			free(piece);
		}
		usleep(5000);
	}
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
