/* pagescan: ioctl(PAGEMAP_SCAN) on /proc/PID/pagemap, Linux 6.7; for src/source/ only. */
#ifndef SOURCE_PAGESCAN_H
#define SOURCE_PAGESCAN_H

#include <stdint.h>
#include <sys/ioctl.h>

/* From the kernel's include/uapi/linux/fs.h; Debian 12 has headers from before 6.7. */
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
#ifndef PAGE_IS_GUARD /* Linux 6.16 */
#define PAGE_IS_GUARD (1 << 8)
#endif

/*
 * Finds pages that are present or look swapped, except the zero page and, if the kernel can tell,
 * guards (MADV_GUARD_INSTALL). Markers of userfaultfd(2) for missing pages (write-protect, poison)
 * look swapped too. Returns what ioctl() does; sets the categories in *arg itself.
 */
int pagescan(int fd, struct pm_scan_arg *arg);

#endif
