#include "cli/version.h"

#include <features.h>

#define TEXT(number)	     #number
#define EXPANDED(number)     TEXT(number)
#define DOTTED(major, minor) EXPANDED(major) "." EXPANDED(minor)

#ifdef __clang__
#define COMPILER                                                                                   \
	"clang " DOTTED(__clang_major__, __clang_minor__) "." EXPANDED(__clang_patchlevel__)
#else
#define COMPILER "gcc " DOTTED(__GNUC__, __GNUC_MINOR__) "." EXPANDED(__GNUC_PATCHLEVEL__)
#endif

/* The CPUs on which preload/hook.c works. */
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
