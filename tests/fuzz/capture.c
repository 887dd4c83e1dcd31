/* A file given to --smaps, in any encoding, captured in any way. */
#include "fuzz.h"
#include "tree.h"

#include "source/source.h"

#include <unistd.h>

/* What the sink received. */
struct account {
	unsigned begun, ended;
	bool is_open;
	uint64_t before; /* start of the previous mapping of the same process */
};

static bool on_begin(void *ctx, const struct process *process)
{
	struct account *a = ctx;

	CHECK(!a->is_open && process->known & PROCESS_NAME);
	CHECK(!(process->known & PROCESS_PID) || process->pid > 0);
	a->is_open = true;
	a->begun++;
	a->before = 0;
	return true;
}

static int on_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	struct account *a = ctx;

	(void)e;
	CHECK(a->is_open && m->start >= a->before && m->end >= m->start);
	a->before = m->start;
	return 0;
}

static void on_cancel(void *ctx)
{
	(void)ctx;
	CHECK(false);
}

static void on_end(void *ctx, const struct ending *ending)
{
	struct account *a = ctx;

	CHECK(a->is_open && ending->outcome < OUTCOME_COUNT);
	CHECK(!ending->why || ending->why->text[0]);
	a->is_open = false;
	a->ended++;
}

static void read_file(char *path)
{
	struct account a = {0};
	const struct sink sink = {.ctx = &a,
				  .begin = on_begin,
				  .mapping = on_mapping,
				  .cancel = on_cancel,
				  .end = on_end};
	const struct reading reading = {0};
	struct error e = {.code = ERROR_NONE};
	struct source *s = source_open_files(&path, 1, &e);
	struct reader *r = reader_new(s, &reading, &sink);

	CHECK(s && r);
	CHECK(reader_read(r, (struct target){0}, &e) == 0);
	CHECK(a.begun > 0 && a.begun == a.ended);
	reader_free(r);
	source_close(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[160];
	int fd = tree_open("smaps");

	CHECK(ftruncate(fd, 0) == 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
	snprintf(path, sizeof(path), "%s/%d/smaps", tree_path(), TREE_PID);
	read_file(path);
	return 0;
}
