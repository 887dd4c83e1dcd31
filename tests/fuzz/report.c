/*
 * A whole report on a hostile process: its maps, name, cgroup and command line, by some keys, in
 * some format. Whatever they contain, they must not add rows or be written raw.
 */
#include "classify/rules.h"
#include "collect/survey.h"
#include "render/renderers.h"

#include "base/escape.h"
#include "fuzz.h"
#include "tree.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <locale.h>
#include <unistd.h>

static struct rules *rules;

/* The requested report, one per input. */
struct wish {
	struct collect_options collecting;
	struct report_options reporting;
	struct render_options rendering;
	const struct renderer *renderer;
};

static void end_rules(void)
{
	rules_free(rules);
}

static void prepare(void)
{
	struct error e;

	rules = rules_new();
	CHECK(rules && rules_add_builtin(rules, &e) == 0);
	atexit(end_rules);
}

/* Chooses some keys, each once. */
static void wish_keys(struct grouping *by, uint32_t bits)
{
	unsigned first = bits % KEY_COUNT;

	by->keys[by->count++] = (enum key)first;
	for (unsigned key = 0; key < KEY_COUNT; key++) {
		if (key != first && bits >> 4 >> key & 1)
			by->keys[by->count++] = (enum key)key;
	}
}

static void make_wish(struct wish *w, struct slice *in)
{
	static const char *const nowhere = "/";
	uint8_t how = take_u8(in);

	*w = (struct wish){
		.collecting = {.rules = rules, .infer = how & 1, .verify = how & 2, .jobs = 1},
		.renderer = renderers[how / 4 % 3],
		.rendering = {.width = how & 64 ? 40 : 0,
			      .header = true,
			      .version = "0",
			      .paths = &nowhere,
			      .path_count = 1},
	};
	setlocale(LC_CTYPE, how & 128 ? "C.UTF-8" : "C");
	wish_keys(&w->collecting.by, take_u16(in));
	w->reporting.limit = take_u8(in) % 4;
	w->reporting.full_keys = w->renderer->full_keys;
	for (size_t i = 0; i < column_count; i++) {
		if (columns[i].role == COLUMN_COUNTER)
			w->reporting.columns[w->reporting.column_count++] = &columns[i];
	}
}

/* Takes as many bytes as the first one says. */
static struct slice take(struct slice *in, size_t most)
{
	size_t len = take_u8(in) % (most + 1);
	struct slice taken = {in->ptr, len < in->len ? len : in->len};

	*in = slice_inner(*in, taken.len, 0);
	return taken;
}

static void put(const char *name, struct slice before, struct slice text, struct slice behind)
{
	int fd = tree_open(name);

	CHECK(ftruncate(fd, 0) == 0);
	CHECK(write(fd, before.ptr, before.len) == (ssize_t)before.len);
	CHECK(write(fd, text.ptr, text.len) == (ssize_t)text.len);
	CHECK(write(fd, behind.ptr, behind.len) == (ssize_t)behind.len);
	close(fd);
}

/* Writes a name like the kernel: a newline becomes \012. */
static void write_name(FILE *out, struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == '\n')
			fputs("\\012", out);
		else
			putc(name.ptr[i], out);
	}
}

static void write_mapping(FILE *out, struct slice *in, unsigned number)
{
	static const char *const beginnings[] = {
		"",	  "/",	     "/memfd:", "[anon:", "[anon_shmem:",
		"[heap]", "[stack]", "[",	"/lib/",  "/dev/zero (deleted)",
	};
	static const char *const perms[] = {"rw-p", "r--p", "r-xp", "---p", "rw-s"};
	enum { KINDS = sizeof(beginnings) / sizeof(*beginnings) };
	const char *beginning = beginnings[take_u8(in) % KINDS];
	unsigned long start = 0x10000000ul + number * 0x100000ul;
	unsigned size = 4u * (1u + take_u8(in)), rss = 4u * take_u8(in);

	fprintf(out, "%lx-%lx %s 00000000 00:0%d %d ", start, start + size * 1024ul,
		perms[take_u8(in) % 5], beginning[0] == '/', beginning[0] == '/' ? 99 : 0);
	fputs(beginning, out);
	write_name(out, take(in, 255));
	rss = rss < size ? rss : size;
	fprintf(out, "\nSize: %u kB\nRss: %u kB\nPss: %u kB\nPrivate_Dirty: %u kB\n", size, rss,
		rss / 2, rss / 2);
}

static void make_smaps(struct slice *in)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CHECK(out);
	for (unsigned i = 0; in->len && i < 40; i++)
		write_mapping(out, in, i);
	CHECK(fclose(out) == 0);
	put("smaps", SLICE(""), (struct slice){text, size}, SLICE(""));
	free(text);
}

