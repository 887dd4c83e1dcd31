/* Loads the libraries it is given, one in the place of the other, and closes them. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { TIMES = 300, SIZE = 10000 };

int main(int argc, char **argv)
{
	for (int i = 0; i < TIMES; i++) {
		void *library = dlopen(argv[1 + i % (argc - 1)], RTLD_NOW);
		void *(*keep)(size_t);

		if (!library)
			return 1;
		*(void **)&keep = dlsym(library, "plugin_keep");
		if (!keep(SIZE))
			return 2;
		dlclose(library);
	}
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
