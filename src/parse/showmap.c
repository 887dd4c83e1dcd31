#include "parse/showmap.h"

#include "parse/number.h"

enum {
	KIB = 1024,
	FLAGS = 3, /* "rw-" */
	/* Columns that are not counters. */
	COLUMN_IGNORED = -1,
	COLUMN_START = -2,
	COLUMN_END = -3,
	COLUMN_MERGED = -4, /* number of mappings in a row */
	COLUMN_FLAGS = -5,
	COLUMN_OBJECT = -6,
};

/* Words of the second line of titles. The first of two equal ones is about shared memory, the
 * second about private memory or files. */
static const struct title {
	struct slice word;
	int first, second;
} titles[] = {
	{SLICE_INIT("addr"), COLUMN_START, COLUMN_END},
	{SLICE_INIT("size"), COUNTER_SIZE, COLUMN_IGNORED},
	{SLICE_INIT("RSS"), COUNTER_RSS, COLUMN_IGNORED},
	{SLICE_INIT("PSS"), COUNTER_PSS, COLUMN_IGNORED},
	{SLICE_INIT("clean"), COUNTER_SHARED_CLEAN, COUNTER_PRIVATE_CLEAN},
	{SLICE_INIT("dirty"), COUNTER_SHARED_DIRTY, COUNTER_PRIVATE_DIRTY},
	{SLICE_INIT("swap"), COUNTER_SWAP, COLUMN_IGNORED},
	{SLICE_INIT("swapPSS"), COUNTER_SWAP_PSS, COLUMN_IGNORED},
	{SLICE_INIT("HugePages"), COUNTER_ANON_HUGE_PAGES, COLUMN_IGNORED},
	{SLICE_INIT("PmdMapped"), COUNTER_SHMEM_PMD_MAPPED, COUNTER_FILE_PMD_MAPPED},
	{SLICE_INIT("Hugetlb"), COUNTER_SHARED_HUGETLB, COUNTER_PRIVATE_HUGETLB},
	{SLICE_INIT("Locked"), COUNTER_LOCKED, COLUMN_IGNORED},
	{SLICE_INIT("#"), COLUMN_MERGED, COLUMN_IGNORED},
	{SLICE_INIT("flags"), COLUMN_FLAGS, COLUMN_IGNORED},
	{SLICE_INIT("object"), COLUMN_OBJECT, COLUMN_IGNORED},
};

/* The words that the first line of titles always has, in this order. */
bool showmap_begins(struct slice line)
{
	static const struct slice words[] = {SLICE_INIT("virtual"), SLICE_INIT("shared"),
					     SLICE_INIT("shared"), SLICE_INIT("private"),
					     SLICE_INIT("private")};
	struct slice text = trim(line), addresses = SLICE("start");

	if (slice_begins(text, addresses)) {
		take_word(&text);
		if (!slice_equals(take_word(&text), SLICE("end")))
			return false;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!slice_equals(take_word(&text), words[i]))
			return false;
	}
	return true;
}

static int column_of(struct slice word, unsigned *seen)
{
	for (unsigned i = 0; i < sizeof(titles) / sizeof(*titles); i++) {
		if (slice_equals(word, titles[i].word)) {
			bool again = *seen & 1U << i;

			*seen |= 1U << i;
			return again ? titles[i].second : titles[i].first;
		}
	}
	return COLUMN_IGNORED;
}

/* The second line of titles. Unknown columns of later versions are skipped. */
static bool read_titles(struct showmap *t, struct slice line)
{
	struct slice text = trim(line);
	unsigned seen = 0;

	for (t->count = 0; text.len; t->count++) {
		if (t->count == SHOWMAP_COLUMNS)
			return false;
		t->columns[t->count] = column_of(take_word(&text), &seen);
	}
	return t->count > 0 && t->columns[t->count - 1] == COLUMN_OBJECT;
}

static bool is_divider(struct slice line)
{
	struct slice text = trim(line);

	if (!slice_begins(text, SLICE("--------")))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != '-' && text.ptr[i] != ' ')
			return false;
	}
	return true;
}

