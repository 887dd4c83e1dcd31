/* A sandbox in which files cannot be opened, so the program cannot read its own mappings. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

int main(void)
{
	enum { MIB = 1 << 20 };
	struct rlimit none = {0, 0};
	char *at = mmap(0, 4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 4 * MIB; i += 4096)
		at[i] = 1;
	setrlimit(RLIMIT_NOFILE, &none);
	if (prctl(PR_SET_VMA, 0, at + MIB, MIB, "inside") ||
	    !prctl(PR_SET_VMA, 0, 0, MIB, "nowhere"))
		return 1;
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
