/*
 * vmas: the mappings of the own process and what naming means to each, in ascending order, without
 * memory of one's own: by ioctl(PROCMAP_QUERY) (Linux 6.11), or else by the text of maps.
 */
#ifndef LABEL_VMAS_H
#define LABEL_VMAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vma_kind {
	VMA_ANON,
	VMA_SHMEM,   /* shared anonymous memory, or a memfd */
	VMA_TABLE,   /* a memfd with the name of layout.h */
	VMA_SPECIAL, /* of the kernel's own: cannot be divided */
	VMA_FILE,    /* everything else: cannot be named */
};

struct vma {
	uint64_t start, end;
	enum vma_kind kind;
	uint64_t inode;
};

struct vmas {
	int fd;
	bool text;
	char buffer[4096];
	size_t used, filled; /* of the text */
};

/* `text` avoids the ioctl. False with errno if there is no /proc. */
bool vmas_open(struct vmas *v, bool text);

/* The first mapping that ends behind an address, which may not go down from call to call. False if
 * there is none. */
bool vmas_next(struct vmas *v, uint64_t address, struct vma *vma);

void vmas_close(struct vmas *v);

#endif
