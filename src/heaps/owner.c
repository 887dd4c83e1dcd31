#include "heaps/owner.h"

#include "label/syscalls.h"

uint16_t *owner_root[OWNER_ROOT];

static void *map(size_t size)
{
	return sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static bool has_leaf(uint16_t **place)
{
	const size_t size = OWNER_LEAF * sizeof(**place);
	uint16_t *none = NULL;
	void *leaf;

	if (__atomic_load_n(place, __ATOMIC_ACQUIRE))
		return true;
	leaf = map(size);
	if (leaf == MAP_FAILED)
		leaf = map(size);
	if (leaf == MAP_FAILED)
		return false;
	if (!__atomic_compare_exchange_n(place, &none, leaf, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		sys_munmap(leaf, size); /* another thread was faster */
	return true;
}

bool owner_set(const void *start, size_t size, unsigned owner)
{
	uintptr_t first = (uintptr_t)start >> OWNER_SHIFT;
	uintptr_t last = ((uintptr_t)start + size - 1) >> OWNER_SHIFT;

	if (last / OWNER_LEAF >= OWNER_ROOT)
		return false;
	for (uintptr_t leaf = first / OWNER_LEAF; leaf <= last / OWNER_LEAF; leaf++) {
		if (!has_leaf(&owner_root[leaf]))
			return false;
	}
	for (uintptr_t at = first; at <= last; at++)
		__atomic_store_n(&owner_root[at / OWNER_LEAF][at % OWNER_LEAF], (uint16_t)owner,
				 __ATOMIC_RELAXED);
	return true;
}
