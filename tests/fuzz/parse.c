#include "parse.h"

#include "classify/class.h"
#include "fuzz.h"

/* A digest of the parser's results. */
struct account {
	uint64_t digest, mappings;
};

static void note(struct account *a, const void *bytes, size_t size)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < size; i++)
		a->digest = (a->digest ^ p[i]) * 0x100000001b3u;
}

static void note_number(struct account *a, uint64_t number)
{
	note(a, &number, sizeof(number));
}

/* A label is the mapping's name or a part of it, and a path cannot forge it, unless the wrap shows
 * that: "[memfd:[anon:fake]". */
static void check_class(const struct mapping *m)
{
	struct class class;
	struct slice text;

	classify(m, &class);
	CHECK(class.kind < KIND_COUNT && class.origin < ORIGIN_COUNT);
	CHECK(class.label.len <= m->name.len + 64);
	if (m->name.len && m->name.ptr[0] == '/' && class.wrap.len == 0)
		CHECK(!slice_begins(class.label, SLICE("[anon:")));
	text = label_text(class.label);
	CHECK(text.len <= class.label.len);
}

static int on_mapping(void *ctx, const struct mapping *m, struct error *e)
{
	struct account *a = ctx;

	(void)e;
	note_number(a, m->start);
	note_number(a, m->end);
	note_number(a, m->offset);
	note_number(a, m->inode);
	note_number(a, m->dev_major);
	note_number(a, m->dev_minor);
	note(a, m->perms, sizeof(m->perms));
	note_number(a, m->name.len);
	note(a, m->name.ptr, m->name.len);
	note_number(a, m->counters.known);
	for (int c = 0; c < COUNTER_COUNT; c++) {
		if (counters_know(&m->counters, (enum counter)c))
			note_number(a, m->counters.bytes[c]);
	}
	check_class(m);
	a->mappings++;
	return 0;
}

static int on_separator(void *ctx, const struct separator *s, struct error *e)
{
	struct account *a = ctx;

	(void)e;
	CHECK(s->kind >= SEPARATOR_PREFIX && s->pid >= 0 && s->pid <= SEPARATOR_PID_MAX);
	note_number(a, s->kind);
	note_number(a, (uint64_t)s->pid);
	note_number(a, s->self);
	note_number(a, s->cut);
	note_number(a, (uint64_t)s->number);
	note(a, s->name.ptr, s->name.len);
	return 0;
}

static int feed(struct smaps_parser *p, struct slice text, unsigned seed, struct error *e)
{
	while (text.len) {
		size_t size, n;
		char *room = smaps_reserve(p, &size);

		CHECK(room && size >= 4096);
		seed = seed * 1103515245u + 12345u;
		n = seed ? 1 + (seed >> 16) % 700 : text.len;
		n = n < size ? n : size;
		n = n < text.len ? n : text.len;
		memcpy(room, text.ptr, n);
		text = slice_inner(text, n, 0);
		if (smaps_feed(p, n, e) < 0)
			return -1;
	}
	return smaps_end(p, e);
}

static struct account account_for(struct slice text, enum smaps_kind kind, bool is_capture,
				  unsigned seed, bool learns)
{
	struct account a = {.digest = 0xcbf29ce484222325u};
	struct smaps_parser *p = smaps_new();
	struct error e = {.code = ERROR_NONE};

	CHECK(p);
	smaps_use_templates(p, learns);
	smaps_begin(p, kind, (struct stage){on_mapping, &a});
	if (is_capture)
		smaps_expect_separators(p, (struct separators){on_separator, &a});
	if (feed(p, text, seed, &e) < 0) {
		CHECK(e.code == ERROR_MALFORMED || e.code == ERROR_TRUNCATED);
		note_number(&a, (uint64_t)e.code);
		note(&a, e.text, strlen(e.text));
	}
	CHECK(smaps_mappings(p) == a.mappings);
	smaps_free(p);
	return a;
}

void parse_all_ways(struct slice text, enum smaps_kind kind, bool is_capture, unsigned seed)
{
	static const struct {
		bool in_pieces, learns;
	} ways[] = {{false, true}, {false, false}, {true, true}, {true, false}};
	struct account first = {0};

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		struct account a = account_for(text, kind, is_capture,
					       ways[i].in_pieces ? seed + 1 : 0, ways[i].learns);

		if (i == 0)
			first = a;
		CHECK(a.digest == first.digest && a.mappings == first.mappings);
	}
}
