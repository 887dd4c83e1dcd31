/* Memory that must stay resident, within a limit; and a name for some after that. */
#include <anonmem/anonmem.h>
#include <stdio.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
	void *memory = NULL;

	(void)argv;
	if (argc > 1)
		memory = anonmem_map(1 << 16, "before");
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0) {
		perror("mlockall");
		return 1;
	}
	if (argc > 1 && (!memory || !anonmem_map(1 << 16, "after")))
		return 2;
	puts("locked");
	return 0;
}
