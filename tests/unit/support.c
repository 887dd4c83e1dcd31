#include "support.h"

#include "base/escape.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

void _assert_slice(struct slice got, struct slice wanted, const char *what, const char *file,
		   int line)
{
	if (slice_equals(got, wanted))
		return;
	print_error("%s is \"%.*s\" (%zu bytes), not \"%.*s\" (%zu bytes)\n", what, (int)got.len,
		    got.ptr, got.len, (int)wanted.len, wanted.ptr, wanted.len);
	_fail(file, line);
}

void _assert_contains(const char *text, const char *part, const char *file, int line)
{
	if (strstr(text, part))
		return;
	print_error("\"%s\" does not hold \"%s\"\n", text, part);
	_fail(file, line);
}

int dump_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	FILE *out = ctx;

	(void)e;
	fprintf(out, "%" PRIx64 "-%" PRIx64 " %s %" PRIx64 " %" PRIx32 ":%" PRIx32 " %" PRIu64 " <",
		m->start, m->end, m->perms, m->offset, m->dev_major, m->dev_minor, m->inode);
	escape_write(out, m->name);
	putc('>', out);
	for (int i = 0; i < COUNTER_COUNT; i++) {
		if (counters_know(&m->counters, (enum counter)i))
			fprintf(out, " %d=%" PRIu64, i, m->counters.bytes[i]);
	}
	putc('\n', out);
	return 0;
}

static size_t piece_size(int piece, size_t left, unsigned *seed)
{
	size_t n = left;

	if (piece == PIECE_RANDOM)
		n = (size_t)rand_r(seed) % 200;
	else if (piece > 0)
		n = (size_t)piece;
	return n < left ? n : left;
}

int feed_all(struct smaps_parser *p, struct slice text, int piece, struct error *e)
{
	unsigned seed = 1;

	while (text.len) {
		size_t size, n;
		char *room = smaps_reserve(p, &size);

		assert_non_null(room);
		assert_true(size >= 4096);
		n = piece_size(piece, text.len < size ? text.len : size, &seed);
		memcpy(room, text.ptr, n);
		text = slice_inner(text, n, 0);
		if (smaps_feed(p, n, e) < 0)
			return -1;
	}
	return smaps_end(p, e);
}

char *parse_dump(struct slice text, enum smaps_kind kind, int piece, bool learns)
{
	struct error e = {.code = ERROR_NONE};
	struct smaps_parser *p;
	char *dump = NULL;
	size_t size;
	FILE *out = open_memstream(&dump, &size);

	assert_non_null(out);
	p = smaps_new();
	assert_non_null(p);
	smaps_use_templates(p, learns);
	smaps_begin(p, kind, (struct stage){dump_mapping, out});
	if (feed_all(p, text, piece, &e) < 0)
		fprintf(out, "%s: %s\n",
			e.code == ERROR_MALFORMED   ? "MALFORMED"
			: e.code == ERROR_TRUNCATED ? "TRUNCATED"
						    : "OTHER",
			e.text);
	else
		fprintf(out, "OK %" PRIu64 "\n", smaps_mappings(p));
	smaps_free(p);
	assert_int_equal(fclose(out), 0);
	return dump;
}

char *tree_make(void)
{
	const char *base = getenv("TMPDIR");
	char *root;

	assert_true(asprintf(&root, "%s/unit-XXXXXX", base ? base : "/tmp") > 0);
	assert_non_null(mkdtemp(root));
	assert_int_equal(chmod(root, 0755), 0);
	return root;
}

char *tree_path(const char *root, const char *path)
{
	char *whole;

	assert_true(asprintf(&whole, "%s/%s", root, path) > 0);
	return whole;
}

void tree_mkdir(const char *root, const char *path)
{
	char *whole = tree_path(root, path);

	for (char *p = whole + strlen(root) + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		mkdir(whole, 0755);
	}
	mkdir(whole, 0755);
	free(whole);
}

static void make_parent(const char *root, const char *path)
{
	char *folder = strdup(path), *slash;

	assert_non_null(folder);
	slash = strrchr(folder, '/');
	if (slash) {
		*slash = '\0';
		tree_mkdir(root, folder);
	}
	free(folder);
}

void tree_write(const char *root, const char *path, struct slice content)
{
	char *whole = tree_path(root, path);
	FILE *out;

	make_parent(root, path);
	out = fopen(whole, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(content.ptr, 1, content.len, out), content.len);
	assert_int_equal(fclose(out), 0);
	free(whole);
}

