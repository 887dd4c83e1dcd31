#include "label/memfd.h"

#include "label/layout.h"
#include "label/syscalls.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

int memfd_open(void)
{
	struct rlimit limit;
	int fd;

	/* Exceeding the file size limit would raise SIGXFSZ rather than just fail. */
	if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur < sizeof(struct layout))
		return -1;
	fd = memfd_create(LAYOUT_MEMFD, MFD_CLOEXEC);
	if (fd >= 0 && ftruncate(fd, sizeof(struct layout)) < 0) {
		sys_close(fd);
		fd = -1;
	}
	return fd;
}
