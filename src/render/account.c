#include "render/account.h"

#include "base/escape.h"
#include "base/json.h"
#include "render/layout.h"
#include "render/parts.h"
#include "render/size.h"
#include "report/notes.h"

#include <inttypes.h>
#include <stdlib.h>

/* The table */

enum { NAME_COLUMNS = 40, SIZE_COLUMNS = 8 };

static void format_signed(int64_t bytes, enum units units, char text[SIZE_TEXT_MAX])
{
	if (bytes < 0)
		change_format(bytes, units, text);
	else
		size_format((uint64_t)bytes, units, text);
}

/* Caches and subsystems have arbitrary names; a long one is cut at the end. */
static bool write_name(const struct account_row *r, FILE *out)
{
	int indent = r->level ? 4 : 2;
	char *name = escape_string(slice_of(r->name));
	size_t width;

	if (!name)
		return false;
	width = text_width(name);
	fprintf(out, "%*s%s", indent, "", name);
	if (width + (size_t)indent < NAME_COLUMNS)
		fprintf(out, "%*s", (int)(NAME_COLUMNS - width) - indent, "");
	free(name);
	return true;
}

static void write_size(const struct account_view *v, bool known, int64_t bytes, uint64_t total,
		       FILE *out)
{
	char text[SIZE_TEXT_MAX] = "-";

	if (known)
		format_signed(bytes, v->units, text);
	fprintf(out, " %*s", SIZE_COLUMNS, text);
	if (known && total > 0)
		fprintf(out, " %6.1f%%", 100.0 * (double)bytes / (double)total);
	else
		fprintf(out, " %7s", "-");
}

static bool write_row(const struct account_view *v, const struct account *a,
		      const struct account_row *r, FILE *out)
{
	if (!write_name(r, out))
		return false;
	write_size(v, r->known, r->bytes, a->total, out);
	fprintf(out, "  %s\n", r->from);
	return true;
}

/* A row that is 0 is shown if its parts are not, since they cancel each other out. */
static bool is_shown(const struct account_view *v, const struct account *a, size_t at)
{
	const struct account_row *r = &a->rows[at];

	if (v->all || (r->known && r->bytes != 0))
		return true;
	for (size_t i = at + 1; r->level == 0 && i < a->count && a->rows[i].level > 0; i++) {
		if (a->rows[i].known && a->rows[i].bytes != 0)
			return true;
	}
	return false;
}

static bool write_account(const struct account_view *v, const struct account *a, FILE *out)
{
	bool whole = true;

	fprintf(out, "%s%-*s", v->color ? "\033[1m" : "", NAME_COLUMNS, a->name);
	write_size(v, true, (int64_t)a->total, a->total, out);
	fprintf(out, "  %s%s\n", a->from, v->color ? "\033[0m" : "");
	for (size_t i = 0; i < a->count && whole; i++)
		whole = !is_shown(v, a, i) || write_row(v, a, &a->rows[i], out);
	return whole;
}

static void write_stored(const struct account_view *v, const char *name, struct amount stored,
			 struct amount taken, FILE *out)
{
	char a[SIZE_TEXT_MAX], b[SIZE_TEXT_MAX];

	if (!stored.known || !taken.known || stored.bytes == 0)
		return;
	size_format(stored.bytes, v->units, a);
	size_format(taken.bytes, v->units, b);
	fprintf(out, "%s holds %s in %s\n", name, a, b);
}

static void write_zram(const struct account_view *v, FILE *out)
{
	const struct kernel_memory *k = v->kernel;
	char stored[SIZE_TEXT_MAX], compressed[SIZE_TEXT_MAX], taken[SIZE_TEXT_MAX];

	if (!k->zram_stored.known || k->zram_stored.bytes == 0)
		return;
	size_format(k->zram_stored.bytes, v->units, stored);
	size_format(k->zram_compressed.bytes, v->units, compressed);
	size_format(k->zram.bytes, v->units, taken);
	fprintf(out, "zram holds %s, compressed to %s, in %s\n", stored, compressed, taken);
}

