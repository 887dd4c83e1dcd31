#include "source/pagescan.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

int pagescan(int fd, struct pm_scan_arg *arg)
{
	const uint64_t wanted = PAGE_IS_PRESENT | PAGE_IS_SWAPPED;
	uint64_t unwanted = PAGE_IS_PFNZERO | PAGE_IS_GUARD;
	int n;

	for (;;) {
		arg->category_inverted = arg->category_mask = unwanted;
		arg->category_anyof_mask = arg->return_mask = wanted;
		n = (int)TEMP_FAILURE_RETRY(ioctl(fd, PAGEMAP_SCAN, arg));
		if (n >= 0 || errno != EINVAL || !(unwanted & PAGE_IS_GUARD))
			return n;
		unwanted = PAGE_IS_PFNZERO; /* this kernel cannot tell guards from swap */
	}
}
