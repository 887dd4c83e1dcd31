#include "source/process_memory.h"

#include "source/pause.h"

#include <errno.h>
#include <unistd.h>

void process_memory_begin(struct process_memory *p, struct io *io, const struct procdir *dir)
{
	*p = (struct process_memory){.io = io, .dir = dir, .mem = -1, .map = -1};
}

void process_memory_end(struct process_memory *p)
{
	if (p->mem >= 0)
		close(p->mem);
	if (p->map >= 0)
		close(p->map);
	p->mem = p->map = -1;
}

bool process_memory_open(struct process_memory *p)
{
	if (p->map < 0)
		p->map = io_open(p->io, p->dir, "pagemap");
	if (p->map >= 0 && p->mem < 0)
		p->mem = io_open(p->io, p->dir, "mem");
	return p->map >= 0 && p->mem >= 0;
}

static bool read_whole(int fd, void *to, size_t size, uint64_t offset)
{
	size_t used = 0;
	ssize_t got = 1;

	while (used < size && got > 0) {
		got = TEMP_FAILURE_RETRY(
			pread(fd, (char *)to + used, size - used, (off_t)(offset + used)));
		used += got > 0 ? (size_t)got : 0;
	}
	return used == size;
}

/* The few calls that most processes take are over before anybody has waited for long. */
static void spare(struct process_memory *p)
{
	enum { FEW = 32 };

	if (p->io->reading.max_stall_ns == 0)
		return;
	if (p->calls < FEW)
		p->calls++;
	else
		pause_for_others();
}

bool process_memory_read(struct process_memory *p, uint64_t at, void *to, size_t size)
{
	spare(p);
	return read_whole(p->mem, to, size, at);
}

bool process_memory_pages(struct process_memory *p, uint64_t page, uint64_t *entries, size_t count)
{
	spare(p);
	return read_whole(p->map, entries, count * sizeof(*entries), page * sizeof(*entries));
}