void tree_link(const char *root, const char *path, const char *target)
{
	char *whole = tree_path(root, path);

	make_parent(root, path);
	assert_int_equal(symlink(target, whole), 0);
	free(whole);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void tree_remove(char *root)
{
	assert_int_equal(nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	free(root);
}

/* Writes a text without the name of the temporary directory, which is different each time. */
static void write_without_root(const struct recorder *r, struct slice text)
{
	struct slice root = slice_of(r->root);

	while (text.len) {
		if (root.len && slice_begins(text, root)) {
			fputs("ROOT", r->out);
			text = slice_inner(text, root.len, 0);
			continue;
		}
		escape_write(r->out, (struct slice){text.ptr, 1});
		text = slice_inner(text, 1, 0);
	}
}

static bool record_begin(void *ctx, const struct process *p)
{
	struct recorder *r = ctx;
	bool wanted = !r->begin || r->begin(r->begins, p);

	r->begins++;
	fputs("begin", r->out);
	if (p->known & PROCESS_PID)
		fprintf(r->out, " pid=%d", p->pid);
	if (p->known & PROCESS_START)
		fprintf(r->out, " start=%" PRIu64, p->start_time);
	if (p->known & PROCESS_NAME) {
		fputs(" name=", r->out);
		write_without_root(r, p->name);
	}
	if (p->known & PROCESS_UID)
		fprintf(r->out, " uid=%" PRIu32, p->uid);
	if (p->known & PROCESS_CGROUP) {
		fputs(" cgroup=", r->out);
		escape_write(r->out, p->cgroup);
	}
	if (p->known & PROCESS_EXE) {
		fputs(" exe=", r->out);
		escape_write(r->out, p->exe);
	}
	if (p->known & PROCESS_COMMAND) {
		fputs(" command=", r->out);
		escape_write(r->out, p->command);
	}
	fputs(wanted ? "\n" : " -> no\n", r->out);
	return wanted;
}

static int record_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	struct recorder *r = ctx;

	fprintf(r->out, "mapping %" PRIx64 " ", m->start);
	escape_write(r->out, m->name);
	putc('\n', r->out);
	return r->fail == ERROR_NONE ? 0 : error_set(e, r->fail, "the sink says no");
}

static void record_cancel(void *ctx)
{
	fputs("cancel\n", ((struct recorder *)ctx)->out);
}

static bool record_rollup(void *ctx, const struct counters *before, const struct counters *after)
{
	struct recorder *r = ctx;
	bool agrees = !r->rollup || r->rollup(r->rollups);

	r->rollups++;
	fprintf(r->out, "rollup %" PRIu64 " %" PRIu64 "%s\n", before->bytes[COUNTER_RSS],
		after->bytes[COUNTER_RSS], agrees ? "" : " -> no");
	return agrees;
}

static void record_scan(void *ctx, const struct scan_facts *facts)
{
	(void)facts;
	fputs("scan\n", ((struct recorder *)ctx)->out);
}

static void record_end(void *ctx, const struct ending *ending)
{
	static const char *const names[OUTCOME_COUNT] = {
		[OUTCOME_READ] = "read",	   [OUTCOME_NO_MEMORY] = "no_memory",
		[OUTCOME_DENIED] = "denied",	   [OUTCOME_VANISHED] = "vanished",
		[OUTCOME_TRUNCATED] = "truncated", [OUTCOME_MALFORMED] = "malformed",
	};
	struct recorder *r = ctx;

	fprintf(r->out, "end %s", names[ending->outcome]);
	r->how = ending->how;
	if (ending->why) {
		fputs(": ", r->out);
		write_without_root(r, slice_of(ending->why->text));
	}
	putc('\n', r->out);
}

void recorder_init(struct recorder *r, const char *root)
{
	*r = (struct recorder){.root = root};
	r->sink = (struct sink){
		.ctx = r,
		.begin = record_begin,
		.mapping = record_mapping,
		.cancel = record_cancel,
		.rollup = record_rollup,
		.scan = record_scan,
		.end = record_end,
	};
	r->out = open_memstream(&r->text, &r->size);
	assert_non_null(r->out);
}

const char *recorder_text(struct recorder *r)
{
	assert_int_equal(fflush(r->out), 0);
	return r->text;
}

void recorder_free(struct recorder *r)
{
	fclose(r->out);
	free(r->text);
}

int read_source(const struct source *s, unsigned needs, struct recorder *r, struct error *e)
{
	const struct reading how = {.needs = needs};
	struct target_list list;
	struct reader *reader;
	int status = 0;

	if (source_targets(s, &list, e) < 0)
		return -1;
	reader = reader_new(s, &how, &r->sink);
	assert_non_null(reader);
	for (size_t i = 0; i < list.count && status == 0; i++)
		status = reader_read(reader, list.targets[i], e);
	reader_free(reader);
	free(list.targets);
	return status;
}
