/*
 * A recording: a database that anything may have happened to. What it says must add up, or it is
 * refused with a sentence.
 *
 * The input is a file; or, unless it begins as a database does, changes to a recording of known
 * figures: four bytes for the place and one for the bits to flip, any number of times. Whatever
 * they are, no other figures come out.
 */
#include "../recording/samples.h"
#include "fuzz.h"
#include "recording/history.h"
#include "recording/player.h"
#include "recording/seek.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SAMPLES = 12, LABELS = 5, CHANGE = 5, KIB = 1024, PATH_ROOM = 96 };

static const char magic[] = "SQLite format 3";

/* Of the recording that is changed. */
static char *original;
static size_t size;
static uint64_t sums[SAMPLES];

static uint64_t put_sample(struct samples *s, uint64_t i)
{
	uint64_t sum = 0;
	char label[16];

	for (uint64_t k = 0; k < LABELS; k++) {
		uint64_t pss = 1000 + 100 * k + i * i * (k % 2);

		snprintf(label, sizeof(label), "label %u", (unsigned)k);
		samples_put(s, SLICE("shop"), SLICE("/system.slice/shop.service"), slice_of(label),
			    2, pss);
		sum += pss * KIB;
	}
	return sum;
}

static void make_original(const char *path)
{
	const struct recording_limits limits = {.max_bytes = 0};
	struct run_facts facts = {.version = "0",
				  .host = "fuzz",
				  .kernel = "6.18",
				  .boot_id = "1",
				  .page_size = 4096,
				  .by = &samples_by_name,
				  .options = ""};
	struct error e = {.code = ERROR_NONE};
	struct writer *w = writer_open(path, &limits, &facts, &e);
	struct samples s;

	CHECK(w);
	samples_init(&s, &samples_by_name);
	for (uint64_t i = 0; i < SAMPLES; i++) {
		sums[i] = put_sample(&s, i);
		CHECK(samples_add(&s, w) == WRITING_DONE);
	}
	writer_close(w);
	samples_free(&s);
}

static int make_file(char path[PATH_ROOM])
{
	const char *place = getenv("TMPDIR");
	int fd;

	snprintf(path, PATH_ROOM, "%s/recording-XXXXXX", place ? place : "/tmp");
	fd = mkstemp(path);
	CHECK(fd >= 0);
	return fd;
}

static void read_original(void)
{
	char path[PATH_ROOM];
	int fd = make_file(path);
	struct stat st;

	make_original(path);
	CHECK(fstat(fd, &st) == 0);
	size = (size_t)st.st_size;
	original = malloc(size);
	CHECK(original && pread(fd, original, size, 0) == (ssize_t)size);
	close(fd);
	unlink(path);
}

/* Writes the original to a file, changed. */
static void write_changed(int fd, const uint8_t *data, size_t length)
{
	CHECK(write(fd, original, size) == (ssize_t)size);
	for (; length >= CHANGE; data += CHANGE, length -= CHANGE) {
		uint32_t place = data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
				 (uint32_t)data[3] << 24;
		off_t at = (off_t)(place % size);
		uint8_t byte;

		CHECK(pread(fd, &byte, 1, at) == 1);
		byte ^= data[4];
		CHECK(pwrite(fd, &byte, 1, at) == 1);
	}
}

static bool is_known(uint64_t sum)
{
	for (int i = 0; i < SAMPLES; i++) {
		if (sums[i] == sum)
			return true;
	}
	return false;
}

static void read_sample(struct recording *r, const char *time, bool knows)
{
	const struct recall what = {.by = {.keys = {KEY_LABEL, KEY_UNIT}, .count = 2}};
	struct error e = {.code = ERROR_NONE};
	struct snapshot s = {0};

	if (recording_find(r, time, &e) < 0) {
		CHECK(strlen(e.text) > 0);
		return;
	}
	if (recording_read(r, &what, &s, &e) < 0) {
		CHECK(strlen(e.text) > 0);
	} else {
		CHECK(s.source == SOURCE_RECORDING);
		CHECK(!knows || is_known(s.totals.counters.bytes[COUNTER_PSS]));
	}
	snapshot_free(&s);
}

/* All samples, as the page of --format html reads them. */
static void read_span(struct recording *r, bool knows)
{
	const struct recall what = {.by = {.keys = {KEY_LABEL, KEY_UNIT}, .count = 2}};
	struct error e = {.code = ERROR_NONE};
	struct snapshot s = {0};
	struct timeline t = {.count = 0};
	struct sample first;

	if (recording_find_span(r, NULL, &first, &e) < 0) {
		CHECK(strlen(e.text) > 0);
		return;
	}
	if (recording_read(r, &what, &s, &e) < 0 ||
	    recording_history(r, &what, &first, COUNTER_PSS, &s, &t, &e) < 0) {
		CHECK(strlen(e.text) > 0);
	} else {
		for (size_t i = 0; i < t.count; i++)
			CHECK(!knows || is_known(t.instants[i].total));
	}
	timeline_free(&t);
	snapshot_free(&s);
}

static bool add_record(void *ctx, const struct record *record)
{
	uint64_t *sum = ctx;

	for (uint32_t i = 0; i < record->count; i++)
		*sum += record->groups[i].counters.bytes[COUNTER_PSS];
	return true;
}

/* Each sample after the one before, as anonmem top reads them. */
static void play(struct recording *r, bool knows)
{
	const struct recall what = {.by = {.keys = {KEY_NAME, KEY_LABEL}, .count = 2}};
	struct error e = {.code = ERROR_NONE};
	struct player *p = player_new(r, &what);
	struct sample sample, next;
	int found = seek_first(r, &sample, &e);

	CHECK(p);
	for (int i = 0; found > 0 && i < SAMPLES; i++) {
		struct intern symbols;
		uint64_t sum = 0;

		intern_init(&symbols);
		if (player_seek(p, &sample, &e) < 0 || player_load(p, &e) < 0 ||
		    player_read(p, &symbols, add_record, &sum, &e) < 0)
			CHECK(strlen(e.text) > 0);
		else
			CHECK(!knows || is_known(sum));
		intern_free(&symbols);
		found = seek_next(r, &sample, FORTH, &next, &e);
		sample = next;
	}
	player_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	static const char *const times[] = {"first", "last", "-1m", "2026-11-29T17:01:15Z"};
	bool changes = length < sizeof(magic) || memcmp(data, magic, sizeof(magic)) != 0;
	struct error e = {.code = ERROR_NONE};
	char path[PATH_ROOM];
	int fd = make_file(path);
	struct recording *r;

	if (!original)
		read_original();
	if (changes)
		write_changed(fd, data, length);
	else
		CHECK(write(fd, data, length) == (ssize_t)length);
	close(fd);
	r = recording_open(path, &e);
	if (r) {
		for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
			read_sample(r, times[i], changes);
		read_span(r, changes);
		play(r, changes);
	} else {
		CHECK(strlen(e.text) > 0);
	}
	recording_close(r);
	unlink(path);
	return 0;
}
