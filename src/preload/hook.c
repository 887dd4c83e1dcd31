#include "preload/hook.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gnu/lib-names.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/single_threaded.h>
#include <unistd.h>

/* A jump to any address. It is written after the landing instruction, which marks a valid target of
 * indirect calls. */
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

enum { CODE_MAX = sizeof(jump) + sizeof(void (*)(void)) };

/* Finds the code of a function, and its size; NULL if that cannot be determined. */
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
	dlclose(libc); /* it stays loaded */
	return code;
}

/* Writes through the kernel, which makes a private copy of the page and keeps its protection: code
 * is never writable. If there is no memory to copy a second page, the write to the first one is
 * undone. */
static bool write_code(const char *at, const void *bytes, size_t size)
{
	int fd = open("/proc/self/mem", O_WRONLY | O_CLOEXEC);
	const off_t where = (off_t)(uintptr_t)at;
	unsigned char before[CODE_MAX];
	ssize_t n, back = 0;

	if (fd < 0)
		return false;
	memcpy(before, at, size);
	n = pwrite(fd, bytes, size, where);
	if (n > 0 && n < (ssize_t)size)
		back = pwrite(fd, before, (size_t)n, where);
	(void)back; /* that page is private by now */
	close(fd);
	return n == (ssize_t)size;
}

bool hook_install(const char *function, void (*to)(void))
{
	unsigned char code[CODE_MAX];
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
