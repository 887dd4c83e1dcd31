/*
 * vmas: lists the mappings of this process and how each can be named, in ascending order and
 * without allocating: with ioctl(PROCMAP_QUERY) (Linux 6.11), or else from the text of maps.
 */
#ifndef LABEL_VMAS_H
#define LABEL_VMAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vma_kind {
	VMA_ANON,
	VMA_SHMEM,   /* shared anonymous memory, or a memfd */
	VMA_TABLE,   /* a memfd with LAYOUT_MEMFD as its name */
	VMA_SPECIAL, /* the kernel's own: cannot be split */
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

/* `text` disables the ioctl. False with errno if there is no /proc. */
bool vmas_open(struct vmas *v, bool text);

/* Finds the first mapping that ends after an address; addresses must not decrease from call to
 * call. False if there is none. */
bool vmas_next(struct vmas *v, uint64_t address, struct vma *vma);

void vmas_close(struct vmas *v);

#endif
