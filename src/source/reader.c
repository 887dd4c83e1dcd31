/*
 * A reader of a source, whatever its kind.
 */
#include "source/files.h"
#include "source/procfs.h"
#include "source/remembered.h"

#include <stdlib.h>

struct reader {
	struct source source; /* a copy, so that the source need not outlive the reader */
	struct io io;
	struct procfs procfs;
	struct remembered *remembered; /* that is shared; or NULL */
};

struct reader *reader_new(const struct source *s, const struct reading *reading,
			  const struct sink *sink)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->source = *s;
	procfs_init(&r->procfs, &r->source, &r->io);
	if (!io_init(&r->io, reading, sink)) {
		reader_free(r);
		return NULL;
	}
	remembered_share(reading->remembered);
	r->remembered = reading->remembered;
	r->io.copy = &r->procfs.copy;
	return r;
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	procfs_free(&r->procfs);
	io_free(&r->io);
	remembered_free(r->remembered);
	free(r);
}

const struct read_stats *reader_stats(const struct reader *r)
{
	return &r->io.stats;
}

int reader_read(struct reader *r, struct target target, struct error *e)
{
	r->io.pid = target.pid;
	if (r->source.kind == SOURCE_SMAPS)
		return files_read(&r->source, &r->io, target.file, e);
	return procfs_read(&r->procfs, &target, e);
}

void read_stats_add(struct read_stats *sum, const struct read_stats *part)
{
	sum->bytes += part->bytes;
	sum->calls += part->calls;
	if (part->longest_ns > sum->longest_ns) {
		sum->longest_ns = part->longest_ns;
		sum->longest_pid = part->longest_pid;
	}
}
