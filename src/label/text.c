#include "label/text.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

bool text_allows(unsigned char byte)
{
	return byte >= 0x20 && byte <= 0x7e && !strchr("\\`$[]", byte);
}

/* Asks the kernel whether the four bytes around an address are readable: a futex wait with no
 * timeout reads them first. */
static bool is_readable(uintptr_t address)
{
	static const struct timespec no_time = {0};
	const uintptr_t bytes = sizeof(uint32_t);
	int before = errno;
	bool readable;

	syscall(SYS_futex, address / bytes * bytes, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, &no_time);
	readable = errno != EFAULT;
	errno = before;
	return readable;
}

int text_copy(char copy[ANONMEM_NAME_MAX + 1], const char *name)
{
	enum { SMALLEST_PAGE = 4096 };
	bool allowed = true;

	memset(copy, 0, ANONMEM_NAME_MAX + 1);
	for (size_t i = 0; i <= ANONMEM_NAME_MAX; i++) {
		uintptr_t address = (uintptr_t)name + i;

		if ((i == 0 || address % SMALLEST_PAGE == 0) && !is_readable(address)) {
			errno = EFAULT;
			return -1;
		}
		if (name[i] == '\0') {
			errno = allowed ? errno : EINVAL;
			return allowed ? 0 : -1;
		}
		allowed &= text_allows((unsigned char)name[i]);
		copy[i] = name[i];
	}
	errno = EINVAL;
	return -1;
}