static bool take_counter(struct slice *s, enum counter counter, struct counters *c)
{
	uint64_t kib;

	if (take_decimal(s, &kib) == 0 || __builtin_mul_overflow(kib, KIB, &c->bytes[counter]))
		return false;
	c->known |= COUNTER_BIT(counter);
	return true;
}

static bool take_merged(struct slice *s, struct mapping *m)
{
	uint64_t count;

	if (take_decimal(s, &count) == 0 || count > UINT32_MAX)
		return false;
	m->merged = count > 1 ? (uint32_t)count - 1 : 0;
	return true;
}

static bool take_flags(struct slice *s, struct mapping *m)
{
	if (s->len < FLAGS)
		return false;
	memcpy(m->perms, s->ptr, FLAGS);
	*s = slice_inner(*s, FLAGS, 0);
	return true;
}

static bool take_column(struct slice *s, int column, struct mapping *m)
{
	uint64_t ignored;

	skip_blanks(s);
	switch (column) {
	case COLUMN_IGNORED:
		return take_decimal(s, &ignored) > 0;
	case COLUMN_START:
		return take_hex(s, &m->start) > 0;
	case COLUMN_END:
		return take_hex(s, &m->end) > 0 && m->start <= m->end;
	case COLUMN_MERGED:
		return take_merged(s, m);
	case COLUMN_FLAGS:
		return take_flags(s, m);
	default:
		return take_counter(s, (enum counter)column, &m->counters);
	}
}

/* When showmap merges rows, it adds shared pages of hugetlbfs to the private ones. */
static void conclude(struct mapping *m)
{
	if (m->merged)
		m->counters.known &= ~COUNTER_BIT(COUNTER_PRIVATE_HUGETLB);
	counters_derive(&m->counters);
}

/* Unnamed memory is called [anon] or, after a library, by its name and " [bss]". */
static struct slice name_of(struct slice object)
{
	static const struct slice bss = SLICE_INIT(" [bss]");

	if (slice_equals(object, SLICE("[anon]")) || slice_ends(object, bss))
		return SLICE("");
	return object;
}

static enum showmap_line take_row(struct showmap *t, struct slice line, struct mapping *m)
{
	struct slice text = line;

	*m = (struct mapping){.start = 0};
	for (unsigned i = 0; i + 1 < t->count; i++) {
		if (!take_column(&text, t->columns[i], m))
			return SHOWMAP_MALFORMED;
	}
	/* One blank ends the last column; a name may itself begin with blanks. */
	if (text.len && !take_byte(&text, ' '))
		return SHOWMAP_MALFORMED;
	m->name = name_of(trim_end(text));
	conclude(m);
	return SHOWMAP_MAPPING;
}

/* The row of totals has neither addresses nor permissions, so nothing is unknown in it. */
static enum showmap_line take_totals(struct showmap *t, struct slice line)
{
	if (!slice_ends(trim(line), SLICE("TOTAL")))
		return SHOWMAP_MALFORMED;
	t->state = SHOWMAP_OUTSIDE;
	return SHOWMAP_END;
}

enum showmap_line showmap_take(struct showmap *t, struct slice line, struct mapping *m)
{
	if (showmap_begins(line)) {
		bool again = t->state == SHOWMAP_ROWS;

		t->state = again ? SHOWMAP_TOTALS : SHOWMAP_TITLED;
		t->count = 0;
		return again ? SHOWMAP_NOTHING : SHOWMAP_BEGIN;
	}
	if (t->state == SHOWMAP_OUTSIDE)
		return SHOWMAP_OTHER;
	if (t->count == 0)
		return read_titles(t, line) ? SHOWMAP_NOTHING : SHOWMAP_MALFORMED;
	if (is_divider(line)) {
		if (t->state == SHOWMAP_TITLED)
			t->state = SHOWMAP_ROWS;
		return SHOWMAP_NOTHING;
	}
	if (t->state == SHOWMAP_TOTALS)
		return take_totals(t, line);
	return t->state == SHOWMAP_ROWS ? take_row(t, line, m) : SHOWMAP_MALFORMED;
}
