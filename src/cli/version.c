#include "cli/version.h"

#include <features.h>

#define TEXT(number)	     #number
#define DOTTED(major, minor) TEXT(major) "." TEXT(minor)

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

/* The processors whose C library preload/hook.c can make call the preloaded one. */
#if defined(__x86_64__) || (defined(__aarch64__) && defined(__LITTLE_ENDIAN__))
#define NAMES "+names"
#else
#define NAMES "-names"
#endif

void version_write(FILE *to)
{
	fputs("anonmem " ANONMEM_VERSION "\n"
	      "Built with " COMPILER
	      ", glibc " DOTTED(__GLIBC__, __GLIBC_MINOR__) ", " ANONMEM_LIBRARIES "\n",
	      to);
	fprintf(to, "%csandbox " NAMES "\n", ANONMEM_SANDBOX ? '+' : '-');
}
