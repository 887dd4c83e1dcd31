/* template: entries parsed at once give the same as line by line, for a million of them. */
#include "support.h"

#include "parse/smaps.h"

#include <inttypes.h>

/* With coverage and a sanitizer, a million take half a minute. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { ENTRIES = 100000 };
#else
enum { ENTRIES = 1000000 };
#endif
enum { BATCH = 1000, ENTRY_MAX = 2048 };

/* The fields of Linux 6.12 in order, including those that are not counters. */
static const char *const fields[] = {
	"Size",		 "KernelPageSize", "MMUPageSize",     "Rss",
	"Pss",		 "Pss_Dirty",	   "Shared_Clean",    "Shared_Dirty",
	"Private_Clean", "Private_Dirty",  "Referenced",      "Anonymous",
	"KSM",		 "LazyFree",	   "AnonHugePages",   "ShmemPmdMapped",
	"FilePmdMapped", "Shared_Hugetlb", "Private_Hugetlb", "Swap",
	"SwapPss",	 "Locked",
};

enum { FIELDS = sizeof(fields) / sizeof(*fields) };

static uint64_t random_state = 0x853c49e6748fea9b;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static bool one_in(unsigned n)
{
	return next_random() % n == 0;
}

/* Mostly like neighbours: zero or small numbers; sometimes more than eight digits. */
static uint64_t any_size(void)
{
	if (one_in(3))
		return next_random() >> (20 + next_random() % 44);
	return one_in(2) ? 0 : 4;
}

static char *put_text(char *at, const char *text)
{
	size_t len = strlen(text);

	memcpy(at, text, len);
	return at + len;
}

/* Right-aligned, the key with its colon in 16 columns and the number in at least 8, like the
 * kernel. */
static char *put_field(char *at, const char *key, uint64_t kib)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, kib);
	char *begin = at;

	at = put_text(at, key);
	*at++ = ':';
	while (at - begin < 24 - length)
		*at++ = ' ';
	return put_text(put_text(at, digits), " kB\n");
}

static char *put_entry(char *at, uint64_t *address, uint32_t missing)
{
	uint64_t start = *address + (one_in(4) ? next_random() % 0x10000000 : 0);

	*address = start + 0x1000 * (1 + next_random() % 16);
	at += sprintf(at, "%08" PRIx64 "-%08" PRIx64 " r%c-p %08x 00:00 0 %s\n", start, *address,
		      one_in(2) ? 'w' : '-', one_in(5) ? 0x1000 : 0,
		      one_in(3) ? "                 [anon:name]" : "");
	for (int i = 0; i < FIELDS; i++) {
		if (!(missing >> i & 1))
			at = put_field(at, fields[i], any_size() >> 10);
	}
	at = put_text(at, one_in(2) ? "THPeligible:           0\n" : "THPeligible:           1\n");
	return put_text(at, one_in(2) ? "VmFlags: rd wr mr mw me ac \n" : "VmFlags: rd mr \n");
}

struct batch {
	struct mapping mappings[BATCH + 1];
	size_t count;
};

static int keep(void *ctx, const struct mapping *m, struct error *e)
{
	struct batch *batch = ctx;

	(void)e;
	assert_true(batch->count <= BATCH);
	batch->mappings[batch->count] = *m;
	batch->mappings[batch->count++].name.ptr =
		NULL; /* no longer valid; only its length is compared */
	return 0;
}

static void feed(struct smaps_parser *p, const char *text, size_t size)
{
	struct error e;

	while (size) {
		size_t room;
		char *to = smaps_reserve(p, &room);

		assert_non_null(to);
		room = room < size ? room : size;
		memcpy(to, text, room);
		assert_int_equal(smaps_feed(p, room, &e), 0);
		text += room;
		size -= room;
	}
}

static bool same(const struct mapping *a, const struct mapping *b)
{
	bool equal = a->start == b->start && a->end == b->end && a->offset == b->offset &&
		     memcmp(a->perms, b->perms, sizeof(a->perms)) == 0 &&
		     a->name.len == b->name.len && a->counters.known == b->counters.known;

	for (int c = 0; c < COUNTER_COUNT; c++)
		equal &= a->counters.bytes[c] == b->counters.bytes[c];
	return equal;
}

static void compare(const struct batch *fast, const struct batch *general)
{
	assert_int_equal(fast->count, general->count);
	for (size_t i = 0; i < fast->count; i++) {
		if (!same(&fast->mappings[i], &general->mappings[i]))
			fail_msg("the mapping at %" PRIx64, general->mappings[i].start);
	}
}

TEST(many_entries)
{
	static struct batch fast, general;
	struct smaps_parser *learns = smaps_new(), *never = smaps_new();
	char *text = malloc((size_t)BATCH * ENTRY_MAX);
	uint64_t address = 0x10000;
	uint32_t missing = 0;

	assert_non_null(learns);
	assert_non_null(never);
	assert_non_null(text);
	smaps_use_templates(never, false);
	smaps_begin(learns, SMAPS_MAPPINGS, (struct stage){keep, &fast});
	smaps_begin(never, SMAPS_MAPPINGS, (struct stage){keep, &general});
	for (int done = 0; done < ENTRIES; done += BATCH) {
		char *at = text;

		for (int i = 0; i < BATCH; i++) {
			/* Another kernel, or a single entry of another kind. */
			if (one_in(5000))
				missing = (uint32_t)next_random() & (uint32_t)next_random();
			at = put_entry(at, &address,
				       one_in(100) ? 1U << next_random() % FIELDS : missing);
		}
		fast.count = general.count = 0;
		feed(learns, text, (size_t)(at - text));
		feed(never, text, (size_t)(at - text));
		compare(&fast, &general);
	}
	assert_int_equal(smaps_mappings(learns),
			 ENTRIES - 1); /* the last one is not complete yet */
	free(text);
	smaps_free(learns);
	smaps_free(never);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_entries),
	};

	return RUN(tests);
}
