/* A recording: a database that anything may have happened to. What it says must add up, or it is
 * refused with a sentence. */
#include "fuzz.h"
#include "recording/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void read_sample(struct recording *r, const char *time)
{
	const struct recall what = {.by = {.keys = {KEY_LABEL}, .count = 1}};
	struct error e = {.code = ERROR_NONE};
	struct snapshot s = {0};

	if (recording_find(r, time, &e) < 0) {
		CHECK(strlen(e.text) > 0);
		return;
	}
	if (recording_read(r, &what, &s, &e) < 0)
		CHECK(strlen(e.text) > 0);
	else
		CHECK(s.source == SOURCE_RECORDING);
	snapshot_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const times[] = {"first", "last", "-1h", "10:30"};
	struct error e = {.code = ERROR_NONE};
	char path[] = "/tmp/recording-XXXXXX";
	int fd = mkstemp(path);
	struct recording *r;

	CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
	r = recording_open(path, &e);
	if (r) {
		for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
			read_sample(r, times[i]);
	} else {
		CHECK(strlen(e.text) > 0);
	}
	recording_close(r);
	unlink(path);
	return 0;
}
