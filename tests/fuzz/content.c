/* What a capture keeps of the memory of a process, at which signs look. */
#include "fuzz.h"
#include "tree.h"

#include "classify/signs.h"
#include "source/source.h"

#include <unistd.h>

#define FIELDS "Size: 4096 kB\nRss: 4096 kB\nPss: 4096 kB\nPrivate_Dirty: 4096 kB\nSwap: 0 kB\n"

static const char smaps[] = "00400000-00401000 r-xp 00000000 08:01 11 /bin/it\n" FIELDS
			    "00800000-00c00000 rw-p 00000000 00:00 0 \n" FIELDS
			    "7f0000000000-7f0000400000 rw-p 00000000 00:00 0 \n" FIELDS
			    "7f0004000000-7f0004400000 rw-p 00000000 00:00 0 \n" FIELDS;

static uint64_t before;

static bool on_begin(void *ctx, const struct process *process)
{
	(void)ctx, (void)process;
	before = 0;
	return true;
}

/* Parts lie one behind the other. */
static int on_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	(void)ctx, (void)e;
	CHECK(m->start >= before && m->end > m->start);
	CHECK(m->counters.bytes[COUNTER_RSS] <= 4096 * 1024);
	before = m->end;
	return 0;
}

static void on_cancel(void *ctx)
{
	(void)ctx;
	before = 0;
}

static void on_end(void *ctx, const struct ending *ending)
{
	(void)ctx;
	CHECK(ending->outcome == OUTCOME_READ);
}

static void write_file(const char *name, const void *bytes, size_t size)
{
	int fd = tree_open(name);

	CHECK(ftruncate(fd, 0) == 0 && pwrite(fd, bytes, size, 0) == (ssize_t)size);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sink sink = {
		.begin = on_begin, .mapping = on_mapping, .cancel = on_cancel, .end = on_end};
	const struct reading how = {.signs = &signs};
	struct error e;
	struct source *s;
	struct reader *r;

	write_file("smaps", smaps, sizeof(smaps) - 1);
	write_file("content", data, size);
	s = source_open_proc(tree_path(), NULL, 0, &e);
	CHECK(s);
	r = reader_new(s, &how, &sink);
	CHECK(r && reader_read(r, (struct target){.pid = TREE_PID}, &e) == 0);
	reader_free(r);
	source_close(s);
	return 0;
}