static void make_process(struct slice *in)
{
	struct slice text;

	put("stat", SLICE("7 ("), take(in, 15),
	    SLICE(") S 1 7 7 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 1 0 4242 1000 10\n"));
	text = take(in, 255);
	put("cgroup", SLICE("0::/"), text, SLICE("\n"));
	put("cmdline", SLICE(""), text, SLICE("\0"));
	put("status", SLICE("Uid:\t0\t5\t0\t0\n"), SLICE(""), SLICE(""));
	make_smaps(in);
}

static size_t count(const char *text, char c)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == c;
	return n;
}

/* There must be only printable characters and line ends. */
static void check_raw(const struct wish *w, const char *text, size_t size)
{
	bool ascii = !escape_locale_is_utf8() && w->renderer != &render_json;

	CHECK(strlen(text) == size);
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\r' && w->renderer == &render_csv)
			CHECK(text[i + 1] == '\n');
		else
			CHECK(c == '\n' || (c >= ' ' && c != 0x7f));
		CHECK(c < 0x80 || !ascii);
	}
	CHECK(utf8_valid((struct slice){text, size}));
}

static void check_json(const struct report *r, const char *text)
{
	cJSON *json = cJSON_Parse(text);
	const cJSON *groups = cJSON_GetObjectItemCaseSensitive(json, "groups");

	CHECK(json && cJSON_IsArray(groups));
	CHECK((size_t)cJSON_GetArraySize(groups) == r->row_count);
	cJSON_Delete(json);
}

/* Each line must have as many fields as there are columns. */
static void check_csv(const struct report *r, const char *text)
{
	bool quoted = false;
	size_t fields = 1;

	for (; *text; text++) {
		if (*text == '"')
			quoted = !quoted;
		else if (*text == ',' && !quoted)
			fields++;
		else if (*text == '\n') {
			CHECK(!quoted && fields == r->column_count);
			fields = 1;
		}
	}
}

static void check_output(const struct wish *w, const struct report *r, const char *text,
			 size_t size)
{
	check_raw(w, text, size);
	if (w->renderer == &render_json)
		check_json(r, text);
	else if (w->renderer == &render_csv)
		CHECK(count(text, '\n') == r->row_count + 1);
	else /* header, totals, coverage; checks and notes */
		CHECK(count(text, '\n') == r->row_count + 3 + r->check_count + r->note_count);
	if (w->renderer == &render_csv)
		check_csv(r, text);
}

/* A page is one only where it was built with what that needs. */
static char *make_page(const struct wish *w, const struct report *r)
{
	char *text = NULL;
	size_t size;
	struct error e;
	FILE *out = open_memstream(&text, &size);
	bool made = out && render_html.render(r, &w->rendering, out, &e) == 0;

	CHECK(out && fclose(out) == 0);
	if (made)
		return text;
	free(text);
	return NULL;
}

/* Between its tags there is JSON, in which no tag can begin. */
static void check_page(const struct wish *w, const struct report *r)
{
	static const char begin[] = "id=\"data\">";
	char *page = make_page(w, r), *data = page ? strstr(page, begin) : NULL, *end;
	cJSON *json;

	if (!page)
		return;
	CHECK(data);
	data += strlen(begin);
	end = data + strcspn(data, "<>&");
	CHECK(strncmp(end, "</script>\n<script>", 18) == 0);
	*end = '\0';
	json = cJSON_Parse(data);
	CHECK(json && cJSON_GetObjectItemCaseSensitive(json, "rows"));
	cJSON_Delete(json);
	free(page);
}

static void check_report(const struct wish *w, const struct snapshot *s)
{
	struct report r;
	struct error e;
	char *text;
	size_t size;
	FILE *out;

	CHECK(report_build(s, &w->reporting, &r, &e) == 0);
	out = open_memstream(&text, &size);
	CHECK(out && w->renderer->render(&r, &w->rendering, out, &e) == 0);
	CHECK(fclose(out) == 0);
	check_output(w, &r, text, size);
	free(text);
	if (w->renderer == &render_table)
		check_page(w, &r);
	report_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = {(const char *)data, size};
	struct snapshot snapshot;
	struct source *source;
	struct error e;
	struct wish w;

	if (!rules)
		prepare();
	make_wish(&w, &in);
	make_process(&in);
	source = source_open_proc(tree_path(), NULL, 0, &e);
	CHECK(source && survey(source, &w.collecting, &snapshot, &e) == 0);
	CHECK(snapshot.coverage.by_outcome[OUTCOME_MALFORMED] == 0);
	check_report(&w, &snapshot);
	snapshot_free(&snapshot);
	source_close(source);
	return 0;
}
