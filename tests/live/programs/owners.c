/* Memory of this program and of two libraries, as much as test_run_heaps.py says; some of a
 * library's is changed in size, and some freed, by the program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *store_new(size_t size);
char *store_copy(const char *text);
void *new_strings(unsigned count);

enum { MIB = 1 << 20, SMALL = 1000 };

int main(void)
{
	static char text[SMALL];
	char *large = store_new(MIB);

	memset(text, 'x', sizeof(text) - 1);
	/* The library: 4 MiB in small pieces, 3 MiB of copies, and one of 40 MiB. */
	for (int i = 0; i < 4 * MIB / SMALL; i++)
		store_new(SMALL);
	for (int i = 0; i < 3 * MIB / SMALL; i++)
		store_copy(text);
	large = realloc(large, 40 * MIB);
	memset(large, 2, 40 * MIB);
	for (int i = 0; i < 20 * MIB / SMALL; i++)
		free(store_new(SMALL));
	/* The one in C++: 5 MiB. */
	new_strings(5 * MIB / 500);
	/* The program: 2 MiB. */
	for (int i = 0; i < 2 * MIB / SMALL; i++)
		memset(malloc(SMALL), 3, SMALL);
	puts("ready");
	fflush(stdout);
	getchar();
	free(large);
	return 0;
}