static uint64_t room_below(struct amount limit, struct amount usage)
{
	return limit.bytes > usage.bytes ? limit.bytes - usage.bytes : 0;
}

static void write_limit(const struct account_view *v, FILE *out)
{
	const struct cgroup_memory *c = v->cgroup;
	char text[SIZE_TEXT_MAX], left[SIZE_TEXT_MAX];

	if (!c->limit.known) {
		fputs("no limit of its own", out);
	} else {
		size_format(c->limit.bytes, v->units, text);
		size_format(room_below(c->limit, c->usage), v->units, left);
		fprintf(out, "limit %s, %s below it", text, left);
	}
	if (c->high.known) {
		size_format(c->high.bytes, v->units, text);
		fprintf(out, "; slowed down above %s", text);
	}
	if (c->peak.known) {
		size_format(c->peak.bytes, v->units, text);
		fprintf(out, "; peak %s", text);
	}
	putc('\n', out);
}

/* The limit of a group above matters if less is left of it. */
static bool write_limit_above(const struct account_view *v, FILE *out)
{
	const struct cgroup_memory *c = v->cgroup;
	const struct cgroup_above *above = &c->above;
	char limit[SIZE_TEXT_MAX], left[SIZE_TEXT_MAX], *path;
	uint64_t room = room_below(above->limit, above->usage);

	if (!above->limit.known || (c->limit.known && room_below(c->limit, c->usage) <= room))
		return true;
	path = escape_string(slice_of(above->path));
	if (!path)
		return false;
	size_format(above->limit.bytes, v->units, limit);
	size_format(room, v->units, left);
	fprintf(out, "limit %s of group %s, %s below it\n", limit, path, left);
	free(path);
	return true;
}

static void write_event(struct amount event, const char *text, FILE *out)
{
	if (event.known && event.bytes > 0)
		fprintf(out, "%s: %" PRIu64 " time%s\n", text, event.bytes,
			event.bytes == 1 ? "" : "s");
}

static void write_elsewhere(const struct account_view *v, FILE *out)
{
	const struct elsewhere *e = &v->account->elsewhere;
	const struct {
		struct amount amount;
		const char *name;
	} parts[] = {
		{e->anonymous, "anonymous"}, {e->shared, "shared memory"}, {e->files, "files"}};
	char text[SIZE_TEXT_MAX];
	const char *before = ": ";

	if (!e->all.known || e->all.bytes == 0)
		return;
	size_format(e->all.bytes, v->units, text);
	fprintf(out, "its processes map at least %s that is charged to other groups", text);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (!parts[i].amount.known || parts[i].amount.bytes == 0)
			continue;
		size_format(parts[i].amount.bytes, v->units, text);
		fprintf(out, "%s%s %s", before, text, parts[i].name);
		before = ", ";
	}
	putc('\n', out);
}

static bool write_cgroup_notes(const struct account_view *v, FILE *out)
{
	const struct cgroup_memory *c = v->cgroup;
	char text[SIZE_TEXT_MAX];

	write_limit(v, out);
	if (!write_limit_above(v, out))
		return false;
	write_event(c->events_max, "hit its limit", out);
	write_event(c->events_oom, "out of memory", out);
	write_event(c->events_kill, "a process was killed for it", out);
	write_stored(v, "zswap", c->fields[CGROUP_ZSWAPPED], c->fields[CGROUP_ZSWAP], out);
	if (c->tcp.known && c->tcp.bytes > 0) {
		size_format(c->tcp.bytes, v->units, text);
		fprintf(out, "TCP buffers %s, which version 1 counts separately\n", text);
	}
	write_elsewhere(v, out);
	return true;
}

/* What these processes map is in no process that was read. */
static void write_unreadable(const struct account_view *v, FILE *out)
{
	uint64_t count = coverage_incomplete(&v->snapshot->coverage);

	if (count > 0)
		fprintf(out,
			"%" PRIu64 " process%s could not be read; shared memory that only %s map%s "
			"counts as not mapped\n",
			count, count == 1 ? "" : "es", count == 1 ? "it" : "they",
			count == 1 ? "s" : "");
}

