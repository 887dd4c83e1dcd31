/* So many pieces of memory with a name each, by libanonmem. */
#include <anonmem/anonmem.h>
#include <stdio.h>

int main(void)
{
	enum { PIECES = 600, SIZE = 4096 };

	for (int i = 0; i < PIECES; i++) {
		char *at = anonmem_map(SIZE, "piece");

		if (!at || anonmem_namef(at, SIZE, "piece %d", i))
			return 1;
		at[0] = 1;
	}
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
