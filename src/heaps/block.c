#include "heaps/block.h"

#include "heaps/chunk.h"
#include "heaps/heap.h"
#include "heaps/owner.h"

#include <stdint.h>

/* Stands before each block. */
struct head {
	size_t offset; /* of the block in its mapping */
	size_t mapped; /* bytes */
};

enum { PAGE = 4096, HEAD = 64 };

static size_t sums[HEAP_MAX];

static struct head *head_of(const void *block)
{
	return (struct head *)(uintptr_t)block - 1;
}

static void add(unsigned heap, size_t mapped)
{
	__atomic_add_fetch(&sums[heap], mapped, __ATOMIC_RELAXED);
}

/* How much is mapped for a block; 0 if it is too large. */
static size_t size_mapped(size_t size, size_t offset)
{
	size_t mapped;

	if (__builtin_add_overflow(size, offset + PAGE - 1, &mapped))
		return 0;
	return mapped / PAGE * PAGE;
}

void *block_new(unsigned heap, size_t size, size_t alignment)
{
	size_t offset = alignment > HEAD ? alignment : HEAD, mapped;
	char *memory;

	mapped = size_mapped(size, offset);
	memory =
		mapped ? chunk_map(mapped, OWNER_CHUNK, heap | OWNER_ALONE, heap_name(heap)) : NULL;
	if (!memory)
		return NULL;
	*head_of(memory + offset) = (struct head){offset, mapped};
	add(heap, mapped);
	return memory + offset;
}

void *block_resize(unsigned heap, void *block, size_t size)
{
	const struct head head = *head_of(block);
	size_t mapped = size_mapped(size, head.offset);
	char *memory = (char *)block - head.offset;

	if (mapped == 0)
		return NULL;
	if (mapped != head.mapped)
		memory = chunk_remap(memory, head.mapped, mapped, heap | OWNER_ALONE,
				     heap_name(heap));
	if (!memory)
		return NULL;
	head_of(memory + head.offset)->mapped = mapped;
	add(heap, mapped - head.mapped);
	return memory + head.offset;
}

void block_free(unsigned heap, void *block)
{
	const struct head head = *head_of(block);

	add(heap, -head.mapped);
	chunk_unmap((char *)block - head.offset, head.mapped);
}

size_t block_size(const void *block)
{
	const struct head *head = head_of(block);

	return head->mapped - head->offset;
}

size_t block_sum(unsigned heap)
{
	return __atomic_load_n(&sums[heap], __ATOMIC_RELAXED);
}