static void write_machine_notes(const struct account_view *v, FILE *out)
{
	const struct kernel_memory *k = v->kernel;
	char text[SIZE_TEXT_MAX];

	write_stored(v, "zswap", k->fields[KERNEL_ZSWAPPED], k->fields[KERNEL_ZSWAP], out);
	write_zram(v, out);
	if (k->sockets.known && k->sockets.bytes > 0) {
		size_format(k->sockets.bytes, v->units, text);
		fprintf(out, "sockets buffer %s, partly in slab caches\n", text);
	}
	write_unreadable(v, out);
	if (!k->slab.known)
		fprintf(out, "slab caches are unknown: %s\n",
			v->snapshot->source != SOURCE_PROC ? "this capture has no slabinfo"
			: k->slab_missing		   ? "this kernel has no slabinfo"
							   : "run as root to read slabinfo");
}

int account_write_table(const struct account_view *v, FILE *out, struct error *e)
{
	if (v->header)
		fprintf(out, "%-*s %*s %7s  %s\n", NAME_COLUMNS, "WHERE", SIZE_COLUMNS, "SIZE", "%",
			"FROM");
	if (!write_account(v, &v->account->memory, out))
		return error_memory(e);
	if (v->account->swap.total > 0 && !write_account(v, &v->account->swap, out))
		return error_memory(e);
	if (!v->quiet && v->cgroup && !write_cgroup_notes(v, out))
		return error_memory(e);
	if (!v->quiet && !v->cgroup)
		write_machine_notes(v, out);
	return 0;
}

/* CSV: RFC 4180, bytes; unknown is empty. */

static bool write_text(const char *text, FILE *out)
{
	char *escaped = escape_string(slice_of(text));

	if (!escaped)
		return false;
	putc('"', out);
	for (const char *p = escaped; *p; p++) {
		if (*p == '"')
			putc('"', out);
		putc(*p, out);
	}
	putc('"', out);
	free(escaped);
	return true;
}

static bool write_lines(const struct account *a, FILE *out)
{
	const char *row = "";

	fprintf(out, "%s,,,%" PRIu64 ",\"%s\"\r\n", a->name, a->total, a->from);
	for (size_t i = 0; i < a->count; i++) {
		const struct account_row *r = &a->rows[i];

		row = r->level == 0 ? r->name : row;
		fprintf(out, "%s,", a->name);
		if (!write_text(row, out))
			return false;
		putc(',', out);
		if (r->level > 0 && !write_text(r->name, out))
			return false;
		putc(',', out);
		if (r->known)
			fprintf(out, "%" PRId64, r->bytes);
		fprintf(out, ",\"%s\"\r\n", r->from);
	}
	return true;
}

int account_write_csv(const struct account_view *v, FILE *out, struct error *e)
{
	if (v->header)
		fputs("account,row,part,bytes,from\r\n", out);
	if (!write_lines(&v->account->memory, out) || !write_lines(&v->account->swap, out))
		return error_memory(e);
	return 0;
}

/* JSON: anonmem-machine/1 */

static cJSON *json_signed(int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, n);
	return cJSON_CreateRaw(text);
}

static cJSON *json_amount(struct amount a)
{
	return a.known ? json_integer(a.bytes) : cJSON_CreateNull();
}

static cJSON *make_row(const struct account_row *r)
{
	cJSON *object = cJSON_CreateObject();
	bool whole = json_put(object, "name", json_string(slice_of(r->name)));

	whole = json_put(object, "bytes", r->known ? json_signed(r->bytes) : cJSON_CreateNull()) &&
		whole;
	whole = json_put(object, "from", cJSON_CreateString(r->from)) && whole;
	return json_finish(whole, object);
}

/* The rows from *at up to the next one of level 0, as parts of the row before. */
static cJSON *make_parts(const struct account *a, size_t *at)
{
	cJSON *parts = cJSON_CreateArray();
	bool whole = parts != NULL;

	for (; *at < a->count && a->rows[*at].level > 0; ++*at)
		whole = json_append(parts, make_row(&a->rows[*at])) && whole;
	return json_finish(whole, parts);
}

