#include "label/room.h"

#include "label/memfd.h"
#include "label/syscalls.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

/* At first: 64 KiB each. */
enum {
	FIRST_BLOCKS = 15,
	FIRST_NAMES = 0x10000 / sizeof(struct layout_name),
	ACCESS = PROT_READ | PROT_WRITE,
};

#define BLOCKS	offsetof(struct layout, blocks)
#define NAMES	offsetof(struct layout, names)
#define BUCKETS offsetof(struct layout, buckets)

static uintptr_t page_size(void)
{
	return (uintptr_t)sysconf(_SC_PAGESIZE);
}

static uintptr_t round_down(uintptr_t n)
{
	return n / page_size() * page_size();
}

static uintptr_t round_up(uintptr_t n)
{
	return round_down(n + page_size() - 1);
}

/* Sanitizers that end a program if there is memory where they expect none; AddressSanitizer does if
 * the table is made before it begins, as by a library that is initialized first. */
extern void tsan_init(void) __asm__("__tsan_init") __attribute__((weak));
extern void msan_init(void) __asm__("__msan_init") __attribute__((weak));
extern void asan_init(void) __asm__("__asan_init") __attribute__((weak));

/* An address below the libraries and above a program that is not position-independent, so that a
 * reader of maps, which goes from low to high addresses, finds the table early. It is random within
 * that area, so that nobody can rely on it. */
static char *somewhere_low(void)
{
	const uint64_t from = UINT64_C(1) << 40, room = UINT64_C(1) << 46, unit = 1 << 16;
	uint64_t random = 0;

	if (sizeof(void *) < 8 || tsan_init || msan_init || asan_init ||
	    syscall(SYS_getrandom, &random, sizeof(random), GRND_NONBLOCK) < 0)
		return NULL;
	return (char *)(uintptr_t)(from + random % room / unit * unit);
}

/* The parts of a table at `base` that are mapped at first. */
static const struct part {
	size_t start, end;
} parts[] = {
	{0, BLOCKS + FIRST_BLOCKS * sizeof(struct layout_block)},
	{NAMES, NAMES + FIRST_NAMES * sizeof(struct layout_name)},
	{BUCKETS, sizeof(struct layout)},
};
enum { PARTS = sizeof(parts) / sizeof(*parts) };

/* Maps at an address where nothing is mapped; older kernels take it for a hint. */
static bool map_at(char *start, const char *end, int flags, int fd, off_t offset)
{
	size_t size = (size_t)(end - start);
	void *at = sys_mmap(start, size, ACCESS,
			    MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED_NOREPLACE | flags, fd, offset);

	if (at != MAP_FAILED && at != start)
		sys_munmap(at, size);
	return at == start;
}

static void set_room(struct layout *t)
{
	t->head.block_room = FIRST_BLOCKS;
	t->head.name_room = FIRST_NAMES;
}

static struct layout *map_parts(int fd)
{
	char *base = somewhere_low();
	unsigned mapped = 0;

	if (!base)
		return NULL;
	for (; mapped < PARTS; mapped++) {
		uintptr_t start = round_down(parts[mapped].start);

		if (!map_at(base + start, base + round_up(parts[mapped].end), 0, fd, (off_t)start))
			break;
	}
	if (mapped == PARTS) {
		set_room((struct layout *)(void *)base);
		return (struct layout *)(void *)base;
	}
	while (mapped-- > 0)
		sys_munmap(base + round_down(parts[mapped].start),
			   round_up(parts[mapped].end) - round_down(parts[mapped].start));
	return NULL;
}

/* If address space is short, no place is reserved for the table: other memory may take what is
 * given back here, and the table stays as small as it is. */
static void give_back(struct layout *t)
{
	char *base = (char *)t;

	set_room(t);
	for (unsigned i = 0; i + 1 < PARTS; i++) {
		char *from = base + round_up(parts[i].end);

		sys_munmap(from, (size_t)(base + round_down(parts[i + 1].start) - from));
	}
}

static struct layout *map_whole(int fd)
{
	struct layout *t = sys_mmap(NULL, sizeof(*t), ACCESS, MAP_PRIVATE | MAP_NORESERVE, fd, 0);

	if (t == MAP_FAILED)
		return NULL;
	if (sizeof(void *) < 8)
		give_back(t);
	return t;
}

struct layout *room_map(void)
{
	struct layout *t;
	int fd = memfd_open();

	if (fd < 0)
		return NULL;
	t = map_parts(fd);
	if (!t)
		t = map_whole(fd);
	sys_close(fd);
	return t;
}

void room_unmap(struct layout *t)
{
	char *base = (char *)t;

	if (t->head.block_room == 0) {
		sys_munmap(t, sizeof(*t));
		return;
	}
	for (unsigned i = PARTS; i-- > 0;)
		sys_munmap(base + round_down(parts[i].start),
			   round_up(parts[i].end) - round_down(parts[i].start));
}

/* Maps the table up to `to`, after `from`, where its mapped part ends, and below `limit`, where the
 * next mapped part begins. */
static bool extend(struct layout *t, size_t from, size_t to, size_t limit)
{
	char *base = (char *)t;
	uintptr_t start = round_up(from), end = round_up(to);

	end = end < round_down(limit) ? end : round_down(limit);
	return end <= start || map_at(base + start, base + end, MAP_ANONYMOUS, -1, 0);
}

bool room_for_blocks(struct layout *t, uint32_t blocks)
{
	uint32_t room = t->head.block_room, wanted = 2 * room;

	if (room == 0 || blocks <= room)
		return blocks <= LAYOUT_BLOCKS;
	wanted = wanted < LAYOUT_BLOCKS ? wanted : LAYOUT_BLOCKS;
	if (blocks > wanted || !extend(t, BLOCKS + room * sizeof(struct layout_block),
				       BLOCKS + wanted * sizeof(struct layout_block), NAMES))
		return false;
	t->head.block_room = wanted;
	return true;
}

bool room_for_names(struct layout *t, uint32_t names)
{
	uint32_t room = t->head.name_room, wanted = 2 * room;

	if (room == 0 || names <= room)
		return names <= LAYOUT_NAMES;
	wanted = wanted < LAYOUT_NAMES ? wanted : LAYOUT_NAMES;
	if (names > wanted || !extend(t, NAMES + room * sizeof(struct layout_name),
				      NAMES + wanted * sizeof(struct layout_name), BUCKETS))
		return false;
	t->head.name_room = wanted;
	return true;
}
