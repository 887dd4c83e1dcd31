/*
 * day FOLDER [HOURS [DAYS]]: writes a day of samples as a machine of 360 processes has them, 140 of
 * 3,700 groups changed in each, as fast as it can; and says what that took. For dev/bench.
 *
 * With DAYS, so many are written as thinning leaves them; all but the last six hours have a sample
 *a minute from the start, which becomes the same.
 *
 *	samples file_mb written_mb cpu_us_a_sample rss_mib tier_mb_a_day
 */
#include "samples.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

enum {
	GROUPS = 3700,
	CHANGED = 165,
	SAMPLES_AN_HOUR = 360,
	NAMES = 120,
	BUSY = 300,
	RARE = 7,
	HOUR_MS = 3600000,
	SPAN_MS = 10000,
	EVERY_HOURS = 6, /* for which every sample is kept */
	MINUTES = 60,
	SPANS_A_MINUTE = 6
};

static uint64_t random_state = 1;

static unsigned next_random(unsigned limit)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % limit;
}

static struct group memory[GROUPS];

/* Most of a process's groups have a few counters that are not 0. */
static void change(struct group *g)
{
	uint64_t pss = 4 + next_random(40000);

	g->processes = 1 + next_random(4);
	g->mappings = 1 + next_random(30);
	g->counters.known = COUNTER_BIT(COUNTER_REPORTED) - 1;
	g->counters.bytes[COUNTER_SIZE] = (pss + next_random(1000)) * 1024;
	g->counters.bytes[COUNTER_RSS] = (pss + next_random(100)) * 1024;
	g->counters.bytes[COUNTER_PSS] = pss * 1024;
	g->counters.bytes[COUNTER_PSS_DIRTY] = pss / 2 * 1024;
	g->counters.bytes[COUNTER_SHARED_CLEAN] = next_random(300) * UINT64_C(1024);
	g->counters.bytes[COUNTER_PRIVATE_CLEAN] = next_random(300) * UINT64_C(1024);
	g->counters.bytes[COUNTER_PRIVATE_DIRTY] = pss / 2 * 1024;
	g->counters.bytes[COUNTER_REFERENCED] = pss * 1024;
	g->counters.bytes[COUNTER_ANONYMOUS] = pss / 2 * 1024;
	g->counters.bytes[COUNTER_USS] = pss / 2 * 1024;
}

static void put_all(struct samples *s)
{
	char name[32], cgroup[64], label[48];

	for (unsigned i = 0; i < GROUPS; i++) {
		struct group *g;

		snprintf(name, sizeof(name), "program-%u", i % NAMES);
		snprintf(cgroup, sizeof(cgroup), "/system.slice/unit-%u.service", i % NAMES);
		snprintf(label, sizeof(label), "[anon:library-%u]", i / NAMES);
		g = samples_put(s, slice_of(name), slice_of(cgroup), slice_of(label), 1, 1);
		*g = memory[i];
	}
}

static double size_mb(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (double)st.st_size / 1e6 : 0;
}

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct writer *open_at(const char *path, const struct tiers *tiers, const struct samples *s)
{
	static struct run_facts facts;
	const struct recording_limits limits = {.tiers = *tiers};
	struct error e;
	struct writer *w;

	facts = (struct run_facts){.version = "bench",
				   .host = "bench",
				   .kernel = "6.18",
				   .boot_id = "bench",
				   .by = &s->by,
				   .options = ""};
	w = writer_open(path, &limits, &facts, &e);
	if (!w)
		errx(1, "%s", e.text);
	return w;
}

/* CPU time of the writer alone, over all samples, each of a span of so many times ten seconds. */
static double record(struct samples *s, struct writer *w, unsigned count, unsigned spans)
{
	double used = 0;

	s->span_ms = SPAN_MS * spans;
	for (unsigned i = 0; i < count; i++) {
		double before;

		/* The same few change most of the time. */
		for (unsigned k = 0; k < CHANGED * spans; k++)
			change(&memory[next_random(100) < RARE ? next_random(GROUPS)
							       : next_random(BUSY)]);
		put_all(s);
		s->read = 360;
		before = cpu_us();
		if (samples_add(s, w) != WRITING_DONE)
			errx(1, "%s", s->error.text);
		used += cpu_us() - before;
	}
	return used;
}

/* What a day adds once it is in the last tier. Two days are written, since the end of a recording
 * is never there; the second adds what the first took from the tier before. A sample a minute is
 * enough: thinning leaves the same rows. */
static double last_tier(const char *folder)
{
	static const struct tiers tiers = {{{2 * HOUR_MS, 600000}}, 1};
	char path[4096];
	struct samples s;
	struct writer *w;
	uint64_t first;
	double added;

	snprintf(path, sizeof(path), "%s/tier.db", folder);
	samples_init(&s, &samples_by_name);
	w = open_at(path, &tiers, &s);
	record(&s, w, 24 * MINUTES, SPANS_A_MINUTE);
	first = writer_used_bytes(w);
	record(&s, w, 24 * MINUTES, SPANS_A_MINUTE);
	added = (double)(writer_used_bytes(w) - first) / 1e6;
	writer_close(w);
	samples_free(&s);
	return added;
}

int main(int argc, char **argv)
{
	const struct tiers none = {.count = 0}, thinned = tiers_default();
	unsigned hours = argc > 2 ? (unsigned)atoi(argv[2]) : 24;
	unsigned days = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
	unsigned minutes = days > 0 ? (days * 24 - EVERY_HOURS) * MINUTES : 0;
	unsigned count = (days ? EVERY_HOURS : hours) * SAMPLES_AN_HOUR;
	char path[4096];
	struct samples s;
	struct writer *w;
	struct rusage usage;
	double cpu, written;

	if (argc < 2)
		errx(2, "usage: day FOLDER [HOURS [DAYS]]");
	for (unsigned i = 0; i < GROUPS; i++)
		change(&memory[i]);
	snprintf(path, sizeof(path), "%s/day.db", argv[1]);
	samples_init(&s, &samples_by_name);
	w = open_at(path, days ? &thinned : &none, &s);
	cpu = record(&s, w, minutes, SPANS_A_MINUTE);
	cpu += record(&s, w, count, 1);
	written = (double)writer_bytes(w) / 1e6;
	writer_close(w);
	samples_free(&s);
	getrusage(RUSAGE_SELF, &usage);
	printf("samples %u\n", minutes + count);
	printf("file_mb %.1f\n", size_mb(path));
	printf("written_mb %.1f\n", written);
	printf("cpu_us_a_sample %.0f\n", cpu / (minutes + count));
	printf("rss_mib %.1f\n", (double)usage.ru_maxrss / 1024);
	if (!days)
		printf("tier_mb_a_day %.1f\n", last_tier(argv[1]));
	return 0;
}