static cJSON *make_account(const struct account *a)
{
	cJSON *object = cJSON_CreateObject(), *rows = cJSON_CreateArray();
	bool whole = rows != NULL;
	size_t i = 0;

	while (i < a->count) {
		cJSON *row = make_row(&a->rows[i++]);

		whole = row && json_put(row, "parts", make_parts(a, &i)) && whole;
		whole = json_append(rows, row) && whole;
	}
	whole = json_put(object, "total", json_integer(a->total)) && whole;
	whole = json_put(object, "from", cJSON_CreateString(a->from)) && whole;
	whole = json_put(object, "rows", rows) && whole;
	return json_finish(whole, object);
}

static cJSON *make_above(const struct cgroup_above *above)
{
	cJSON *object;
	bool whole;

	if (!above->limit.known)
		return cJSON_CreateNull();
	object = cJSON_CreateObject();
	whole = json_put(object, "path", json_string(slice_of(above->path)));
	whole = json_put(object, "limit", json_amount(above->limit)) && whole;
	whole = json_put(object, "usage", json_amount(above->usage)) && whole;
	return json_finish(whole, object);
}

static cJSON *make_cgroup(const struct account_view *v)
{
	const struct cgroup_memory *c = v->cgroup;
	const struct elsewhere *elsewhere = &v->account->elsewhere;
	cJSON *object = cJSON_CreateObject();
	const struct {
		const char *name;
		cJSON *value;
	} members[] = {
		{"path", json_string(slice_of(c->path))},
		{"version", json_integer(c->version)},
		{"limit", json_amount(c->limit)},
		{"high", json_amount(c->high)},
		{"peak", json_amount(c->peak)},
		{"swap_limit", json_amount(c->swap_limit)},
		{"events_max", json_amount(c->events_max)},
		{"events_oom", json_amount(c->events_oom)},
		{"events_oom_kill", json_amount(c->events_kill)},
		{"limit_above", make_above(&c->above)},
		{"tcp", json_amount(c->tcp)},
		{"charged_elsewhere", json_amount(elsewhere->all)},
		{"charged_elsewhere_anonymous", json_amount(elsewhere->anonymous)},
		{"charged_elsewhere_shared", json_amount(elsewhere->shared)},
		{"charged_elsewhere_files", json_amount(elsewhere->files)},
	};
	bool whole = object != NULL;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		whole = json_put(object, members[i].name, members[i].value) && whole;
	return json_finish(whole, object);
}

static cJSON *make_all(const struct account_view *v)
{
	static const struct kernel_memory unknown;
	const struct machine *m = &v->snapshot->machine;
	const struct kernel_memory *k = v->kernel ? v->kernel : &unknown;
	const struct amount zswapped =
		v->cgroup ? v->cgroup->fields[CGROUP_ZSWAPPED] : k->fields[KERNEL_ZSWAPPED];
	cJSON *root = cJSON_CreateObject();
	const struct {
		const char *name;
		cJSON *value;
	} members[] = {
		{"schema", cJSON_CreateString("anonmem-machine/1")},
		{"host", json_string_or_null(m->host)},
		{"kernel", json_string_or_null(m->kernel)},
		{"memory", make_account(&v->account->memory)},
		{"swap", make_account(&v->account->swap)},
		{"zswap_stored", json_amount(zswapped)},
		{"zram_stored", json_amount(k->zram_stored)},
		{"zram_compressed", json_amount(k->zram_compressed)},
		{"sockets", json_amount(k->sockets)},
		{"cgroup", v->cgroup ? make_cgroup(v) : cJSON_CreateNull()},
		{"coverage", json_coverage(&v->snapshot->coverage)},
	};
	bool whole = root != NULL;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		whole = json_put(root, members[i].name, members[i].value) && whole;
	return json_finish(whole, root);
}

int account_write_json(const struct account_view *v, FILE *out, struct error *e)
{
	if (!json_write(make_all(v), out))
		return error_memory(e);
	putc('\n', out);
	return 0;
}
