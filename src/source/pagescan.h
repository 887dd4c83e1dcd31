/* pagescan: ioctl(PAGEMAP_SCAN) on /proc/PID/pagemap, Linux 6.7; for src/source/ only. */
#ifndef SOURCE_PAGESCAN_H
#define SOURCE_PAGESCAN_H

#include <stdint.h>
#include <sys/ioctl.h>

/* From the kernel's include/uapi/linux/fs.h, which Debian 12 has in a version before 6.7. */
struct page_region {
	uint64_t start, end, categories;
};

struct pm_scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#ifndef PAGEMAP_SCAN
#define PAGEMAP_SCAN	_IOWR('f', 16, struct pm_scan_arg)
#define PAGE_IS_FILE	(1 << 2)
#define PAGE_IS_PRESENT (1 << 3)
#define PAGE_IS_SWAPPED (1 << 4)
#define PAGE_IS_PFNZERO (1 << 5)
#endif

#endif
