/* So many mappings with a name each, every other one unmapped again. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>

enum { PIECES = 6000, SIZE = 4096 };

int main(void)
{
	char name[40];

	for (int i = 0; i < PIECES; i++) {
		char *at =
			mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		at[0] = 1;
		snprintf(name, sizeof(name), "piece %d", i);
		if (prctl(PR_SET_VMA, 0, at, SIZE, name))
			return 1;
		if (i % 2 && munmap(at, SIZE))
			return 1;
	}
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
