/* A capture given to --from: a file of any kind, or an archive of a tree. */
#include "fuzz.h"
#include "tree.h"

#include "source/kernel_memory.h"
#include "source/machine.h"
#include "source/segments.h"
#include "source/source.h"

#include <unistd.h>

/* What the sink has been told. */
struct account {
	unsigned begun, ended;
	bool is_open;
};

static bool on_begin(void *ctx, const struct process *process)
{
	struct account *a = ctx;

	CHECK(!a->is_open && process->known & (PROCESS_NAME | PROCESS_PID));
	a->is_open = true;
	a->begun++;
	return true;
}

static int on_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	const struct account *a = ctx;

	(void)e;
	CHECK(a->is_open && m->end >= m->start);
	return 0;
}

static void on_cancel(void *ctx)
{
	struct account *a = ctx;

	CHECK(a->is_open);
	a->is_open = false;
	a->ended++;
}

static bool on_rollup(void *ctx, const struct counters *before, const struct counters *after)
{
	(void)ctx, (void)before, (void)after;
	return true;
}

static void on_end(void *ctx, const struct ending *ending)
{
	struct account *a = ctx;

	CHECK(a->is_open && ending->outcome < OUTCOME_COUNT);
	CHECK(!ending->why || ending->why->text[0]);
	a->is_open = false;
	a->ended++;
}

static bool on_segment(void *ctx, const struct segment_id *id, struct slice name,
		       const struct segment_facts *facts)
{
	(void)ctx, (void)id, (void)facts;
	CHECK(name.len > 0);
	return true;
}

static void read_processes(const struct source *s, const struct target_list *list)
{
	struct account a = {0};
	const struct sink sink = {.ctx = &a,
				  .begin = on_begin,
				  .mapping = on_mapping,
				  .cancel = on_cancel,
				  .rollup = on_rollup,
				  .end = on_end};
	const struct reading reading = {.needs = NEED_STAT | NEED_UID | NEED_CGROUP | NEED_EXE |
						 NEED_ROLLUP | NEED_COMMAND};
	struct reader *r = reader_new(s, &reading, &sink);
	struct error e;

	CHECK(r);
	for (size_t i = 0; i < list->count && i < 8; i++)
		CHECK(reader_read(r, list->targets[i], &e) == 0);
	CHECK(a.begun == a.ended);
	reader_free(r);
}

static void read_machine(const struct source *s)
{
	struct kernel_memory memory;
	struct machine machine;
	struct error e;

	machine_read(s, &machine);
	CHECK(kernel_memory_read(s, &memory, &e) == 0 || e.text[0]);
	kernel_memory_free(&memory);
	CHECK(segments_list(s, on_segment, NULL));
}

static void read_all(char *path)
{
	struct target_list list = {NULL, 0};
	struct error e = {.code = ERROR_NONE};
	struct source *s = source_open_from(&path, 1, &e);

	CHECK(s);
	if (source_load(s, &e) == 0 && source_targets(s, &list, &e) == 0) {
		read_processes(s, &list);
		if (source_kind(s) == SOURCE_TREE)
			read_machine(s);
	} else {
		CHECK(e.text[0]);
	}
	free(list.targets);
	source_close(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[160];
	int fd = tree_open("archive");

	CHECK(ftruncate(fd, 0) == 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
	snprintf(path, sizeof(path), "%s/%d/archive", tree_path(), TREE_PID);
	read_all(path);
	return 0;
}
