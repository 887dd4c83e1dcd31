#include "label/redirect.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gnu/lib-names.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/single_threaded.h>
#include <unistd.h>

/* A jump to any address. The instruction that marks where calls may arrive stays before it. */
#if defined(__x86_64__)
static const unsigned char landing[] = {0xf3, 0x0f, 0x1e, 0xfa};	  /* endbr64 */
static const unsigned char jump[] = {0xff, 0x25, 0x00, 0x00, 0x00, 0x00}; /* jmp *(%rip) */
#elif defined(__aarch64__) && defined(__LITTLE_ENDIAN__)
static const unsigned char landing[] = {0x5f, 0x24, 0x03, 0xd5}; /* bti c */
static const unsigned char jump[] = {0x51, 0x00, 0x00, 0x58,	 /* ldr x17, .+8 */
				     0x20, 0x02, 0x1f, 0xd6};	 /* br x17 */
#else
static const unsigned char landing[] = {0}, jump[] = {0};
#define UNKNOWN_PROCESSOR
#endif

/* The code of a function, and how long it is; NULL if that cannot be told. */
static char *find_code(const char *function, size_t *size)
{
	void *libc = dlopen(LIBC_SO, RTLD_LAZY | RTLD_NOLOAD), *code = NULL;
	const ElfW(Sym) *symbol = NULL;
	Dl_info info;

	if (!libc)
		return NULL;
	code = dlsym(libc, function);
	if (code && dladdr1(code, &info, (void **)(void *)&symbol, RTLD_DL_SYMENT) && symbol &&
	    info.dli_saddr == code)
		*size = symbol->st_size;
	else
		code = NULL;
	dlclose(libc); /* it stays, since everybody needs it */
	return code;
}

/* By way of the kernel, which makes a private copy of the page and leaves its protection as it is:
 * at no time can code be written to. */
static bool write_code(const char *at, const void *bytes, size_t size)
{
	int fd = open("/proc/self/mem", O_WRONLY | O_CLOEXEC);
	bool written;

	if (fd < 0)
		return false;
	written = pwrite(fd, bytes, size, (off_t)(uintptr_t)at) == (ssize_t)size;
	close(fd);
	return written;
}

bool redirect(const char *function, void (*to)(void))
{
	unsigned char code[sizeof(jump) + sizeof(to)];
	size_t size = 0;
	char *at = find_code(function, &size);

#ifdef UNKNOWN_PROCESSOR
	return false;
#endif
	if (!at || !__libc_single_threaded || size < sizeof(landing) + sizeof(code))
		return false;
	if (memcmp(at, landing, sizeof(landing)) == 0)
		at += sizeof(landing);
	memcpy(code, jump, sizeof(jump));
	memcpy(code + sizeof(jump), &to, sizeof(to));
	return write_code(at, code, sizeof(code));
}
